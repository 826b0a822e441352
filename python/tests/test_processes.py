"""Ctrl-C, forks, threads, processes: nothing hangs, nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import freeform_sbi as ff
import numpy as np
import pytest
from conftest import linear_gaussian


def interrupted_after(seconds, call):
    """Runs a call, sends Ctrl-C while it runs; returns the seconds from Ctrl-C to its end."""
    sent = []

    def send():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(seconds, send)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        timer.cancel()
    return time.monotonic() - sent[0]


LONG = {"training.max_epochs": 120, "training.members": 2, "training.patience": 0}
LONG = {**LONG, "whitening.steps": 300, "posterior.correction": "off"}


@pytest.mark.parametrize("own_folder", [True, False])
def test_an_interrupted_fit_goes_on_to_the_same_posterior(prior, tmp_path, own_folder):
    theta, x = linear_gaussian(1000)
    where = {"checkpoints": tmp_path / "kept"} if own_folder else {}
    seen = []

    def fit(**options):
        told = seen.append
        return ff.fit(theta=theta, x=x, prior=prior, settings=LONG, progress=told, **options)

    began = time.monotonic()
    whole = fit(checkpoints=False)
    took = time.monotonic() - began
    # Well before the end: on a busy machine the second run may be much faster than the first.
    assert interrupted_after(0.5 * took, lambda: fit(**where)) < 1.0
    time.sleep(0.3)
    if own_folder:
        assert list((tmp_path / "kept").glob("*.safetensors"))
    seen.clear()
    resumed = fit(**where)
    # It went on rather than beginning anew.
    first = next(s.steps for s in seen if s.steps)
    assert first > 0.1 * seen[-1].planned
    np.testing.assert_array_equal(resumed.sample(100, x=[0, 0]), whole.sample(100, x=[0, 0]))


def test_ctrl_c_stops_draws_and_simulations(posterior, prior):
    assert interrupted_after(0.5, lambda: posterior.sample(5_000_000, x=[0, 0])) < 1.0
    x = np.zeros((5000, 2))
    assert interrupted_after(0.5, lambda: posterior.sample(10_000, x=x)) < 1.0

    calls = []

    def slow(theta):
        calls.append(theta)
        time.sleep(0.01)
        return theta

    for workers in (1, 2):
        options = {"workers": workers, "batch": False, "progress": False}
        assert interrupted_after(0.8, lambda: ff.simulate(slow, prior, 200, **options)) < 1.0
        calls.clear()
        resumed = ff.simulate(slow, prior, 200, batch=False, progress=False)
        # Five calls try it out; some of the 200 were there.
        assert len(calls) < 4 + 1 + 200
        np.testing.assert_array_equal(resumed.x, resumed.theta)
    # And all is as before.
    assert posterior.sample(10, x=[0, 0]).shape == (10, 2)


def draws_of(posterior):
    return posterior.sample(200, x=[0.5, 0.5], seed=2)


def test_a_forked_child_samples_and_fits(posterior):
    expected = draws_of(posterior)  # The parent's threads are awake.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for found in pool.map(draws_of, [posterior] * 4, timeout=60):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_ways_to_start_processes(posterior, method):
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        found = pool.submit(draws_of, posterior).result(timeout=60)
    np.testing.assert_array_equal(found, draws_of(posterior))


def test_threads_share_a_posterior(posterior):
    expected = draws_of(posterior)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(draws_of, [posterior] * 32, timeout=60):
            np.testing.assert_array_equal(found, expected)


def test_the_interpreter_is_free_while_the_library_works(posterior):
    ticks = []
    done = threading.Event()

    def tick():
        while not done.wait(0.005):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    began = time.monotonic()
    posterior.sample(300_000, x=[0, 0])
    took = time.monotonic() - began
    done.set()
    thread.join()
    within = np.array([t for t in ticks if began <= t <= began + took])
    assert took > 0.1 and np.diff(within).max() < max(0.1, 0.5 * took)


def test_thread_counts_change_nothing(posterior):
    expected = draws_of(posterior)
    try:
        for threads in (1, 3):
            ff.set_threads(threads)
            np.testing.assert_array_equal(draws_of(posterior), expected)
    finally:
        ff.set_threads(0)


def test_a_script_without_a_guard_uses_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import freeform_sbi as ff
            prior = ff.Prior(a=ff.Normal(0, 1))
            noise = 2.0
            sims = ff.simulate(lambda theta: theta * noise, prior, 50, workers=2, batch=False)
            print(len(sims))
            """
        )
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("elsewhere a lambda runs in this process alone")
    command = [sys.executable, script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "50", done.stderr
