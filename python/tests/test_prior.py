"""Priors against scipy's densities, and what can be read."""

from __future__ import annotations

import pickle

import freeform_sbi as ff
import numpy as np
import pytest

stats = pytest.importorskip("scipy.stats")

LAWS = [
    (ff.Uniform(-1, 3), stats.uniform(-1, 4)),
    (ff.Normal(2, 0.5), stats.norm(2, 0.5)),
    (ff.LogNormal(-0.9, 0.5), stats.lognorm(0.5, scale=np.exp(-0.9))),
    (ff.Exponential(3), stats.expon(scale=1 / 3)),
    (ff.Gamma(4, 0.5), stats.gamma(4, scale=2)),
    (ff.Beta(2, 5), stats.beta(2, 5)),
    (ff.StudentT(3, 1, 2), stats.t(3, 1, 2)),
]


@pytest.mark.parametrize(("law", "scipy_law"), LAWS)
def test_densities_and_draws_are_scipys(law, scipy_law):
    prior = ff.Prior(p=law)
    points = scipy_law.rvs(50, random_state=1)
    np.testing.assert_allclose(prior.log_prob(points[:, None]), scipy_law.logpdf(points), rtol=1e-9)
    draws = prior.sample(5000, seed=3)
    assert draws.dtype == np.float64 and draws.shape == (5000, 1)
    assert stats.kstest(draws[:, 0], scipy_law.cdf).pvalue > 1e-3


@pytest.mark.parametrize(("law", "scipy_law"), LAWS)
def test_scipys_distributions_are_read(law, scipy_law):
    points = scipy_law.rvs(20, random_state=2)[:, None]
    read = ff.Prior(p=scipy_law)
    np.testing.assert_allclose(read.log_prob(points), ff.Prior(p=law).log_prob(points), rtol=1e-9)


def test_scipys_joint_distributions_are_read():
    covariance = [[1.0, 0.3], [0.3, 0.5]]
    law = stats.multivariate_normal([1, 2], covariance)
    prior = ff.Prior(law, names=["a", "b"])
    points = law.rvs(20, random_state=1)
    np.testing.assert_allclose(prior.log_prob(points), law.logpdf(points), rtol=1e-9)
    assert prior.names == ["a", "b"]
    several = ff.Prior(stats.norm([0, 1, 2], [1, 2, 3]))
    assert several.names == ["theta1", "theta2", "theta3"]
    assert several.log_prob([[0, 1, 2]])[0] == pytest.approx(stats.norm.logpdf(0, 0, [1, 2, 3]).sum())


def test_what_cannot_be_read_is_named():
    for wrong, message in [
        (stats.cauchy(), "p: scipy.stats.cauchy is not among"),
        (3.0, "p: cannot read a prior from builtins.float"),
    ]:
        with pytest.raises(TypeError, match=message):
            ff.Prior(p=wrong)
    with pytest.raises(ValueError, match="p: scipy.stats.gamma: loc = 1.0"):
        ff.Prior(p=stats.gamma(2, loc=1))
    with pytest.raises(ValueError, match="give each its own"):
        ff.Prior(p=stats.norm([0, 1], 1))


def test_errors_name_parameter_and_value():
    with pytest.raises(ValueError, match='parameter "p": high = 0'):
        ff.Prior(p=ff.Uniform(1, 0))
    with pytest.raises(ValueError, match='"std".*nan|std = NaN'):
        ff.Prior(p=ff.Normal(0, float("nan")))
    with pytest.raises(ValueError, match="no parameters"):
        ff.Prior()
    with pytest.raises(ValueError, match="positive definite"):
        ff.Prior(ff.MultivariateNormal([0, 0], [[1, 2], [2, 1]]))
    with pytest.raises(ValueError, match="columns, but must have 1"):
        ff.Prior(p=ff.Normal(0, 1)).log_prob(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="n = 0"):
        ff.Prior(p=ff.Normal(0, 1)).sample(0)
    with pytest.raises(FileNotFoundError, match="nowhere.toml"):
        ff.Prior.read("nowhere.toml")


def test_a_prior_is_kept_by_text_file_and_pickle(tmp_path):
    prior = ff.Prior({"a": ff.LogNormal(-0.9, 0.5), "names": ff.Uniform(0, 1)})
    (tmp_path / "prior.toml").write_text(prior.to_toml())
    for again in (ff.Prior.read(tmp_path / "prior.toml"), pickle.loads(pickle.dumps(prior))):
        assert again == prior and again.names == ["a", "names"]
        np.testing.assert_array_equal(again.sample(10, seed=4), prior.sample(10, seed=4))
    assert prior.support == [(0.0, float("inf")), (0.0, 1.0)]
    assert ff.Prior(names=ff.Normal(0, 1)).names == ["names"]


def test_torchs_distributions_are_read():
    torch = pytest.importorskip("torch")
    from torch import distributions as td

    box = td.Independent(td.Uniform(torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 2.0])), 1)
    assert ff.Prior(box).support == [(-1.0, 1.0), (0.0, 2.0)]
    covariance = torch.tensor([[1.0, 0.3], [0.3, 0.5]])
    normal = td.MultivariateNormal(torch.zeros(2), covariance)
    points = normal.sample((10,))
    np.testing.assert_allclose(
        ff.Prior(normal).log_prob(points), normal.log_prob(points).numpy(), rtol=1e-4
    )
    gamma = td.Gamma(torch.tensor(2.0), torch.tensor(3.0))
    assert ff.Prior(rate=gamma).log_prob([[0.5]])[0] == pytest.approx(
        float(gamma.log_prob(torch.tensor(0.5))), rel=1e-5
    )
