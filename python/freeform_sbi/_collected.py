"""What simulations gave so far: their table, their failures, and what an interrupt leaves."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import Iterator

import numpy as np

from . import _native
from ._callable import Caller
from ._prior import Prior
from ._simulations import Simulations


class SimulationError(RuntimeError):
    """Too many simulations failed."""


class Collected:
    """What simulations gave so far."""

    def __init__(self, caller: Caller, size: int, theta: np.ndarray) -> None:
        self.caller, self.size, self.theta = caller, size, theta
        self.share = 1.0
        self.x: np.ndarray | None = None
        self.seen = np.zeros(len(theta), dtype=bool)
        self.good = np.zeros(len(theta), dtype=bool)
        self.kinds: dict[str, tuple[str, int, int, list[float], str]] = {}

    @property
    def done(self) -> int:
        """Simulations made."""
        return int(self.seen.sum())

    @property
    def lost(self) -> int:
        """Of them, those that failed."""
        return sum(entry[1] for entry in self.kinds.values())

    def missing(self, theta: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """The jobs that are left: whole ones, or the rows of one that was tried row by row."""
        for at in range(0, len(theta), size):
            left = np.flatnonzero(~self.seen[at : at + size])
            if len(left) == len(theta[at : at + size]):
                yield at, theta[at : at + size]
            else:
                yield from ((at + int(row), theta[at + row : at + row + 1]) for row in left)

    def take(self, start: int, x: np.ndarray, failures: list[tuple[int, str, str]]) -> None:
        """The data of a job, and what failed."""
        rows = np.ones(len(x), dtype=bool)
        if self.x is not None and len(failures) < len(x) and x.shape[1] != self.x.shape[1]:
            message = f"{x.shape[1]} values instead of {self.x.shape[1]}"
            known_rows = {row for row, _, _ in failures}
            kept = [row for row in range(len(x)) if row not in known_rows]
            failures = [*failures, *((row, "wrong_length", message) for row in kept)]
        for row, kind, message in failures:
            rows[row] = False
            index = start + row
            known = self.kinds.get(kind, (kind, 0, index, [], ""))
            if not known[1] or index < known[2]:
                point = [float(v) for v in self.theta[index]]
                known = (kind, known[1], index, point, message)
            self.kinds[kind] = (kind, known[1] + 1, *known[2:])
        if rows.any():
            if self.x is None:
                self.x = np.empty((len(self.theta), x.shape[1]))
            at = start + np.flatnonzero(rows)
            self.x[at], self.good[at] = x[rows], True
        self.seen[start : start + len(rows)] = True
        lost = self.lost
        if lost > self.share * max(self.done, min(50, len(self.theta))):
            raise SimulationError(
                f"{lost} of the first {self.done} simulations failed, more than max_failure_share = "
                f"{self.share} allows:\n{self.details()}\nmend the simulator, narrow the prior, or "
                "raise max_failure_share"
            )

    def details(self) -> str:
        """The failures, one line a kind."""
        return _native.failure_details(self.done, list(self.kinds.values()))

    def finish(self, prior: Prior | None) -> Simulations:
        """The table of those that succeeded."""
        n, lost = len(self.theta), int((~self.good).sum())
        if self.x is None:
            raise SimulationError(f"all {n} simulations failed:\n{self.details()}")
        theta, x = (self.theta, self.x) if not lost else (self.theta[self.good], self.x[self.good])
        missing = "allowed" if self.caller.gaps else "failed"
        return told(Simulations(theta, x, prior, missing=missing), (n, lost, self.details()))


_interrupted: Collected | None = None
"""The last run that was interrupted."""


def begun(caller: Caller, size: int, theta: np.ndarray) -> Collected:
    """The run that was interrupted, if it is this one; else a new one."""
    global _interrupted
    known, _interrupted = _interrupted, None
    if known is not None and (known.caller, known.size) == (caller, size):
        if np.array_equal(known.theta, theta):
            return known
    return Collected(caller, size, theta)


@contextmanager
def kept_if_interrupted(collected: Collected) -> Iterator[None]:
    """Keeps what there is when Ctrl-C comes."""
    global _interrupted
    try:
        yield
    except KeyboardInterrupt:
        _interrupted = collected
        raise


def told(simulations: Simulations, account: tuple[int, int, str]) -> Simulations:
    """The simulations with their account, of which the user hears if some failed."""
    simulations.requested, simulations.failed, simulations.failures = account
    if simulations.failed:
        warnings.warn(
            f"{account[1]} of {account[0]} simulations failed and are left out:\n{account[2]}",
            stacklevel=5,
        )
    return simulations
