"""Processes that simulate side by side. One that dies or hangs costs one simulation."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
import time
import warnings
from collections import deque
from multiprocessing.connection import Connection, wait
from typing import Any, Callable, Iterator

import numpy as np

from ._callable import Caller

Job = "tuple[int, np.ndarray]"
"""Index of the first simulation, and θ of each."""
Answer = "tuple[np.ndarray, list[tuple[int, str, str]]]"
"""x, and what failed."""


def start_method(caller: Caller) -> str | None:
    """How workers start: by fork where that is usual, so that any callable will do and no script
    needs a guard; elsewhere anew, which takes a callable that can be pickled. None: not at all."""
    if sys.platform.startswith("linux"):
        return "fork"
    try:
        pickle.dumps(caller)
    except Exception:
        return None
    return "spawn"


def _serve(connection: Connection, caller: Caller) -> None:
    """A worker: answers jobs until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent hears Ctrl-C, and ends us.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        connection.send(caller.run(*job))


class _Worker:
    def __init__(self, context: Any, caller: Caller) -> None:
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, caller), daemon=True)
        with warnings.catch_warnings():
            # Python warns of forks beside threads; the child calls nothing but the simulator.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()
        self.job: tuple[int, np.ndarray] | None = None
        self.started = 0.0

    def give(self, job: tuple[int, np.ndarray]) -> None:
        self.job, self.started = job, time.monotonic()
        self.connection.send(job)

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


def run(
    caller: Caller,
    jobs: Iterator[tuple[int, np.ndarray]],
    workers: int,
    method: str,
    timeout: float | None,
    deliver: Callable[[int, np.ndarray, list[tuple[int, str, str]]], None],
) -> None:
    """Runs the jobs, each on one of `workers` processes; `timeout` is that of one simulation."""
    context = multiprocessing.get_context(method)
    again: deque[tuple[int, np.ndarray]] = deque()
    pool: list[_Worker] = []

    def following() -> tuple[int, np.ndarray] | None:
        return again.popleft() if again else next(jobs, None)

    try:
        while True:
            for worker in pool:
                if worker.job is None and (job := following()) is not None:
                    worker.give(job)
            while len(pool) < workers and (job := following()) is not None:
                pool.append(_Worker(context, caller))
                pool[-1].give(job)
            busy = [worker for worker in pool if worker.job is not None]
            if not busy:
                return
            wait([w.connection for w in busy] + [w.process.sentinel for w in busy], timeout=0.2)
            for worker in busy:
                if _settle(worker, timeout, again, deliver):
                    worker.end()
                    pool.remove(worker)
    finally:
        for worker in pool:
            worker.end()


def _settle(
    worker: _Worker,
    timeout: float | None,
    again: deque[tuple[int, np.ndarray]],
    deliver: Callable[[int, np.ndarray, list[tuple[int, str, str]]], None],
) -> bool:
    """Takes a worker's answer, if it is there; whether the worker is lost."""
    assert worker.job is not None
    start, theta = worker.job
    try:
        if worker.connection.poll():
            answer = worker.connection.recv()
            worker.job = None
            deliver(start, *answer)
            return False
    except (EOFError, OSError):
        pass  # It died while it answered, or before.
    else:
        late = timeout is not None and time.monotonic() - worker.started > timeout * len(theta)
        if worker.process.is_alive() and not late:
            return False
        if late:
            _blame(worker, again, deliver, "timeout", f"no answer within {timeout:g} s")
            return True
    worker.process.join(1.0)
    code = worker.process.exitcode
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    _blame(worker, again, deliver, "crash", f"its process ended with {how}")
    return True


def _blame(
    worker: _Worker,
    again: deque[tuple[int, np.ndarray]],
    deliver: Callable[[int, np.ndarray, list[tuple[int, str, str]]], None],
    kind: str,
    message: str,
) -> None:
    """Of several simulations each is tried again alone; one alone has failed."""
    assert worker.job is not None
    start, theta = worker.job
    if len(theta) > 1:
        again.extend((start + row, theta[row : row + 1]) for row in range(len(theta)))
    else:
        deliver(start, np.full((1, 1), np.nan), [(0, kind, message)])
