"""A Python callable as a simulator: how it is called, seeded, and what its failures are."""

from __future__ import annotations

import inspect
import random
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator

import numpy as np

from ._arrays import finite_rows, numbers

PROBES = 4
TRIES = 20
"""Parameters at which a simulator may fail before it counts as one that always does."""


@dataclass(frozen=True)
class Caller:
    """Calls a simulator on one θ or on a batch; simulation i depends on (seed, i) alone."""

    simulator: Callable[..., Any]
    seed: int
    batch: bool = False
    columns: int | None = None
    """Numbers that a simulation gives, once known."""
    gaps: bool = False
    """Whether a NaN beside numbers is one that was not measured."""

    def run(self, start: int, theta: np.ndarray) -> tuple[np.ndarray, list[tuple[int, str, str]]]:
        """Data of simulations `start`, `start` + 1, …, and what failed; failed rows are NaN."""
        if self.batch:
            try:
                return self._judged(self.many(start, theta), [])
            except Exception:
                if len(theta) == 1:
                    raise
                # Whoever is to blame is found one by one.
        rows: list[np.ndarray | None] = []
        failures: list[tuple[int, str, str]] = []
        width = self.columns
        for row, point in enumerate(theta):
            try:
                made = self.many(start + row, point[None])[0] if self.batch else None
                x = self.one(start + row, point) if made is None else made
            except Exception as error:
                failures.append((row, "reported", f"{type(error).__name__}: {error}"))
                rows.append(None)
                continue
            width = x.size if width is None else width
            if x.size != width:
                failures.append((row, "wrong_length", f"{x.size} values instead of {width}"))
                rows.append(None)
                continue
            rows.append(x)
        width = 0 if width is None else width
        empty = np.full(width, np.nan)
        return self._judged(np.array([empty if x is None else x for x in rows]), failures)

    def _judged(
        self, x: np.ndarray, failures: list[tuple[int, str, str]]
    ) -> tuple[np.ndarray, list[tuple[int, str, str]]]:
        failed = {row for row, _, _ in failures}
        for row in np.flatnonzero(~finite_rows(x, self.gaps)):
            if row not in failed:
                values = ", ".join(f"{value:g}" for value in x[row])
                text = f"the data are not finite: x = [{values}]"
                if not self.gaps and finite_rows(x[row : row + 1], gaps=True)[0]:
                    text += ' (if NaN means "not measured": missing="allowed")'
                failures.append((int(row), "not_finite", text))
        return x, failures

    def one(self, index: int, theta: np.ndarray) -> np.ndarray:
        """x `[C]` of one θ `[D]`."""
        return numbers(self._call(index, theta.copy()), "x").astype(np.float64).ravel()

    def many(self, start: int, theta: np.ndarray) -> np.ndarray:
        """x `[k, C]` of a batch `[k, D]`."""
        x = numbers(self._call(start, theta.copy()), "x").astype(np.float64)
        if x.ndim == 0 or len(x) != len(theta):
            raise ValueError(f"a batch of {len(theta)} gave data of shape {x.shape}")
        x = x.reshape(len(theta), -1)
        if self.columns is not None and x.shape[1] != self.columns:
            raise ValueError(f"{x.shape[1]} values instead of {self.columns}")
        return x

    def _call(self, index: int, theta: np.ndarray) -> Any:
        """One call, everything random seeded."""
        sequence = np.random.SeedSequence([self.seed, index])
        number = int(sequence.generate_state(1)[0])
        np.random.seed(number)
        random.seed(number)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.manual_seed(number)
        extra: dict[str, Any] = {}
        wanted = _parameters(self.simulator)
        if "rng" in wanted:
            extra["rng"] = np.random.default_rng(sequence)
        if "seed" in wanted:
            extra["seed"] = number
        return self.simulator(theta, **extra)


def _parameters(simulator: Callable[..., Any]) -> frozenset[str]:
    """Names of the parameters after the first."""
    try:
        return frozenset(list(inspect.signature(simulator).parameters)[1:])
    except (TypeError, ValueError):
        return frozenset()


@contextmanager
def random_state_kept() -> Iterator[None]:
    """The caller's own random numbers go on as if no simulator had been seeded."""
    legacy, plain = np.random.get_state(), random.getstate()
    torch = sys.modules.get("torch")
    tensor = torch.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        np.random.set_state(legacy)
        random.setstate(plain)
        if torch is not None and tensor is not None:
            torch.set_rng_state(tensor)


def probed(caller: Caller, theta: np.ndarray, batch: bool | None) -> Caller:
    """The caller with its number of columns, and with batches if the simulator takes them.

    A simulator takes batches if one of several θ gives as many rows of data; rows of one θ differ
    wherever those of single calls do (noise that all rows share would spoil everything); and a row
    does not depend on the others. Where that cannot be seen it is called one by one, if it can be.
    """
    columns = None
    singles = []
    point = 0
    if batch is not True:
        point, columns = _first(len(theta), lambda row: caller.one(row, theta[row]).size)
        for index in range(PROBES):
            try:
                singles.append(caller.one(index, theta[point]))
            except Exception:
                continue
        singles = [x for x in singles if x.size == columns]
    if batch is None:
        batch = _takes_batches(caller, np.roll(theta, -point, axis=0), np.array(singles))
    if batch and columns is None:
        shape = _first(len(theta), lambda row: caller.many(row, theta[row : row + 1]).shape[1])
        columns = shape[1]
    return replace(caller, batch=bool(batch), columns=columns)


def _first(rows: int, attempt: Callable[[int], int]) -> tuple[int, int | None]:
    """The first row at which an attempt succeeds, and what it gives."""
    for row in range(min(rows, TRIES)):
        try:
            return row, attempt(row)
        except Exception:
            continue
    return 0, None


def _same_numbers(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two tables are equal; a gap is like a gap."""
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))


def _takes_batches(caller: Caller, theta: np.ndarray, singles: np.ndarray) -> bool:
    columns = singles.shape[1] if singles.size else None
    taken = (theta.shape[1], columns)
    rows = next(k for k in range(PROBES, PROBES + 3) if k not in taken)
    same = np.repeat(theta[:1], rows, axis=0)
    other = theta[np.arange(rows) % len(theta)]
    try:
        x, mixed, again = caller.many(0, same), caller.many(0, other), caller.many(0, same)
    except Exception:
        return False
    if columns is None:
        return True  # It takes nothing else.
    varies = ~_same_numbers(singles, singles[:1]).all(axis=0)
    if x.shape[1] != columns or (varies & _same_numbers(x, x[:1]).all(axis=0)).any():
        return False
    repeatable = np.array_equal(x, again, equal_nan=True)
    return not repeatable or np.array_equal(x[0], mixed[0], equal_nan=True)
