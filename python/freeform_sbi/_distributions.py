"""Distributions that a parameter can have."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

Number = Union[float, str]
"""A number of a distribution, or the name of the parameter that gives it."""


class Distribution:
    """The distribution of one parameter: one of the classes below.

    Any of its numbers may be the name of another parameter: `Normal("mu", "tau")`.
    """

    _name: ClassVar[str]

    def _entry(self) -> dict[str, Any]:
        """The keys of its entry in `prior.toml`."""
        entry: dict[str, Any] = {"distribution": self._name}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, str):
                entry[field.name] = value
            elif not (field.name in ("low", "high") and math.isinf(value) and self._open()):
                entry[field.name] = float(value)
        return entry

    def _open(self) -> bool:
        return isinstance(self, TruncatedNormal)


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform on an interval."""

    low: Number
    high: Number
    _name: ClassVar[str] = "uniform"


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal, by mean and standard deviation."""

    mean: Number
    std: Number
    _name: ClassVar[str] = "normal"


@dataclass(frozen=True)
class LogNormal(Distribution):
    """Log-normal: the logarithm is normal with mean `location` and standard deviation `scale`."""

    location: Number
    scale: Number
    _name: ClassVar[str] = "lognormal"


@dataclass(frozen=True)
class Exponential(Distribution):
    """Exponential; the mean is 1 / `rate`."""

    rate: Number
    _name: ClassVar[str] = "exponential"


@dataclass(frozen=True)
class Gamma(Distribution):
    """Gamma; the mean is `shape` / `rate`."""

    shape: Number
    rate: Number
    _name: ClassVar[str] = "gamma"


@dataclass(frozen=True)
class Beta(Distribution):
    """Beta, on the interval from 0 to 1."""

    alpha: Number
    beta: Number
    _name: ClassVar[str] = "beta"


@dataclass(frozen=True)
class StudentT(Distribution):
    """Student's t, shifted and scaled."""

    degrees_of_freedom: Number
    location: Number
    scale: Number
    _name: ClassVar[str] = "student_t"


@dataclass(frozen=True)
class LogUniform(Distribution):
    """Log-uniform: the logarithm is uniform between those of `low`, above 0, and `high`."""

    low: Number
    high: Number
    _name: ClassVar[str] = "loguniform"


@dataclass(frozen=True)
class HalfNormal(Distribution):
    """Half-normal: the absolute value of a normal with mean 0 and standard deviation `scale`."""

    scale: Number
    _name: ClassVar[str] = "half_normal"


@dataclass(frozen=True)
class TruncatedNormal(Distribution):
    """Normal, given that it lies between `low` and `high`."""

    mean: Number
    std: Number
    low: Number = -math.inf
    high: Number = math.inf
    _name: ClassVar[str] = "truncated_normal"


@dataclass(frozen=True)
class HalfStudentT(Distribution):
    """Half-Student: the absolute value of a Student's t at 0; half-Cauchy with 1 degree of freedom."""

    degrees_of_freedom: Number
    scale: Number
    _name: ClassVar[str] = "half_student_t"


@dataclass(frozen=True)
class VonMises(Distribution):
    """Von Mises, of an angle whose turn goes from `low` to `high`; it has no seam."""

    location: Number
    concentration: Number
    low: float = -math.pi
    high: float = math.pi
    _name: ClassVar[str] = "von_mises"


@dataclass(frozen=True)
class CircularUniform(Distribution):
    """Uniform on a circle whose turn goes from `low` to `high`; it has no seam."""

    low: float = -math.pi
    high: float = math.pi
    _name: ClassVar[str] = "circular_uniform"


class MultivariateNormal:
    """A joint normal distribution, of all parameters, `Prior(MultivariateNormal(...))`, or of some,
    `Prior({("a", "b"): MultivariateNormal(...), ...})`."""

    def __init__(self, mean: ArrayLike, covariance: ArrayLike) -> None:
        self.mean: list[float] = np.atleast_1d(np.asarray(mean, dtype=float)).tolist()
        self.covariance: list[list[float]] = np.atleast_2d(
            np.asarray(covariance, dtype=float)
        ).tolist()

    def _entry(self) -> dict[str, Any]:
        return {
            "distribution": "multivariate_normal",
            "mean": self.mean,
            "covariance": self.covariance,
        }

    def __repr__(self) -> str:
        return f"MultivariateNormal(mean={self.mean}, covariance={self.covariance})"


class Ordered:
    """Several draws of one distribution in ascending order: `Prior({("a", "b"): Ordered(law)})`."""

    def __init__(self, law: Distribution) -> None:
        self.law = law

    def _entry(self) -> dict[str, Any]:
        return {**self.law._entry(), "ordered": True}

    def __repr__(self) -> str:
        return f"Ordered({self.law})"


class Category:
    """One of several: the parameter is 0, 1, …, whose order means nothing.

    By the probability of each, or by their labels alone, each as likely: `Category(labels=["rising", "falling"])`.
    """

    def __init__(
        self,
        probabilities: ArrayLike | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        if probabilities is None and labels is None:
            raise TypeError("Category takes probabilities, e.g. [0.5, 0.5], or labels, or both")
        if isinstance(labels, str):
            raise TypeError(f"labels must be a list of texts, not the text {labels!r}")
        self.probabilities: list[float] | None = (
            None
            if probabilities is None
            else np.atleast_1d(np.asarray(probabilities, dtype=float)).tolist()
        )
        self.labels: list[str] | None = None if labels is None else [str(v) for v in labels]

    def _entry(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"distribution": "category"}
        if self.probabilities is not None:
            entry["probabilities"] = self.probabilities
        if self.labels is not None:
            entry["labels"] = self.labels
        return entry

    def __repr__(self) -> str:
        return f"Category({self.probabilities}, {self.labels})"


class Dirichlet:
    """Shares of a whole: K concentrations, K − 1 parameters, since the last share is what is left."""

    def __init__(self, concentration: ArrayLike) -> None:
        self.concentration: list[float] = np.atleast_1d(
            np.asarray(concentration, dtype=float)
        ).tolist()

    def _entry(self) -> dict[str, Any]:
        return {"distribution": "dirichlet", "concentration": self.concentration}

    def __repr__(self) -> str:
        return f"Dirichlet({self.concentration})"
