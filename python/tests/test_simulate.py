"""Simulating: batches, workers, failures."""

from __future__ import annotations

import os
import time

import freeform_sbi as ff
import numpy as np
import pytest

PRIOR = ff.Prior(a=ff.Normal(0, 1), b=ff.Uniform(0, 1))


def one(theta, rng):
    assert theta.shape == (2,)
    return theta[0] + rng.normal(size=3)


def many(theta, rng):
    return theta[:, :1] + rng.normal(size=(len(theta), 3))


def either(theta):
    return theta + np.random.normal(size=theta.shape)


def shared_noise(theta):
    return theta + np.random.normal(size=2)


def centred(theta):
    return theta - theta.mean() + np.random.normal(size=theta.shape)


def quiet(simulator, n=200, **options):
    return ff.simulate(simulator, PRIOR, n, seed=5, progress=False, **options)


@pytest.mark.parametrize("simulator", [one, many, either, shared_noise, centred])
def test_workers_change_nothing(simulator):
    alone, two = quiet(simulator), quiet(simulator, workers=2)
    np.testing.assert_array_equal(alone.theta, two.theta)
    np.testing.assert_array_equal(alone.x, two.x)
    np.testing.assert_array_equal(alone.theta, PRIOR.sample(200, seed=5))
    assert alone.x.dtype == np.float64 and not alone.failed


def test_one_and_many_are_found_out():
    calls = []

    def counting(theta):
        calls.append(theta.shape)
        return either(theta)

    quiet(counting, 500)
    assert (500, 2) in calls
    calls.clear()
    quiet(counting, 500, batch=False)
    assert set(calls) == {(2,)}
    assert quiet(many).x.shape == (200, 3)


@pytest.mark.parametrize("simulator", [shared_noise, centred])
def test_what_only_looks_like_a_batch_is_called_one_by_one(simulator):
    sims = quiet(simulator, 2000)
    centre = sims.theta - sims.theta.mean(axis=1, keepdims=True) if simulator is centred else sims.theta
    noise = sims.x - centre
    assert len(np.unique(noise[:, 0])) > 1990
    assert abs(noise.std() - 1) < 0.05


def test_what_takes_nothing_but_batches_is_given_them():
    def counts(theta, rng):  # Its rows do not have the same random numbers in another batch.
        rate = rng.gamma(np.exp(theta[:, 0]))
        return np.stack([rng.poisson(rate), rng.poisson(rate)], axis=1)

    sims = quiet(counts, 2000)
    assert sims.x.shape == (2000, 2)
    np.testing.assert_allclose(sims.x.mean(), np.exp(0.5), rtol=0.15)


def test_scalars_and_nested_data():
    assert quiet(lambda theta: float(theta[0])).x.shape == (200, 1)
    assert quiet(lambda theta: [[theta[0], 1.0], [theta[1], 2.0]]).x.shape == (200, 4)


def test_the_callers_random_numbers_go_on_undisturbed():
    np.random.seed(3)
    expected = np.random.rand(2)
    np.random.seed(3)
    first = np.random.rand()
    quiet(either)
    assert (first, np.random.rand()) == tuple(expected)


def faulty(theta):
    if theta[1] < 0.05:
        raise ValueError("too small")
    if theta[1] < 0.1:
        return np.array([np.nan, 0.0])
    if theta[1] < 0.15:
        return np.zeros(3)
    return theta + np.random.normal(size=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_failures_are_counted_by_kind_and_shown(workers):
    b = PRIOR.sample(200, seed=5)[:, 1]
    with pytest.warns(UserWarning, match="simulations failed and are left out") as caught:
        sims = quiet(faulty, workers=workers)
    assert sims.failed == (b < 0.15).sum() and sims.requested == 200
    np.testing.assert_array_equal(sims.theta[:, 1], b[b >= 0.15])
    first = int(np.flatnonzero(b < 0.05)[0])
    text = str(caught[0].message)
    assert f"{(b < 0.05).sum()} reported by the simulator; first simulation {first} at" in text
    assert "ValueError: too small" in text
    assert f"{((b >= 0.05) & (b < 0.1)).sum()} not finite" in text
    wrong = ((b >= 0.1) & (b < 0.15)).sum()
    assert f"{wrong} answered the wrong number of values" in text
    assert "3 values instead of 2" in text


def test_too_many_failures_end_the_run():
    with pytest.raises(ff.SimulationError, match="max_failure_share = 0.2(.|\n)*ZeroDivisionError"):
        quiet(lambda theta: 1 / 0)
    with pytest.raises(ff.SimulationError, match="all 200 simulations failed"):
        quiet(lambda theta: 1 / 0, max_failure_share=1.0)


def dying(theta):
    if theta[1] < 0.05:
        os._exit(7)
    return theta


def hanging(theta):
    if theta[1] < 0.02:
        time.sleep(100)
    return theta


def test_a_crash_or_a_hang_costs_one_simulation():
    b = PRIOR.sample(200, seed=5)[:, 1]
    with pytest.warns(UserWarning, match="crashed; first (.|\n)*exit code 7"):
        sims = quiet(dying, workers=2, batch=False, max_failure_share=0.5)
    assert sims.failed == (b < 0.05).sum()
    with pytest.warns(UserWarning, match="timed out; first (.|\n)*no answer within 0.05 s"):
        sims = quiet(hanging, workers=2, batch=False, timeout=0.05, max_failure_share=0.5)
    assert sims.failed == (b < 0.02).sum()


def test_tasks_and_files_are_simulated_by_the_library(freeform, tmp_path):
    import subprocess

    out = tmp_path / "sims.npz"
    command = [freeform, "simulate", "two_moons", "-n", "300", "--seed", "4", "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    ours = ff.simulate("two_moons", 300, seed=4, progress=False)
    theirs = ff.Simulations.load(out)
    np.testing.assert_array_equal(ours.theta, theirs.theta)
    np.testing.assert_array_equal(ours.x, theirs.x)
    again = ff.task("two_moons").simulate(300, seed=4, progress=False)
    np.testing.assert_array_equal(ours.x, again.x)
    # A set on disk extends; its first rows stay.
    more = ff.simulate("two_moons", 500, seed=4, path=out, progress=False)
    np.testing.assert_array_equal(more.x[:300], ours.x)
    ours.save(tmp_path / "again.npz")
    np.testing.assert_array_equal(np.load(tmp_path / "again.npz")["x"], ours.x)


def test_simulating_at_given_parameters():
    theta = PRIOR.sample(200, seed=5)
    np.testing.assert_array_equal(
        ff.simulate_at(one, theta, seed=5, progress=False).x, quiet(one).x
    )
    task = ff.task("gaussian_linear")
    sims = task.simulate(50, seed=2, progress=False)
    np.testing.assert_array_equal(ff.simulate_at(task, sims.theta, seed=2).x, sims.x)


def test_errors_name_the_argument():
    for error, message, call in [
        (TypeError, "n: say", lambda: ff.simulate(one, PRIOR)),
        (TypeError, "prior: give", lambda: ff.simulate(one, n=10)),
        (TypeError, "prior: a task", lambda: ff.simulate("two_moons", PRIOR, 10)),
        (ValueError, "two_moons", lambda: ff.simulate("two_moon", 10)),
        (ValueError, "workers = 0", lambda: ff.simulate(one, PRIOR, 10, workers=0)),
        (ValueError, "seed = -1", lambda: ff.simulate(one, PRIOR, 10, seed=-1)),
        (TypeError, "simulator must be", lambda: ff.simulate(3, n=10)),
        (ValueError, "theta has 3 rows, but x has 2", lambda: ff.Simulations([1, 2, 3], [1, 2])),
    ]:
        with pytest.raises(error, match=message):
            call()
