"""One observation, few simulations: rounds."""

from __future__ import annotations

import json
import os
import warnings
from contextlib import nullcontext
from typing import Any, ContextManager, NamedTuple

import numpy as np

from . import _native
from ._arrays import count, observations, seed_number
from ._callable import Caller
from ._checkpoints import session_checkpoints
from ._fit import Settings, assignments
from ._posterior import Posterior
from ._prior import as_prior
from ._progress import Progress
from ._simulate import Simulator, collected, simulator_name


class Inference(NamedTuple):
    """What `infer` found."""

    posterior: Posterior
    """Valid for the observation."""
    rounds: list[dict[str, Any]]
    """Each round in short: its simulations, the share of the prior that it drew from, mean and std of
    each parameter, how far the posterior moved, remarks."""


def infer(
    simulator: Simulator,
    prior: Any = None,
    *,
    x: Any,
    simulations: int = 10_000,
    rounds: int | None = None,
    seed: int = 1,
    preset: str = "recommended",
    settings: Settings = None,
    device: str = "cpu",
    anyway: bool = False,
    workers: int = 1,
    batch: bool | None = None,
    batch_size: int = 1000,
    timeout: float | None = None,
    max_failure_share: float = 0.2,
    start_method: str | None = None,
    progress: bool = True,
) -> Inference:
    """The posterior of one observation `x` `[C]`, by simulations in rounds: each but the first where the
    posterior so far says.

    `simulator`, `workers`, `batch`, `timeout` and `max_failure_share` are those of `simulate`, the
    settings those of `fit`. Without `rounds` there are as many as suit the simulations, fewer where the
    posterior stands still. An observation far from everything that the first round simulated raises a
    ValueError, unless `anyway`. With `transform.missing = "allowed"` among the settings, or `missing = "allowed"`
    in `simulator.toml`, a NaN in x is a number that was not measured, and is hidden from the simulations too. The same seed gives the same
    posterior, whatever the number of workers.

    Ctrl-C stops; the same call then goes on where it was, while the process lives.
    """
    x = np.asarray(x, dtype=np.float64)
    row = observations(x, x.size)[0][0]
    file, given = assignments(settings)
    wanted = None if rounds is None else count(rounds, "rounds")
    seed, budget = seed_number(seed), count(simulations, "simulations")
    how = (workers, batch, batch_size, timeout, max_failure_share, start_method)
    folder: ContextManager[Any] = nullcontext(None)
    if callable(simulator) and not isinstance(simulator, (str, os.PathLike)):
        if prior is None:
            raise TypeError("prior: give the prior of the simulator's parameters")
        name, law = None, as_prior(prior)
        folder = session_checkpoints([law.to_toml(), repr((seed, preset, file, given, budget, wanted))], [row])
        native_prior = law._native
    else:
        if prior is not None:
            raise TypeError("prior: a task or simulator.toml brings its own; leave it out")
        name, native_prior = simulator_name(simulator), None
    with Progress("round", progress) as bar, folder as path:

        def simulate(theta: np.ndarray, seed: int) -> np.ndarray:
            return _kept(simulator, theta, seed, how)

        def report(round: int, size: int) -> None:
            bar.update(round, wanted or round, f"{size} simulations")

        native, text = _native.infer(
            name,
            native_prior,
            None if name is not None else simulate,
            [float(v) for v in row],
            budget=budget,
            rounds=wanted,
            seed=seed,
            preset=preset,
            file=file,
            settings=given,
            device=device,
            checkpoints=path,
            anyway=bool(anyway),
            progress=report if progress else None,
        )
    _rounds.clear()
    reports = json.loads(text)
    for remark in reports[-1].get("remarks", []):
        warnings.warn(remark, stacklevel=2)
    return Inference(Posterior(native), reports)


_rounds: list[tuple[Caller, np.ndarray, np.ndarray]] = []
"""Simulations of the rounds of a call that has not ended, or was stopped."""


def _kept(simulator: Any, theta: np.ndarray, seed: int, how: Any) -> np.ndarray:
    """x at each row of theta, not finite where the simulation failed."""
    caller = Caller(simulator, seed)
    for known, points, x in _rounds:
        if known == caller and np.array_equal(points, theta):
            return x
    found = collected(caller, theta, how, False)
    if found.lost:
        warnings.warn(
            f"{found.lost} of {len(theta)} simulations failed and are left out:\n{found.details()}",
            stacklevel=5,
        )
    x = np.full((len(theta), 1 if found.x is None else found.x.shape[1]), np.nan)
    if found.x is not None:
        x[found.good] = found.x[found.good]
    _rounds.append((caller, theta, x))
    return x
