"""Judging posteriors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _native
from ._arrays import count, seed_number, table
from ._plots import Figure, calibration_figure
from ._posterior import Posterior
from ._progress import Progress
from ._simulations import Simulations

SIGNIFICANCE = 0.01
LEVELS = 101


def c2st(x: Any, y: Any, *, seed: int = 1, folds: int = 5, classifier: str = "mlp") -> float:
    """The classifier two-sample test of two tables of draws: 0.5 where no classifier tells them apart, 1
    where it always does. Give reference draws as `x`, which supplies the scale."""
    one = table(x, "x")
    two = table(y, "y", one.shape[1])
    return _native.c2st(one, two, seed_number(seed), count(folds, "folds", 2), classifier)[0]


@dataclass(frozen=True)
class Calibration:
    """How well a posterior is calibrated, by simulations that it was not trained on.

    In a notebook it shows itself as a plot.
    """

    names: list[str]
    ranks: np.ndarray = field(repr=False)
    """Ranks of the true parameters among `draws` posterior draws, `[n, D]`; uniform if all is well."""
    shares: np.ndarray = field(repr=False)
    """Share of draws with a higher density than the true parameters, `[n]`; uniform if all is well."""
    draws: int
    counts: list[list[int]] = field(repr=False)
    """Ranks of each parameter in equal bins."""
    p_values: list[float]
    """χ² test of each parameter's ranks against uniformity."""

    @property
    def p_value(self) -> float:
        """The least p-value times the number of parameters (Bonferroni), at most 1."""
        return min(1.0, min(self.p_values) * len(self.p_values))

    @property
    def calibrated(self) -> bool:
        """Whether that is at least 0.01, and the coverage within its 99% band."""
        return self.p_value >= SIGNIFICANCE and self.deviation <= self.band

    @property
    def band(self) -> float:
        """The largest `deviation` that an exact posterior has 99 times of 100 (Kolmogorov)."""
        return float(_native.coverage_band(len(self.shares)))

    @property
    def levels(self) -> np.ndarray:
        """Credible levels from 0 to 1."""
        return np.linspace(0.0, 1.0, LEVELS)

    @property
    def coverage(self) -> np.ndarray:
        """At each level, how often the highest-density region has the true parameters."""
        inside: np.ndarray = self.shares[None, :] <= self.levels[:, None]
        return np.asarray(inside.mean(axis=1))

    @property
    def deviation(self) -> float:
        """Largest distance of coverage from its level."""
        return float(np.abs(self.coverage - self.levels).max())

    def plot(self, title: str | None = None) -> Figure:
        """Coverage, and a histogram of each parameter's ranks."""
        n = len(self.shares)
        curve = [(float(a), float(b)) for a, b in zip(self.levels, self.coverage)]
        title = f"calibration on {n} fresh simulations" if title is None else title
        return calibration_figure(title, self.names, self.counts, curve, n)

    def _repr_svg_(self) -> str:
        return self.plot().svg


def sbc(
    posterior: Posterior,
    simulations: Any = None,
    *,
    theta: Any = None,
    x: Any = None,
    seed: int = 1,
    progress: bool = True,
) -> Calibration:
    """Simulation-based calibration and expected coverage on fresh simulations, whose θ were drawn from
    the prior. A few hundred will do."""
    if simulations is None:
        simulations = Simulations(table(theta, "theta"), table(x, "x"))
    truth = table(simulations.theta, "theta", posterior.dim)
    data = table(simulations.x, "x", posterior.data_dim)
    with Progress("ranking", progress) as bar:
        ranks, shares, draws = _native.rank(
            posterior._native, truth, data, seed_number(seed), lambda n: bar.update(n, len(truth))
        )
    least = _native.least_ranks(draws)
    if len(ranks) < least:
        raise ValueError(
            f"simulations: {len(ranks)} that are finite are too few for a verdict; the test of ranks "
            f"needs at least {least}"
        )
    tests = [_native.uniformity(ranks[:, d].tolist(), draws) for d in range(posterior.dim)]
    counts = [test[0] for test in tests]
    p_values = [test[2] for test in tests if test[2] is not None]
    return Calibration(posterior.names, ranks, shares, draws, counts, p_values)


def coverage(
    posterior: Posterior, simulations: Any = None, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Credible levels from 0 to 1, and how often the highest-density region of each has the true
    parameters. `sbc` gives both this and the ranks."""
    found = sbc(posterior, simulations, **options)
    return found.levels, found.coverage
