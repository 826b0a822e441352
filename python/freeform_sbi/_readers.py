"""Distributions of other libraries that can be read: scipy.stats, torch.distributions, sbi."""

from __future__ import annotations

import math
from typing import Any, Callable, Union

import numpy as np

from ._distributions import (
    Beta,
    Distribution,
    Exponential,
    Gamma,
    HalfNormal,
    HalfStudentT,
    LogNormal,
    LogUniform,
    MultivariateNormal,
    Normal,
    StudentT,
    TruncatedNormal,
    Uniform,
    VonMises,
)

WRAPPERS = ("prior", "custom_prior", "prior_scipy")
"""Where sbi's wrappers keep what they wrap."""
Joint = Union["list[Distribution]", MultivariateNormal]
KNOWN = (
    "freeform_sbi's own, frozen scipy.stats (uniform, loguniform, norm, truncnorm, halfnorm, "
    "lognorm, expon, gamma, beta, t, halfcauchy, vonmises), and "
    "torch.distributions (Uniform, Normal, HalfNormal, LogNormal, Exponential, Gamma, Beta, StudentT, "
    "HalfCauchy, VonMises, MultivariateNormal, Independent, BoxUniform)"
)


def distribution(name: str, value: Any) -> Distribution:
    """The distribution of one parameter."""
    if isinstance(value, Distribution):
        return value
    read = joint(name, value)
    if isinstance(read, list) and len(read) == 1:
        return read[0]
    count = len(read) if isinstance(read, list) else len(read.mean)
    raise ValueError(
        f"{name}: {_title(value)} is a distribution of {count} parameters; give each its own, or "
        "give it alone, as Prior(distribution)"
    )


def joint(name: str, value: Any) -> Joint:
    """The distribution of all parameters: one for each, or a multivariate normal."""
    if isinstance(value, Distribution):
        return [value]
    if isinstance(value, MultivariateNormal):
        return value
    if isinstance(value, (list, tuple)):
        return [distribution(f"{name}[{index}]", each) for index, each in enumerate(value)]
    if hasattr(value, "dist") and hasattr(value, "args") and hasattr(value, "kwds"):
        return _scipy(name, value)
    if hasattr(value, "mean") and hasattr(value, "cov") and hasattr(value, "logpdf"):
        return MultivariateNormal(value.mean, value.cov)
    inner = unwrapped(value)
    if inner is not value:
        return joint(name, inner)
    if hasattr(value, "log_prob") and hasattr(value, "event_shape"):
        return _torch(name, value)
    raise TypeError(f"{name}: cannot read a prior from {_title(value)}; known are {KNOWN}")


def unwrapped(value: Any) -> Any:
    """What one of sbi's wrappers of priors wraps; the value itself where it is none."""
    if hasattr(value, "log_prob"):
        for attribute in WRAPPERS:
            if hasattr(value, attribute):
                return getattr(value, attribute)
    return value


def _scipy(name: str, frozen: Any) -> list[Distribution]:
    """A frozen distribution of scipy.stats, by its standard parametrisation."""
    law = frozen.dist.name
    shapes, loc, scale = frozen.dist._parse_args(*frozen.args, **frozen.kwds)
    numbers = np.broadcast_arrays(*(np.atleast_1d(v) for v in (*shapes, loc, scale)))
    builders: dict[str, Callable[..., Distribution]] = {
        "uniform": lambda loc, scale: Uniform(loc, loc + scale),
        "norm": lambda loc, scale: Normal(loc, scale),
        "lognorm": lambda s, loc, scale: _at(0, loc, "loc", LogNormal(math.log(scale), s)),
        "expon": lambda loc, scale: _at(0, loc, "loc", Exponential(1 / scale)),
        "gamma": lambda a, loc, scale: _at(0, loc, "loc", Gamma(a, 1 / scale)),
        "beta": lambda a, b, loc, scale: _at(
            0, loc, "loc", _at(1, scale, "scale", Beta(a, b))
        ),
        "t": lambda df, loc, scale: StudentT(df, loc, scale),
        "truncnorm": lambda a, b, loc, scale: TruncatedNormal(
            loc, scale, loc + a * scale, loc + b * scale
        ),
        "halfnorm": lambda loc, scale: _at(0, loc, "loc", HalfNormal(scale)),
        "halfcauchy": lambda loc, scale: _at(0, loc, "loc", HalfStudentT(1, scale)),
        "vonmises": lambda kappa, loc, scale: _at(1, scale, "scale", VonMises(loc, kappa)),
    }
    for law_name in ("loguniform", "reciprocal"):
        builders[law_name] = lambda a, b, loc, scale: _at(
            0, loc, "loc", LogUniform(a * scale, b * scale)
        )
    build = builders.get(law)
    if build is None:
        raise TypeError(f"{name}: scipy.stats.{law} is not among the priors; known are {KNOWN}")
    try:
        return [build(*map(float, row)) for row in zip(*(v.ravel() for v in numbers))]
    except ValueError as error:
        raise ValueError(f"{name}: scipy.stats.{law}: {error}") from None


def _at(wanted: float, found: float, field: str, built: Distribution) -> Distribution:
    if found != wanted:
        raise ValueError(f"{field} = {found} is not supported; it must be {wanted}")
    return built


def _torch(name: str, law: Any) -> Joint:
    """A distribution of torch or sbi, by its class's name and its attributes."""
    inner = getattr(law, "base_dist", None)
    kind = type(law).__name__
    if kind == "MultivariateNormal":
        return MultivariateNormal(_numbers(law.loc), _plain(law.covariance_matrix))
    if kind in ("Independent", "BoxUniform"):
        return _torch(name, inner)
    if hasattr(law, "dists"):  # sbi's MultipleIndependent.
        parts = [joint(name, each) for each in law.dists]
        if all(isinstance(part, list) for part in parts):
            return [each for part in parts for each in part]  # type: ignore[union-attr]
        raise TypeError(f"{name}: a multivariate normal among independent parts cannot be read")
    build: dict[str, tuple[Any, tuple[str, ...]]] = {
        "Uniform": (Uniform, ("low", "high")),
        "Normal": (Normal, ("loc", "scale")),
        "LogNormal": (LogNormal, ("loc", "scale")),
        "Exponential": (Exponential, ("rate",)),
        "Gamma": (Gamma, ("concentration", "rate")),
        "Beta": (Beta, ("concentration1", "concentration0")),
        "StudentT": (StudentT, ("df", "loc", "scale")),
        "HalfNormal": (HalfNormal, ("scale",)),
        "HalfCauchy": (_half_cauchy, ("scale",)),
        "VonMises": (VonMises, ("loc", "concentration")),
    }
    if kind not in build:
        raise TypeError(f"{name}: torch's {kind} is not among the priors; known are {KNOWN}")
    made, attributes = build[kind]
    columns = [_numbers(getattr(law, attribute)) for attribute in attributes]
    return [made(*row) for row in zip(*columns)]


def _half_cauchy(scale: float) -> HalfStudentT:
    return HalfStudentT(1, scale)


def _plain(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor


def _numbers(tensor: Any) -> list[float]:
    return np.atleast_1d(np.asarray(_plain(tensor), dtype=float)).ravel().tolist()


def _title(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
