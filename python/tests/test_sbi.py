"""sbi's ways, with arrays, and with tensors where torch is there."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import NOISE, QUICK, linear_gaussian
from freeform_sbi._prior import as_prior
from freeform_sbi.sbi import BoxUniform, simulate_for_sbi
from freeform_sbi.sbi.inference import NPE


def test_the_tutorials_way(prior):
    theta, x = linear_gaussian(2000)
    inference = NPE(prior, show_progress_bars=False, settings=QUICK, seed=1)
    estimator = inference.append_simulations(theta[:1000], x[:1000]).append_simulations(
        theta[1000:], x[1000:]
    ).train(max_num_epochs=50, training_batch_size=100)
    assert estimator.settings["training"]["max_epochs"] == 50
    posterior = inference.build_posterior(estimator).set_default_x([[0.8, -0.4]])
    draws = posterior.sample((100, 50))
    assert draws.shape == (100, 50, 2)
    centre = np.array([0.8, -0.4]) / (1 + NOISE**2)
    np.testing.assert_allclose(draws.mean(axis=(0, 1)), centre, atol=0.08)
    assert posterior.log_prob(draws[0]).shape == (50,)
    assert posterior.sample_batched((10,), x=x[:3]).shape == (10, 3, 2)
    np.testing.assert_allclose(posterior.map()[0], centre, atol=0.3)
    assert posterior.sample().shape == (2,)


def test_a_seeded_script_repeats_itself(prior):
    theta, x = linear_gaussian(400)

    def script():
        np.random.seed(3)
        inference = NPE(prior, show_progress_bars=False, settings=QUICK)
        inference.append_simulations(theta, x).train(max_num_epochs=3)
        return inference.build_posterior().sample((20,), x=[0, 0])

    np.testing.assert_array_equal(script(), script())


def test_boxes_and_simulations():
    box = BoxUniform(low=[-1, 0], high=[1, 3])
    theta, x = simulate_for_sbi(lambda t: t + 1, box, 300, seed=1, show_progress_bar=False)
    np.testing.assert_allclose(np.asarray(x), np.asarray(theta) + 1, rtol=1e-6)
    assert np.asarray(theta).min(axis=0)[1] > 0 and np.asarray(theta).max() > 2.5
    np.testing.assert_allclose(np.asarray(box.log_prob([[0, 1], [0, 4]])), [-np.log(6), -np.inf])


def test_errors_name_the_argument(prior):
    theta, x = linear_gaussian(300)
    inference = NPE(prior)
    for error, message, call in [
        (ValueError, "no simulations", lambda: NPE(prior).train()),
        (ValueError, "nothing is trained", lambda: inference.build_posterior()),
        (TypeError, "no argument epochs", lambda: NPE(prior).append_simulations(theta, x).train(epochs=3)),
        (ValueError, "prior: NPE", lambda: NPE().append_simulations(theta, x).train()),
        (ValueError, "rows", lambda: inference.append_simulations(theta, x[1:])),
    ]:
        with pytest.raises(error, match=message):
            call()
    with pytest.warns(UserWarning, match="density_estimator = 'maf' is not used"):
        NPE(prior, density_estimator="maf")


def test_sbis_own_priors_are_read():
    torch = pytest.importorskip("torch")
    utils = pytest.importorskip("sbi.utils")
    checks = pytest.importorskip("sbi.utils.user_input_checks")
    box = utils.BoxUniform(low=-torch.ones(2), high=2 * torch.ones(2))
    gamma = torch.distributions.Gamma(torch.tensor([2.0]), torch.tensor([1.0]))
    several = checks.process_prior([gamma, box])[0]
    assert as_prior(several).support == [(0.0, float("inf")), (-1.0, 2.0), (-1.0, 2.0)]


def test_tensors_in_and_out():
    torch = pytest.importorskip("torch")
    prior = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))
    torch.manual_seed(0)
    theta = prior.sample((1000,))
    x = theta + NOISE * torch.randn_like(theta)
    inference = NPE(prior=prior, show_progress_bars=False, settings=QUICK)
    inference.append_simulations(theta, x).train()
    posterior = inference.build_posterior()
    draws = posterior.sample((2000,), x=torch.tensor([0.8, -0.4]))
    assert isinstance(draws, torch.Tensor) and draws.dtype == torch.float32
    assert (draws.mean(0) - torch.tensor([0.64, -0.32])).abs().max() < 0.1
    assert isinstance(posterior.log_prob(draws, x=[0.8, -0.4]), torch.Tensor)
    theta, x = simulate_for_sbi(lambda t: t + torch.randn_like(t), prior, 100, show_progress_bar=False)
    assert isinstance(x, torch.Tensor) and x.shape == (100, 2)
