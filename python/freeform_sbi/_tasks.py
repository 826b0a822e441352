"""Benchmark tasks: simulators with known posteriors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _native
from ._arrays import count, observations, seed_number
from ._prior import Prior
from ._simulate import simulate
from ._simulations import Simulations


@dataclass(frozen=True)
class Task:
    """A benchmark task. It goes wherever a simulator goes."""

    name: str
    description: str
    dim: int
    """Number of parameters, D."""
    data_dim: int
    """Numbers in an observation, C."""

    @property
    def prior(self) -> Prior:
        """The prior."""
        return Prior._of(_native.task_prior(self.name))

    def simulate(self, n: int, *, seed: int = 1, progress: bool = True) -> Simulations:
        """`n` simulations."""
        return simulate(self, None, n, seed=seed, progress=progress)

    def observation(self, number: int) -> np.ndarray:
        """Official observation 1 to 10, `[C]`."""
        return _native.observation(self.name, count(number, "number"))[0]

    def true_parameters(self, number: int) -> np.ndarray:
        """The parameters that it was simulated from, `[D]`."""
        truth = _native.observation(self.name, count(number, "number"))[1]
        assert truth is not None
        return truth

    def reference(
        self, n: int = 10_000, *, observation: int | None = None, x: Any = None, seed: int = 1
    ) -> np.ndarray:
        """`n` draws from the true posterior of an official observation, or of any x."""
        if (observation is None) == (x is None):
            raise TypeError("give either observation or x")
        if observation is not None:
            x = self.observation(observation)
        row, _ = observations(x, self.data_dim)
        if len(row) != 1:
            raise ValueError(f"x holds {len(row)} observations; give one")
        return _native.reference(self.name, row, count(n, "n"), seed_number(seed))


def tasks() -> list[Task]:
    """All ten tasks."""
    return [Task(*entry) for entry in _native.tasks()]


def task(name: str) -> Task:
    """The task of this name."""
    known = {each.name: each for each in tasks()}
    if name not in known:
        _native.task_prior(str(name))  # Its message has the nearest name.
        raise ValueError(f"task: {name} is not a benchmark task; choose one of {sorted(known)}")
    return known[name]


def reference(
    task_name: str | Task,
    n: int = 10_000,
    *,
    observation: int | None = None,
    x: Any = None,
    seed: int = 1,
) -> np.ndarray:
    """`n` draws from a task's true posterior: exact where there is a closed form, else checked MCMC."""
    chosen = task_name if isinstance(task_name, Task) else task(task_name)
    return chosen.reference(n, observation=observation, x=x, seed=seed)
