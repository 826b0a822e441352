"""Priors over named parameters."""

from __future__ import annotations

import os
from typing import Any, Mapping, Sequence

import numpy as np

from . import _native
from ._arrays import count, seed_number, table
from ._distributions import Category, Dirichlet, Distribution, MultivariateNormal, Ordered
from ._own import Own
from ._readers import distribution, joint, unwrapped


class Prior:
    """The distribution of the parameters, one by one or jointly.

    >>> Prior(beta=LogNormal(-0.9, 0.5), gamma=Uniform(0, 1))
    >>> Prior(MultivariateNormal([0, 0], [[1, 0.5], [0.5, 1]]), names=["a", "b"])
    >>> Prior({"tau": HalfNormal(1), ("t1", "t2"): Normal(0, "tau")})
    >>> Prior(law=Category(labels=["exponential", "power"]), rate=LogUniform(0.1, 2))

    In a mapping, a tuple of names has one law each, or a joint one: `Ordered`, `Dirichlet`,
    `MultivariateNormal`, `Own`.

    Distributions of scipy.stats and torch are read too, for one parameter or for all of them.
    """

    def __init__(
        self,
        joint_distribution: Any = None,
        /,
        *,
        names: Sequence[str] | None = None,
        **parameters: Any,
    ) -> None:
        if isinstance(names, Distribution) or hasattr(names, "dist"):
            # A parameter that is called `names`.
            parameters, names = {"names": names, **parameters}, None
        if isinstance(joint_distribution, Prior):
            if parameters or names is not None:
                raise TypeError("Prior(prior) takes nothing else")
            self._native: _native.Prior = joint_distribution._native
            return
        if isinstance(joint_distribution, Mapping):
            if parameters:
                raise TypeError("give parameters as a mapping or by name, not both")
            parameters, joint_distribution = dict(joint_distribution), None
        if joint_distribution is None:
            if not parameters:
                raise ValueError("the prior has no parameters; write Prior(name=ff.Normal(0, 1))")
            if names is not None:
                raise TypeError("names: parameters that are given by name have theirs")
            self._native = _native.Prior.entries([_entry(n, law) for n, law in parameters.items()])
            return
        elif parameters:
            raise TypeError("give a joint distribution or parameters by name, not both")
        else:
            law = joint("prior", joint_distribution)
            wanted = None if names is None else [str(name) for name in names]
            if isinstance(law, MultivariateNormal):
                self._native = _native.Prior.multivariate_normal(law.mean, law.covariance, wanted)
                return
            wanted = wanted or [f"theta{i + 1}" for i in range(len(law))]
            if len(wanted) != len(law):
                raise ValueError(f"names: {len(wanted)} are given for {len(law)} parameters")
            laws = list(zip(wanted, law))
        self._native = _native.Prior.entries([_entry(name, law) for name, law in laws])

    @classmethod
    def _of(cls, native: _native.Prior) -> Prior:
        prior = cls.__new__(cls)
        prior._native = native
        return prior

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Prior:
        """The prior in a file `prior.toml`, as the command line reads it."""
        return cls._of(_native.Prior.read(os.fspath(path)))

    @classmethod
    def from_toml(cls, text: str) -> Prior:
        """The prior in the text of such a file."""
        return cls._of(_native.Prior.from_toml(text))

    def to_toml(self) -> str:
        """The text of such a file."""
        return self._native.to_toml()

    @property
    def names(self) -> list[str]:
        """Names of the parameters, in the order of theta's columns."""
        return self._native.names

    @property
    def dim(self) -> int:
        """Number of parameters, D."""
        return len(self.names)

    @property
    def support(self) -> list[tuple[float, float]]:
        """Lower and upper bound of each parameter; infinite where there is none."""
        return self._native.support

    def sample(self, n: int, seed: int = 1) -> np.ndarray:
        """`n` draws, float64 `[n, D]`; draw i depends on the seed and i alone."""
        return self._native.sample(count(n, "n"), seed_number(seed))

    def probabilities(self, draws: Any) -> dict[str, dict[str, float]]:
        """Of draws `[n, D]`, the share of each category, by its label, of every parameter that is one.

        >>> posterior.prior.probabilities(posterior.sample(1000, x))
        {'law': {'exponential': 0.8, 'power': 0.2}}
        """
        found = self._native.probabilities(table(draws, "draws", self.dim))
        return {name: dict(zip(labels, shares)) for name, labels, shares in found}

    def log_prob(self, theta: Any) -> np.ndarray:
        """log p(θ) of each row of `theta` `[n, D]`; −∞ outside the support."""
        return self._native.log_prob(table(theta, "theta", self.dim))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Prior) and self.to_toml() == other.to_toml()

    def __hash__(self) -> int:
        return hash(self.to_toml())

    def __reduce__(self) -> tuple[Any, ...]:
        return Prior.from_toml, (self.to_toml(),)

    def __repr__(self) -> str:
        return f"Prior({', '.join(self.names)})"


def _entry(names: Any, law: Any) -> list[tuple[str, Any]]:
    """An entry of `prior.toml`: its keys and values."""
    several = isinstance(names, tuple)
    names = [str(name) for name in names] if several else [str(names)]
    title = ", ".join(names)
    if isinstance(law, Own):
        entry = law._register(names)
    elif isinstance(law, (Ordered, Dirichlet, MultivariateNormal, Category)):
        entry = law._entry()
    else:
        entry = distribution(title, law)._entry()
    # Joint laws of one parameter, too, are entries of several.
    joint_law = several or isinstance(law, (Own, Ordered, Dirichlet, MultivariateNormal))
    key: tuple[str, Any] = ("names", names) if joint_law else ("name", names[0])
    return [key, *entry.items()]


def as_prior(value: Any) -> Prior:
    """A prior from what a user calls one: ours, a mapping, scipy's, torch's, or a file's name."""
    if isinstance(value, Prior):
        return value
    if isinstance(value, (str, os.PathLike)):
        return Prior.read(value)
    inner = unwrapped(value)
    return Prior(value) if inner is value else as_prior(inner)
