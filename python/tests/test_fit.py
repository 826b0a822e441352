"""Posteriors against closed forms and the command line's bytes."""

from __future__ import annotations

import copy
import pickle
import subprocess

import freeform_sbi as ff
import numpy as np
import pytest
from conftest import NOISE, QUICK, linear_gaussian

SHRINK = 1 / (1 + NOISE**2)
"""The posterior is N(SHRINK · x, SHRINK · NOISE² I)."""


def exact_log_prob(theta, x):
    variance = SHRINK * NOISE**2
    square = ((theta - SHRINK * np.asarray(x)) ** 2).sum(axis=1)
    return -0.5 * square / variance - np.log(2 * np.pi * variance)


def test_draws_and_densities_of_a_linear_gaussian(posterior):
    x = [0.8, -0.4]
    draws = posterior.sample(20_000, x=x, seed=3)
    assert draws.dtype == np.float32 and draws.shape == (20_000, 2)
    np.testing.assert_allclose(draws.mean(axis=0), SHRINK * np.array(x), atol=0.08)
    np.testing.assert_allclose(draws.std(axis=0), np.sqrt(SHRINK) * NOISE, rtol=0.12)
    found = posterior.log_prob(draws[:500], x=x)
    assert found.dtype == np.float64
    assert np.abs(found - exact_log_prob(draws[:500], x)).mean() < 0.15
    assert posterior.names == ["a", "b"] and posterior.dim == posterior.data_dim == 2


def test_same_seed_same_bytes_as_the_command_line(freeform, tmp_path):
    theta, x = (table.astype(np.float32) for table in linear_gaussian(400))
    prior = ff.Prior(a=ff.Normal(0, 1), b=ff.Normal(0, 1))
    np.savez(tmp_path / "sims.npz", theta=theta, x=x)
    np.save(tmp_path / "x.npy", x[0])
    (tmp_path / "prior.toml").write_text(prior.to_toml())
    short = {"training": {"max_epochs": 3, "members": 2}, "whitening.steps": 50}
    flat = ["training.max_epochs=3", "training.members=2", "whitening.steps=50"]
    command = [freeform, "train", "--simulations", "sims.npz", "--prior", "prior.toml"]
    command += ["--seed", "7", "--out", "model", *(s for f in flat for s in ("--set", f))]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    command = [freeform, "sample", "model", "--observation", "x.npy", "-n", "500"]
    command += ["--seed", "3", "--out", "draws.npy"]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    command = [freeform, "log-prob", "model", "--observation", "x.npy", "--theta", "draws.npy"]
    subprocess.run([*command, "--out", "lp.npy"], check=True, capture_output=True, cwd=tmp_path)

    ours = ff.fit(theta=theta, x=x, prior=prior, seed=7, settings=short, progress=False)
    ours.save(tmp_path / "ours")
    weights = [(tmp_path / side / "weights.safetensors").read_bytes() for side in ("ours", "model")]
    assert weights[0] == weights[1]
    # A folder of the command line also says which run it is.
    named = ("description_blake3", "run =")
    lines = [(tmp_path / side / "model.toml").read_text().splitlines() for side in ("ours", "model")]
    kept = [[line for line in side if not line.startswith(named)] for side in lines]
    assert kept[0] == kept[1] and len(lines[1]) == len(lines[0]) + 1
    theirs = np.load(tmp_path / "draws.npy")
    for each in (ours, ff.load(tmp_path / "model")):
        np.testing.assert_array_equal(each.sample(500, x=x[0], seed=3), theirs)
        densities = each.log_prob(theirs, x=x[0])
        np.testing.assert_array_equal(densities, np.load(tmp_path / "lp.npy")[:, 0])


def test_layouts_and_types_change_nothing(prior):
    theta, x = (table.astype(np.float32) for table in linear_gaussian(300))
    short = {**QUICK, "training.max_epochs": 2}

    def draws(theta, x):
        fitted = ff.fit(theta=theta, x=x, prior=prior, settings=short, progress=False)
        return fitted.sample(50, x=[0, 0])

    expected = draws(theta, x)
    padded = np.zeros((300, 4), np.float32)
    padded[:, ::2] = x
    for other in [
        (theta.astype(np.float64), x.astype(np.float64)),
        (np.asfortranarray(theta), padded[:, ::2]),
        (theta.tolist(), x.astype(">f8")),
    ]:
        np.testing.assert_array_equal(draws(*other), expected)
    np.testing.assert_array_equal(draws(ff.Simulations(theta, x).theta, x), expected)


def test_many_observations_at_once(posterior):
    x = np.array([[0.8, -0.4], [0.0, 1.0], [2, 2]])
    draws = posterior.sample(100, x=x, seed=5)
    assert draws.shape == (3, 100, 2)
    for row in range(3):
        np.testing.assert_array_equal(draws[row], posterior.sample(100, x=x[row], seed=5 + row))
    densities = posterior.log_prob(draws, x=x)
    assert densities.shape == (3, 100)
    np.testing.assert_array_equal(densities[1], posterior.log_prob(draws[1], x=x[1]))
    assert posterior.log_prob(draws[0], x=x).shape == (3, 100)
    assert posterior.log_prob([0.1, 0.2], x=x[0]).shape == (1,)
    # One observation as a table of one row keeps its axis.
    assert posterior.sample(10, x=x[:1]).shape == (1, 10, 2)


def test_densities_are_normalized_inside_the_support():
    prior = ff.Prior(p=ff.Uniform(0, 1))
    theta = prior.sample(1500, seed=1)
    x = theta + 0.3 * np.random.default_rng(0).normal(size=theta.shape)
    short = {**QUICK, "transform.theta": "standardize"}
    fitted = ff.fit(theta=theta, x=x, prior=prior, settings=short, progress=False)
    grid = np.linspace(0, 1, 2001)
    density = np.exp(fitted.log_prob(grid, x=[0.05]))
    area = ((density[1:] + density[:-1]) / 2 * np.diff(grid)).sum()
    assert abs(area - 1) < 0.03
    loose = fitted.log_prob(grid, x=[0.05], normalized=False)
    assert np.ptp(loose - fitted.log_prob(grid, x=[0.05])) < 1e-6
    assert fitted.log_prob([1.5, -0.1], x=[0.05]).tolist() == [-np.inf, -np.inf]


def test_a_posterior_is_kept_by_folder_pickle_and_copy(posterior, tmp_path):
    posterior.save(tmp_path / "model")
    expected = posterior.sample(200, x=[1, 1])
    for again in (
        ff.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(posterior)),
        copy.deepcopy(posterior),
    ):
        np.testing.assert_array_equal(again.sample(200, x=[1, 1]), expected)
        assert again.prior == posterior.prior
    assert posterior.training["simulations"] == 2000
    assert posterior.settings["training"]["max_epochs"] == QUICK["training.max_epochs"]


def test_progress_is_told(prior):
    theta, x = linear_gaussian(500)
    told = []
    ff.fit(theta=theta, x=x, prior=prior, settings=QUICK, progress=told.append)
    last = told[-1]
    # One over either whitening.
    assert last.steps == last.planned > 0 and last.flows == last.members == 2
    assert all(a.steps <= b.steps for a, b in zip(told, told[1:]))


def test_unusable_rows_are_left_out_with_a_warning(prior):
    theta, x = linear_gaussian(400)
    x[3, 0] = np.nan
    with pytest.warns(UserWarning, match="1 of 400 simulations are not finite"):
        fitted = ff.fit(theta=theta, x=x, prior=prior, settings=QUICK, progress=False)
    assert fitted.training["simulations"] == 399


def test_errors_name_the_argument(posterior, prior, tmp_path):
    theta, x = linear_gaussian(300)

    def fit(**changes):
        options = {"theta": theta, "x": x, "prior": prior, "progress": False, **changes}
        return ff.fit(**options)

    for error, message, call in [
        (ValueError, "prior: give", lambda: fit(prior=None)),
        (TypeError, "prior: cannot read", lambda: fit(prior=3)),
        (TypeError, "theta and x", lambda: fit(x=None)),
        (ValueError, "theta has 300 rows, but x has 299", lambda: fit(x=x[1:])),
        (TypeError, "x holds <U1", lambda: fit(x=[["a"]] * 300)),
        (ValueError, "x has shape", lambda: fit(x=np.zeros((300, 2, 2, 2, 2)))),
        (ValueError, "loss.beta_strat=1: unknown key `loss.beta_strat`.*beta_start", lambda: fit(settings={"loss.beta_strat": 1})),
        (ValueError, "`loss.beta_start` is -2", lambda: fit(settings={"loss.beta_start": -2})),
        (TypeError, "settings: loss.beta_start is None", lambda: fit(settings={"loss.beta_start": None})),
        (FileNotFoundError, "settings: nowhere.toml", lambda: fit(settings="nowhere.toml")),
        (ValueError, "preset: \"best\"", lambda: fit(preset="best")),
        (ValueError, "device: `gpu`", lambda: fit(device="gpu")),
        (ValueError, "seed = -1", lambda: fit(seed=-1)),
        (TypeError, "seed must be a whole number", lambda: fit(seed="one")),
        (ValueError, "outside|support", lambda: fit(prior=ff.Prior(a=ff.Uniform(0, 1), b=ff.Normal(0, 1)))),
        (ValueError, "2 columns of theta, but the prior has 1 parameter", lambda: fit(prior=ff.Prior(a=ff.Normal(0, 1)))),
        (ValueError, "x has 3 numbers, but the posterior was trained on 2", lambda: posterior.sample(10, x=[1, 2, 3])),
        (ValueError, "x: number 1 of the observation is NaN", lambda: posterior.sample(10, x=[np.nan, 0])),
        (ValueError, "n = 0", lambda: posterior.sample(0, x=[0, 0])),
        (TypeError, "n must be a whole number", lambda: posterior.sample(2.5, x=[0, 0])),
        (ValueError, "theta has 3 columns, but must have 2", lambda: posterior.log_prob(np.zeros((4, 3)), x=[0, 0])),
        (TypeError, "x holds complex128", lambda: posterior.sample(1, x=[1j, 0])),
        (FileNotFoundError, "holds no posterior", lambda: ff.load(tmp_path)),
        (MemoryError, "do not fit", lambda: posterior.sample(10**18, x=[0, 0])),
    ]:
        with pytest.raises(error, match=message):
            call()
