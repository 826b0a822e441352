"""Simulation-based inference with free-form flows.

>>> import freeform_sbi as ff
>>> prior = ff.Prior(beta=ff.LogNormal(-0.9, 0.5), gamma=ff.Uniform(0, 1))
>>> sims = ff.simulate(simulator, prior, 10_000, seed=1, workers=-1)
>>> posterior = ff.fit(sims, seed=1)
>>> draws = posterior.sample(10_000, x=x_observed, seed=1)

Simulating: `Prior` with `Uniform`, `LogUniform`, `Normal`, `TruncatedNormal`, `HalfNormal`, `LogNormal`,
`Exponential`, `Gamma`, `Beta`, `StudentT`, `HalfStudentT`, `VonMises`, `CircularUniform`,
`MultivariateNormal`, `Category`, `Dirichlet`, `Ordered`, `Own`; `simulate`, `simulate_at`, `Simulations`. Learning: `fit`, `infer`, `Posterior`, `load`.
Judging: `sbc`, `coverage`, `c2st`, `tasks`, `task`, `reference`. Showing: `pairplot`, `to_arviz`. The ways
of the package sbi: `freeform_sbi.sbi`.
"""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version

from . import sbi
from ._arviz import to_arviz
from ._collected import SimulationError
from ._distributions import (
    Beta,
    Category,
    CircularUniform,
    Dirichlet,
    Distribution,
    Exponential,
    Gamma,
    HalfNormal,
    HalfStudentT,
    LogNormal,
    LogUniform,
    MultivariateNormal,
    Normal,
    Ordered,
    StudentT,
    TruncatedNormal,
    Uniform,
    VonMises,
)
from ._fit import FitProgress, fit
from ._metrics import Calibration, c2st, coverage, sbc
from ._native import set_threads
from ._own import Own
from ._plots import Figure, pairplot
from ._posterior import Posterior, load
from ._prior import Prior
from ._rounds import Inference, infer
from ._simulate import simulate, simulate_at
from ._simulations import Simulations
from ._tasks import Task, reference, task, tasks

try:
    __version__ = _version("freeform-sbi")
except PackageNotFoundError:
    __version__ = "unknown"

__all__ = [
    "Beta",
    "Calibration",
    "Category",
    "CircularUniform",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "Figure",
    "FitProgress",
    "Gamma",
    "HalfNormal",
    "HalfStudentT",
    "Inference",
    "LogNormal",
    "LogUniform",
    "MultivariateNormal",
    "Normal",
    "Ordered",
    "Own",
    "Posterior",
    "Prior",
    "SimulationError",
    "Simulations",
    "StudentT",
    "Task",
    "TruncatedNormal",
    "Uniform",
    "VonMises",
    "c2st",
    "coverage",
    "fit",
    "infer",
    "load",
    "pairplot",
    "reference",
    "sbc",
    "sbi",
    "set_threads",
    "simulate",
    "simulate_at",
    "task",
    "tasks",
    "to_arviz",
]
