"""Simulating: Python callables, benchmark tasks, external programs."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Tuple, Union

import numpy as np

from . import _native, _workers
from ._arrays import count, seed_number, table
from ._callable import Caller, probed, random_state_kept
from ._collected import Collected, begun, kept_if_interrupted, told
from ._prior import Prior, as_prior
from ._progress import Progress
from ._simulations import Simulations

Simulator = Union[Callable[..., Any], str, "os.PathLike[str]", Any]
ROWS = 32
"""Simulations handed to a worker at a time, where they are called one by one."""


def simulate(
    simulator: Simulator,
    prior: Any = None,
    n: int | None = None,
    *,
    seed: int = 1,
    workers: int = 1,
    batch: bool | None = None,
    batch_size: int = 1000,
    timeout: float | None = None,
    max_failure_share: float = 0.2,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    start_method: str | None = None,
    missing: str = "failed",
    progress: bool = True,
) -> Simulations:
    """Draws `n` parameters from the prior and simulates each.

    `simulator` is a callable of θ `[D]` that returns x `[C]`, or of a batch `[k, D]` that returns
    `[k, C]` (found out by trying, or said with `batch`); a second parameter `rng` is given a numpy
    Generator, one called `seed` a number, and numpy's, Python's and torch's global generators are seeded.
    Or it is the name of a benchmark task or a `simulator.toml`, which bring their own prior; with `path`
    these fill an `.npz` file that the same call resumes and a larger `n` extends.

    `workers` processes simulate side by side (-1: one a core); the result does not depend on how many.
    Ctrl-C stops; the same call with the same callable then goes on where it was, while the process lives.
    An exception, a NaN, a wrong number of values, a crash of a worker or (with workers) `timeout` seconds
    without an answer costs that one simulation: a warning shows how many and the first of each kind. With
    `missing="allowed"` a NaN beside numbers is one that was not measured (a `simulator.toml` says so itself), to
    `fit` too.
    """
    if n is None and isinstance(prior, (int, np.integer)):
        prior, n = None, int(prior)
    if n is None:
        raise TypeError("n: say how many simulations you want")
    n, seed = count(n, "n"), seed_number(seed)
    if not callable(simulator) or isinstance(simulator, (str, os.PathLike)):
        if prior is not None:
            raise TypeError("prior: a task or simulator.toml brings its own; leave it out")
        return _by_name(simulator_name(simulator), n, seed, path, overwrite, progress)
    if path is not None:
        raise TypeError("path: only for tasks and simulator.toml; use Simulations.save")
    if prior is None:
        raise TypeError("prior: give the prior of the simulator's parameters")
    prior = as_prior(prior)
    theta = prior.sample(n, seed)
    caller = Caller(simulator, seed, gaps=_gaps(missing))
    how = (workers, batch, batch_size, timeout, max_failure_share, start_method)
    return _called(caller, theta, prior, how, progress)


def simulate_at(
    simulator: Simulator,
    theta: Any,
    *,
    seed: int = 1,
    workers: int = 1,
    batch: bool | None = None,
    batch_size: int = 1000,
    timeout: float | None = None,
    max_failure_share: float = 1.0,
    start_method: str | None = None,
    missing: str = "failed",
    progress: bool = True,
) -> Simulations:
    """Simulates once at each row of `theta` `[n, D]`, as for posterior predictive checks; the arguments
    are those of `simulate`."""
    points, seed = table(theta, "theta"), seed_number(seed)
    if not len(points):
        raise ValueError("theta has no rows")
    if callable(simulator):
        how = (workers, batch, batch_size, timeout, max_failure_share, start_method)
        return _called(Caller(simulator, seed, gaps=_gaps(missing)), points, None, how, progress)
    name = simulator_name(simulator)
    (theta, x), account = _native.simulate_at(name, points, seed)
    missing = _native.task_missing(name)
    return told(Simulations(theta, x, None, name, missing=missing), account)


def _gaps(missing: str) -> bool:
    """Whether NaN may stand for numbers that were not measured."""
    if missing not in ("failed", "allowed"):
        raise ValueError(f'missing: {missing!r} is neither "failed" nor "allowed"')
    return missing == "allowed"


def simulator_name(simulator: Any) -> str:
    """A task's or a file's name."""
    # A path has a name too, without its folders.
    known = simulator if isinstance(simulator, os.PathLike) else getattr(simulator, "name", simulator)
    if not isinstance(known, (str, os.PathLike)):
        raise TypeError(
            f"simulator must be callable, a task, or a simulator.toml, not {type(simulator)}"
        )
    return os.fspath(known)


def _by_name(
    name: str,
    n: int,
    seed: int,
    path: str | os.PathLike[str] | None,
    overwrite: bool,
    progress: bool,
) -> Simulations:
    prior = Prior._of(_native.task_prior(name))
    with tempfile.TemporaryDirectory() as folder, Progress("simulating", progress) as bar:
        target = Path(folder, "simulations.npz") if path is None else Path(path)

        def report(done: int, failed: int) -> None:
            bar.update(done, n, f"{failed} failed" if failed else "")

        account = _native.simulate(name, target, n, seed, overwrite, report)
        theta, x, _ = _native.read_simulations(target)
    missing = _native.task_missing(name)
    return told(Simulations(theta, x, prior, name, missing=missing), account)


How = Tuple[int, Optional[bool], int, Optional[float], float, Optional[str]]


def _called(
    caller: Caller, theta: np.ndarray, prior: Prior | None, how: How, progress: bool
) -> Simulations:
    return collected(caller, theta, how, progress).finish(prior)


def collected(caller: Caller, theta: np.ndarray, how: How, progress: bool) -> Collected:
    """Simulates at each row of theta; what failed is in the account."""
    workers, batch, batch_size, timeout, share, method = how
    wide = theta.astype(np.float64)
    with random_state_kept():
        caller = probed(caller, wide, batch)
        size = count(batch_size, "batch_size") if caller.batch else ROWS
        found = begun(caller, size, theta)
        found.share = share
        jobs = found.missing(wide, size)
        with Progress("simulating", progress) as bar, kept_if_interrupted(found):

            def deliver(start: int, x: np.ndarray, failures: list[tuple[int, str, str]]) -> None:
                found.take(start, x, failures)
                lost = found.lost
                bar.update(found.done, len(theta), f"{lost} failed" if lost else "")

            _run(caller, jobs, (workers, timeout, method), deliver)
    return found


def _run(
    caller: Caller,
    jobs: Iterator[tuple[int, np.ndarray]],
    how: tuple[int, float | None, str | None],
    deliver: Callable[[int, np.ndarray, list[tuple[int, str, str]]], None],
) -> None:
    workers, timeout, method = how
    workers = (os.cpu_count() or 1) if workers == -1 else count(workers, "workers")
    method = method or _workers.start_method(caller)
    if workers > 1 and method is None:
        warnings.warn(
            "the simulator cannot be pickled, so it runs in this process alone; define it at the "
            "top of a module of its own to use workers",
            stacklevel=4,
        )
    if method is None or (workers == 1 and timeout is None):
        for start, theta in jobs:
            deliver(start, *caller.run(start, theta))
    else:
        _workers.run(caller, jobs, workers, method, timeout, deliver)
