"""The compiled half. Tables are float32 or float64 arrays with two dimensions."""

import os
from typing import Any, Callable, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "fit",
    "infer",
    "c2st",
    "rank",
    "uniformity",
    "least_ranks",
    "coverage_band",
    "calibration_plot",
    "pair_plot",
    "Posterior",
    "Prior",
    "failure_details",
    "read_simulations",
    "register_law",
    "simulate",
    "simulate_at",
    "write_simulations",
    "observation",
    "reference",
    "task_missing",
    "task_prior",
    "tasks",
    "set_threads",
]

_Path = str | os.PathLike[str]
_Table = NDArray[np.float32] | NDArray[np.float64]
_Draws = NDArray[np.float32]
_Numbers = NDArray[np.float64]

@final
class Prior:
    @staticmethod
    def entries(entries: list[list[tuple[str, Any]]]) -> Prior: ...
    @staticmethod
    def multivariate_normal(
        mean: list[float], covariance: list[list[float]], names: list[str] | None
    ) -> Prior: ...
    @staticmethod
    def from_toml(text: str) -> Prior: ...
    @staticmethod
    def read(path: _Path) -> Prior: ...
    def to_toml(self) -> str: ...
    @property
    def names(self) -> list[str]: ...
    @property
    def support(self) -> list[tuple[float, float]]: ...
    def sample(self, n: int, seed: int) -> _Numbers: ...
    def probabilities(self, draws: _Table) -> list[tuple[str, list[str], list[float]]]: ...
    def log_prob(self, theta: _Table) -> NDArray[np.float64]: ...

def register_law(
    name: str,
    names: list[str],
    low: list[float],
    high: list[float],
    sample: Callable[[int], list[float]],
    log_prob: Callable[[list[float]], float],
) -> None: ...
@final
class Posterior:
    @staticmethod
    def load(path: _Path, device: str) -> Posterior: ...
    def save(self, path: _Path) -> None: ...
    def sample(
        self, x: _Table, n: int, seed: int, anyway: bool
    ) -> tuple[_Table, list[str]]: ...
    def log_prob(
        self, theta: _Table, x: _Table, seed: int, normalized: bool
    ) -> NDArray[np.float64]: ...
    @property
    def data_dim(self) -> int: ...
    @property
    def trial_dim(self) -> int | None: ...
    @property
    def x_shape(self) -> list[int] | None: ...
    @property
    def prior(self) -> Prior: ...
    def training(self) -> str: ...
    def settings(self) -> str: ...

def fit(
    prior: Prior,
    theta: _Table,
    x: _Table,
    *,
    seed: int,
    preset: str,
    file: _Path | None,
    settings: list[str],
    device: str,
    checkpoints: _Path | None,
    task: str | None,
    shape: list[int] | None,
    missing: str,
    progress: Callable[[int, int, int, int, float | None], None] | None,
) -> Posterior: ...
def infer(
    source: str | None,
    prior: Prior | None,
    simulate: Callable[[_Numbers, int], _Numbers] | None,
    x: list[float],
    *,
    budget: int,
    rounds: int | None,
    seed: int,
    preset: str,
    file: _Path | None,
    settings: list[str],
    device: str,
    checkpoints: _Path | None,
    anyway: bool,
    progress: Callable[[int, int], None] | None,
) -> tuple[Posterior, str]: ...
def simulate(
    source: str,
    path: _Path,
    n: int,
    seed: int,
    overwrite: bool,
    progress: Callable[[int, int], None] | None,
) -> tuple[int, int, str]: ...
def simulate_at(
    source: str, theta: _Table, seed: int
) -> tuple[tuple[_Numbers, _Numbers], tuple[int, int, str]]: ...
def read_simulations(path: _Path) -> tuple[_Numbers, _Numbers, list[int] | None]: ...
def write_simulations(path: _Path, theta: _Table, x: _Table) -> None: ...
def failure_details(
    requested: int, kinds: list[tuple[str, int, int, list[float], str]]
) -> str: ...
def tasks() -> list[tuple[str, str, int, int]]: ...
def task_missing(source: str) -> str: ...
def task_prior(source: str) -> Prior: ...
def observation(source: str, number: int) -> tuple[_Numbers, _Numbers | None]: ...
def reference(task: str, x: _Table, n: int, seed: int) -> _Draws: ...
def c2st(
    x: _Table, y: _Table, seed: int, folds: int, classifier: str
) -> tuple[float, list[float]]: ...
def rank(
    posterior: Posterior,
    theta: _Table,
    x: _Table,
    seed: int,
    progress: Callable[[int], None] | None,
) -> tuple[NDArray[np.uint64], NDArray[np.float64], int]: ...
def uniformity(ranks: list[int], draws: int) -> tuple[list[int], float, float | None]: ...
def least_ranks(draws: int) -> int: ...
def coverage_band(n: int) -> float: ...
def pair_plot(
    path: _Path,
    title: str,
    names: list[str],
    draws: _Table,
    reference: _Table | None,
    truth: _Table | None,
) -> None: ...
def calibration_plot(
    path: _Path,
    title: str,
    names: list[str],
    counts: list[list[int]],
    coverage: list[tuple[float, float]],
    simulations: int,
) -> None: ...
def set_threads(threads: int) -> None: ...
