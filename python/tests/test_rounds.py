"""Rounds for one observation."""

import subprocess

import numpy as np
import pytest

import freeform_sbi as ff

SHORT = {
    "training.max_epochs": 6,
    "training.members": 2,
    "network.width": 16,
    "network.blocks": 2,
    "whitening.steps": 100,
}
X = [0.4, 0.6]
calls = 0


def noisy(theta, rng):
    """x = θ + noise of 0.05."""
    global calls
    calls += 1
    return theta + 0.05 * rng.standard_normal(2)


def square():
    return ff.Prior(a=ff.Uniform(0, 1), b=ff.Uniform(0, 1))


def rounds(simulator=noisy, x=X, **more):
    return ff.infer(
        simulator, square(), x=x, simulations=400, rounds=3, settings=SHORT, progress=False, **more
    )


def test_a_normal_posterior_is_found():
    found = rounds()
    draws = found.posterior.sample(4000, X)
    # A uniform prior and independent errors: N(x, 0.05²), far from the prior's ends.
    assert np.allclose(draws.mean(0), X, atol=0.02)
    assert np.allclose(draws.std(0), 0.05, rtol=0.35)
    assert [r["simulations"] for r in found.rounds] == [134, 133, 133]
    assert found.rounds[2]["prior_share"] < 0.5
    again = rounds(workers=2)
    assert np.array_equal(draws, again.posterior.sample(4000, X))
    with pytest.warns(UserWarning, match="another observation"):
        found.posterior.sample(100, [0.1, 0.2], anyway=True)


def test_a_stopped_call_goes_on():
    global calls
    calls, stopped = 0, 0

    def interrupted(theta, rng):
        nonlocal stopped
        if calls == 300 and not stopped:
            stopped += 1
            raise KeyboardInterrupt
        return noisy(theta, rng)

    with pytest.raises(KeyboardInterrupt):
        rounds(interrupted)
    found = rounds(interrupted)
    # Both are tried once to see what they return; a job of 32 may be done again.
    assert stopped == 1 and calls <= 400 + 2 * 6 + 32
    assert np.array_equal(found.posterior.sample(500, X), rounds().posterior.sample(500, X))


def test_what_cannot_be_inferred_is_said():
    with pytest.raises(ValueError, match="outside everything simulated"):
        rounds(x=[400, 600])
    with pytest.raises(ValueError, match="3 numbers.*2"):
        rounds(x=[0.4, 0.6, 0.5])
    with pytest.raises(ValueError, match="too few"):
        ff.infer(noisy, square(), x=X, simulations=20)
    with pytest.raises(TypeError, match="prior"):
        ff.infer(noisy, x=X)
    with pytest.raises(TypeError, match="brings its own"):
        ff.infer("two_moons", square(), x=X)

    def broken(theta):
        raise RuntimeError("no such luck")

    with pytest.raises(ff.SimulationError, match="no such luck"):
        rounds(broken)

    def fails(theta, rng):
        if theta[0] > 0.5:
            raise RuntimeError("a is large")
        return noisy(theta, rng)

    with pytest.raises(ff.SimulationError, match="max_failure_share"):
        rounds(fails)
    with pytest.warns(UserWarning, match="failed"):
        found = rounds(fails, max_failure_share=0.9)
    assert 40 < found.rounds[0]["failed"] < 95
    assert (found.posterior.sample(1000, X)[:, 0] < 0.55).mean() > 0.95


def test_a_task_is_inferred_as_by_the_command_line(tmp_path, freeform):
    x = ff.task("two_moons").observation(1)
    found = ff.infer("two_moons", x=x, simulations=300, rounds=2, settings=SHORT, seed=3, progress=False)
    sets = [part for key, value in SHORT.items() for part in ("--set", f"{key}={value}")]
    command = [freeform, "infer", "two_moons", "--observation", "1", "-n", "300", "--rounds", "2"]
    command += [*sets, "--seed", "3", "--anyway", "-q", "--out", tmp_path / "out"]
    subprocess.run(command, check=True, capture_output=True)
    there = ff.load(tmp_path / "out")
    assert np.array_equal(found.posterior.sample(500, x), there.sample(500, x))
