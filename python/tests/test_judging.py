"""C2ST, calibration, coverage, tasks, references, plots, ArviZ."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ElementTree

import freeform_sbi as ff
import numpy as np
import pytest
from conftest import linear_gaussian


def test_c2st_of_known_distributions():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    same = ff.c2st(rng.normal(size=(2000, 2)), rng.normal(size=(2000, 2)))
    assert abs(same - 0.5) < 0.03
    shifted = rng.normal(size=(4000, 1)) + 2
    # The best classifier of N(0, 1) and N(2, 1) is right with probability Φ(1).
    for classifier in ("mlp", "logistic"):
        found = ff.c2st(rng.normal(size=(4000, 1)), shifted, classifier=classifier)
        assert found == pytest.approx(stats.norm.cdf(1), abs=0.02)
    for error, message, call in [
        (ValueError, "y has 2 columns, but must have 1", lambda: ff.c2st(shifted, np.zeros((9, 2)))),
        (ValueError, "rows", lambda: ff.c2st(shifted[:3], shifted)),
        (ValueError, 'classifier: "tree"', lambda: ff.c2st(shifted, shifted, classifier="tree")),
    ]:
        with pytest.raises(error, match=message):
            call()


def test_calibration_is_the_command_lines(posterior, freeform, tmp_path):
    theta, x = linear_gaussian(300, seed=9)
    fresh = ff.Simulations(theta.astype(np.float32), x.astype(np.float32))
    fresh.save(tmp_path / "fresh.npz")
    posterior.save(tmp_path / "model")
    command = [freeform, "calibrate", tmp_path / "model", "--simulations", tmp_path / "fresh.npz"]
    subprocess.run([*command, "--seed", "11"], check=True, capture_output=True)
    theirs = json.loads((tmp_path / "model" / "calibration.json").read_text())
    ours = ff.sbc(posterior, fresh, seed=11, progress=False)
    assert ours.counts == [p["counts"] for p in theirs["parameters"]]
    assert ours.p_value == pytest.approx(theirs["p_value"])
    assert ours.deviation == pytest.approx(theirs["coverage_deviation"])
    np.testing.assert_allclose(np.column_stack([ours.levels, ours.coverage]), theirs["coverage"])
    levels, coverage = ff.coverage(posterior, fresh, seed=11, progress=False)
    np.testing.assert_array_equal(coverage, ours.coverage)
    assert ours.calibrated


def test_a_wrong_posterior_is_found_out(posterior):
    theta, x = linear_gaussian(500, seed=9)
    assert not ff.sbc(posterior, theta=theta, x=2 * x, progress=False).calibrated


def test_tasks_and_their_references():
    assert len(ff.tasks()) == 10
    task = ff.task("gaussian_linear")
    assert (task.dim, task.data_dim) == (10, 10)
    x = task.observation(3)
    draws = ff.reference(task, 20_000, observation=3)
    # Prior and noise have variance 0.1: the posterior is N(x / 2, 0.05 I).
    np.testing.assert_allclose(draws.mean(axis=0), x / 2, atol=0.01)
    np.testing.assert_allclose(draws.var(axis=0), 0.05, rtol=0.05)
    np.testing.assert_array_equal(ff.reference("gaussian_linear", 20_000, x=x), draws)
    assert task.true_parameters(3).shape == (10,)
    with pytest.raises(ValueError, match="did you mean|gaussian_linear"):
        ff.task("gausian_linear")
    with pytest.raises(ValueError, match="no observation 11"):
        task.observation(11)


def texts(svg):
    return " ".join(e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text"))


def test_plots_are_drawings_with_names(posterior, tmp_path):
    draws = posterior.sample(500, x=[0, 0])
    figure = ff.pairplot(draws, names=posterior.names, reference=draws[::2], truth=[0, 0], title="T")
    figure.save(tmp_path / "pairs.svg")
    written = texts((tmp_path / "pairs.svg").read_text())
    assert "a" in written.split() and "b" in written.split() and "T" in written.split()
    assert figure._repr_svg_() == figure.svg
    theta, x = linear_gaussian(100, seed=9)
    calibration = ff.sbc(posterior, theta=theta, x=x, progress=False)
    assert "100 fresh simulations" in texts(calibration._repr_svg_())
    for message, call in [
        ("must end in .svg", lambda: figure.save(tmp_path / "pairs.png")),
        ("3 names|names", lambda: ff.pairplot(draws, names=["a", "b", "c"])),
        ("truth", lambda: ff.pairplot(draws, truth=[0, 0, 0])),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_arviz_knows_names_draws_and_data(posterior):
    try:
        import arviz
    except ImportError:
        arviz = pytest.importorskip("arviz_base")
    x = [0.5, -0.5]
    simulated = np.zeros((400, 2))
    data = posterior.to_arviz(x, 400, seed=3, posterior_predictive=simulated)
    assert data.posterior["a"].shape == (4, 100)
    np.testing.assert_array_equal(
        data.posterior["b"].values.ravel(), posterior.sample(400, x=x, seed=3)[:, 1]
    )
    np.testing.assert_array_equal(data.observed_data["x"].values, x)
    assert data.posterior_predictive["x"].shape == (4, 100, 2)
    assert data.prior["a"].shape == (4, 100)
    if hasattr(arviz, "summary"):
        assert list(arviz.summary(data).index) == ["a", "b"]
    with pytest.raises(ValueError, match="n = 401 draws do not split"):
        posterior.to_arviz(x, 401)


def test_arviz_1_takes_all_groups_as_one_mapping(posterior, monkeypatch):
    import sys
    import types

    given = []
    module = types.ModuleType("arviz")
    module.from_dict = lambda groups: given.append(groups)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "arviz", module)
    posterior.to_arviz([0, 0], 100, prior=False)
    assert set(given[0]) == {"posterior", "sample_stats", "observed_data"}
