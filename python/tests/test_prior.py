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
    (ff.LogUniform(0.01, 10), stats.loguniform(0.01, 10)),
    (ff.HalfNormal(2), stats.halfnorm(scale=2)),
    (ff.HalfStudentT(1, 0.5), stats.halfcauchy(scale=0.5)),
    (ff.TruncatedNormal(1, 2, 0, 4), stats.truncnorm(-0.5, 1.5, 1, 2)),
    (ff.TruncatedNormal(1, 2, low=0), stats.truncnorm(-0.5, np.inf, 1, 2)),
    (ff.VonMises(0.5, 2), stats.vonmises(2, 0.5)),
]


def within(law, points):
    """scipy's angles, in the turn from −π to π."""
    turns = isinstance(law, ff.VonMises)
    return (points + np.pi) % (2 * np.pi) - np.pi if turns else points


@pytest.mark.parametrize(("law", "scipy_law"), LAWS)
def test_densities_and_draws_are_scipys(law, scipy_law):
    prior = ff.Prior(p=law)
    points = within(law, scipy_law.rvs(50, random_state=1))
    np.testing.assert_allclose(prior.log_prob(points[:, None]), scipy_law.logpdf(points), rtol=1e-9)
    draws = prior.sample(5000, seed=3)
    assert draws.dtype == np.float64 and draws.shape == (5000, 1)
    cdf = scipy_law.cdf
    if isinstance(law, ff.VonMises):
        # scipy's turn begins opposite to the location.
        def cdf(angle):
            return scipy_law.cdf(angle) - scipy_law.cdf(-np.pi)
    assert stats.kstest(draws[:, 0], cdf).pvalue > 1e-3


@pytest.mark.parametrize(("law", "scipy_law"), LAWS)
def test_scipys_distributions_are_read(law, scipy_law):
    points = within(law, scipy_law.rvs(20, random_state=2))[:, None]
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


def test_parts_side_by_side():
    prior = ff.Prior(
        {
            "tau": ff.HalfNormal(1.5),
            ("t1", "t2"): ff.Normal(0.5, "tau"),
            ("low", "high"): ff.Ordered(ff.Beta(2, 3)),
            ("a", "b"): ff.Dirichlet([1.5, 2, 0.8]),
            ("u", "v"): ff.MultivariateNormal([0, 1], [[1, 0.5], [0.5, 2]]),
        }
    )
    assert prior.names == ["tau", "t1", "t2", "low", "high", "a", "b", "u", "v"]
    theta = [0.7, 0.1, 2.0, 0.2, 0.6, 0.3, 0.5, 0.4, -1.0]
    expected = (
        stats.halfnorm(scale=1.5).logpdf(0.7)
        + stats.norm(0.5, 0.7).logpdf([0.1, 2.0]).sum()
        + stats.beta(2, 3).logpdf([0.2, 0.6]).sum()
        + np.log(2)
        + stats.dirichlet([1.5, 2, 0.8]).logpdf([0.3, 0.5, 0.2])
        + stats.multivariate_normal([0, 1], [[1, 0.5], [0.5, 2]]).logpdf([0.4, -1.0])
    )
    assert prior.log_prob([theta])[0] == pytest.approx(expected, abs=1e-9)
    assert pickle.loads(pickle.dumps(prior)) == prior
    with pytest.raises(ValueError, match='std = "tua".*did you mean "tau"'):
        ff.Prior({"tau": ff.HalfNormal(1), "t": ff.Normal(0, "tua")})
    with pytest.raises(ValueError, match="in a circle: a → b → a"):
        ff.Prior(a=ff.Normal("b", 1), b=ff.Normal("a", 1))


def test_categories():
    prior = ff.Prior(law=ff.Category([0.2, 0.8], ["even", "odd"]), size=ff.Normal(0, 1))
    assert prior.log_prob([[1.0, 0.3]])[0] == pytest.approx(np.log(0.8) + stats.norm.logpdf(0.3))
    assert prior.log_prob([[0.5, 0.3]])[0] == -np.inf
    shares = prior.probabilities(prior.sample(20_000))["law"]
    assert shares["even"] == pytest.approx(0.2, abs=0.01)
    assert pickle.loads(pickle.dumps(prior)) == prior
    three = ff.Prior({("a", "b"): ff.Category(labels=["0", "1", "2"])})
    assert three.log_prob([[0, 2]])[0] == pytest.approx(-2 * np.log(3))
    with pytest.raises(ValueError, match="law.*add up to 1"):
        ff.Prior(law=ff.Category([0.5, 0.6]))
    with pytest.raises(TypeError, match="list of texts"):
        ff.Category(labels="ab")
    with pytest.raises(TypeError, match="probabilities"):
        ff.Category()

    def simulator(theta, rng):
        return theta[:, :1] * 2 + theta[:, 1:] + rng.normal(size=(len(theta), 2))

    simulations = ff.simulate(simulator, prior, 1000, seed=1, batch=True)
    posterior = ff.fit(simulations, settings={"training.members": 2}, progress=False)
    x = [1.5, 2.0]
    # x is normal about 2 law, with variance 1 and correlation by size: covariance 1 + I.
    evidence = [
        share * stats.multivariate_normal([m, m], [[2, 1], [1, 2]]).pdf(x)
        for share, m in [(0.2, 0), (0.8, 2)]
    ]
    found = posterior.prior.probabilities(posterior.sample(4000, x))["law"]["odd"]
    assert found == pytest.approx(evidence[1] / sum(evidence), abs=0.06)


def test_a_law_of_ones_own():
    law = stats.gumbel_r(1, 2)
    own = ff.Own("gumbel", lambda rng: law.rvs(random_state=rng), lambda theta: law.logpdf(theta[0]))
    prior = ff.Prior({"g": own, "s": ff.Uniform(0, 1)})
    assert prior.log_prob([[0.3, 0.5]])[0] == pytest.approx(law.logpdf(0.3))
    draws = prior.sample(3000, seed=2)
    assert stats.kstest(draws[:, 0], law.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(ff.Prior.from_toml(prior.to_toml()).sample(20), prior.sample(20))
    wrong = ff.Own("wrong", own.sample, lambda theta: stats.norm(1, 2).logpdf(theta[0]))
    with pytest.raises(ValueError, match='"wrong" of g: its density'):
        ff.Prior({"g": wrong})
    with pytest.raises(ZeroDivisionError):
        ff.Prior({"g": ff.Own("broken", own.sample, lambda theta: 1 / 0)})
