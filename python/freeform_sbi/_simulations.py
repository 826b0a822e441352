"""Tables of simulations."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import numpy as np

from . import _native
from ._arrays import data, table
from ._prior import Prior, as_prior


@dataclass(eq=False)
class Simulations:
    """Row i of `theta` `[n, D]` produced row i of `x` `[n, C]`.

    `requested` simulations were asked for; those that failed are left out, and `failures` tells of
    each kind of failure the first. `theta, x = simulations` works. An x `[n, T, channels]` or `[n, H, W,
    channels]` becomes a table, and `shape` is what its rows were.
    """

    theta: np.ndarray
    x: np.ndarray
    prior: Prior | None = None
    task: str | None = None
    requested: int = 0
    failed: int = 0
    failures: str = field(default="", repr=False)
    shape: tuple[int, ...] | None = None
    missing: str = "failed"
    """What a NaN in x means: `"failed"`, that the simulation did, or `"allowed"`, that the number was not measured."""

    def __post_init__(self) -> None:
        self.theta = table(self.theta, "theta")
        self.x, shape = data(self.x)
        self.shape = self.shape or shape
        if len(self.theta) != len(self.x):
            raise ValueError(
                f"theta has {len(self.theta)} rows, but x has {len(self.x)}: row i of both must be "
                "the same simulation"
            )
        if self.prior is not None:
            self.prior = as_prior(self.prior)
        self.requested = self.requested or len(self.theta)

    @classmethod
    def load(cls, path: str | os.PathLike[str], prior: Any = None) -> Simulations:
        """Reads arrays `theta` and `x` from an `.npz` file."""
        theta, x, shape = _native.read_simulations(os.fspath(path))
        known = None if prior is None else as_prior(prior)
        return cls(theta, x, known, shape=None if shape is None else tuple(shape))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes an `.npz` file that the command line and `numpy.load` read, x in its `shape`."""
        if self.shape is None:
            _native.write_simulations(os.fspath(path), self.theta, self.x)
            return
        to = Path(path)
        partial = to.with_name(f".{to.name}.{os.getpid()}.partial")
        try:
            with open(partial, "xb") as file:
                np.savez(file, theta=self.theta, x=self.x.reshape(len(self), *self.shape))
            os.replace(partial, to)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    @property
    def names(self) -> list[str]:
        """Names of the parameters."""
        if self.prior is not None:
            return self.prior.names
        return [f"theta{i + 1}" for i in range(self.theta.shape[1])]

    def __len__(self) -> int:
        return len(self.theta)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.theta, self.x))

    def __repr__(self) -> str:
        n, (d, c) = len(self), (self.theta.shape[1], self.x.shape[1])
        lost = f", {self.failed} failed" if self.failed else ""
        return f"Simulations({n}: {d} parameters, {c} data{lost})"
