"""Numbers that were not measured, and sets of any number of trials."""

import numpy as np
import pytest

import freeform_sbi as ff

QUICK = {
    "training.members": 2,
    "training.max_epochs": 8,
    "whitening.steps": 4000,
    "whitening.width": 32,
    "transform.layout": "set",
}
ALLOWED = {**QUICK, "transform.missing": "allowed"}


def trials(theta, rng):
    """3 to 20 draws of N(θ, 1), padded with NaN."""
    x = np.full(20, np.nan)
    n = rng.integers(3, 21)
    x[:n] = theta[0] + rng.normal(size=n)
    return x


def test_sets_of_any_number_have_the_closed_form_posterior():
    prior = ff.Prior(mean=ff.Normal(0.0, 1.0))
    with pytest.raises(RuntimeError, match='missing="allowed"'):
        ff.simulate(trials, prior, 100, seed=1, progress=False)
    sims = ff.simulate(trials, prior, 1000, seed=1, missing="allowed", progress=False)
    assert sims.x.shape == (1000, 20) and np.isnan(sims.x).any()
    with pytest.warns(UserWarning, match="transform.missing"):
        partly = np.where(np.arange(1000)[:, None] < 500, 0.0, sims.x)
        ff.fit(
            theta=sims.theta,
            x=partly,
            prior=prior,
            settings={**QUICK, "training.max_epochs": 1},
            progress=False,
        )
    posterior = ff.fit(sims, seed=1, settings=ALLOWED, progress=False)
    assert (posterior.data_dim, posterior.trial_dim) == (20, 1)
    rng = np.random.default_rng(5)
    for n in (4, 10, 20):
        x = 0.5 + rng.normal(size=n)
        draws = posterior.sample(4000, x=x, seed=1)[:, 0]
        width = (n + 1) ** -0.5
        assert abs(draws.mean() - x.sum() / (n + 1)) < width
        assert 0.8 < draws.std() / width < 1.25
    same = posterior.sample(100, x=np.append(x[::-1], np.nan), seed=1)
    assert np.array_equal(same, posterior.sample(100, x=x, seed=1))
    with pytest.warns(UserWarning, match="60 trials"):
        posterior.sample(100, x=rng.normal(size=60), anyway=True)
    fresh = ff.simulate(trials, prior, 120, seed=9, missing="allowed", progress=False)
    judged = ff.sbc(posterior, fresh, progress=False)
    assert judged.ranks.shape == (120, 1)


MODEL = """
import math, random, sys
for line in sys.stdin:
    if not line.strip():
        continue
    index, seed, theta = line.split()
    rng = random.Random(int(seed))
    trials = [float(theta) + rng.gauss(0, 1) for _ in range(8)]
    for k in range(8 - rng.randint(0, 3), 8):
        trials[k] = math.nan
    print(index, *trials, flush=True)
"""
TOML = """
command = ["python3", "model.py"]
data_dim = 8
layout = "set"
missing = "allowed"
[[parameter]]
name = "a"
distribution = "normal"
mean = 0.0
std = 1.0
"""


def test_what_a_simulator_says_of_x_holds(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "simulator.toml").write_text(TOML)
    toml = tmp_path / "simulator.toml"
    x = np.array([0.1, 0.5, -0.3, 0.2, 0.4, np.nan, np.nan, np.nan])

    def stated(posterior):
        transform = posterior.settings["transform"]
        return transform["layout"], transform["missing"]

    made = ff.simulate(toml, 300, progress=False)
    assert made.missing == "allowed" and np.isnan(made.x).any()
    short = {key: value for key, value in QUICK.items() if key != "transform.layout"}
    fitted = ff.fit(made, settings=short, progress=False)
    assert stated(fitted) == ("set", "allowed") and len(fitted.sample(10, x)) == 10
    found = ff.infer(toml, x=x, simulations=200, rounds=2, settings=short, progress=False)
    assert stated(found.posterior) == ("set", "allowed")
    # Settings have the last word.
    other = {**short, "transform.layout": "vector"}
    assert stated(ff.fit(made, settings=other, progress=False)) == ("vector", "allowed")
    failed = {**short, "transform.missing": "failed"}
    with pytest.warns(UserWarning, match="are not finite and are left out"):
        assert stated(ff.fit(made, settings=failed, progress=False)) == ("set", "failed")
