"""Distributions that a parameter can have."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike


class Distribution:
    """The distribution of one parameter: one of the classes below."""

    _name: ClassVar[str]

    def _numbers(self) -> list[tuple[str, float]]:
        return [(field.name, float(getattr(self, field.name))) for field in fields(self)]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform on an interval."""

    low: float
    high: float
    _name: ClassVar[str] = "uniform"


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal, by mean and standard deviation."""

    mean: float
    std: float
    _name: ClassVar[str] = "normal"


@dataclass(frozen=True)
class LogNormal(Distribution):
    """Log-normal: the logarithm is normal with mean `location` and standard deviation `scale`."""

    location: float
    scale: float
    _name: ClassVar[str] = "lognormal"


@dataclass(frozen=True)
class Exponential(Distribution):
    """Exponential; the mean is 1 / `rate`."""

    rate: float
    _name: ClassVar[str] = "exponential"


@dataclass(frozen=True)
class Gamma(Distribution):
    """Gamma; the mean is `shape` / `rate`."""

    shape: float
    rate: float
    _name: ClassVar[str] = "gamma"


@dataclass(frozen=True)
class Beta(Distribution):
    """Beta, on the interval from 0 to 1."""

    alpha: float
    beta: float
    _name: ClassVar[str] = "beta"


@dataclass(frozen=True)
class StudentT(Distribution):
    """Student's t, shifted and scaled."""

    degrees_of_freedom: float
    location: float
    scale: float
    _name: ClassVar[str] = "student_t"


class MultivariateNormal:
    """A joint normal distribution of all parameters, for `Prior(MultivariateNormal(...))`."""

    def __init__(self, mean: ArrayLike, covariance: ArrayLike) -> None:
        self.mean: list[float] = np.atleast_1d(np.asarray(mean, dtype=float)).tolist()
        self.covariance: list[list[float]] = np.atleast_2d(
            np.asarray(covariance, dtype=float)
        ).tolist()

    def __repr__(self) -> str:
        return f"MultivariateNormal(mean={self.mean}, covariance={self.covariance})"


BY_NAME: dict[str, type[Distribution]] = {
    kind._name: kind for kind in (Uniform, Normal, LogNormal, Exponential, Gamma, Beta, StudentT)
}
