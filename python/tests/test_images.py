"""Arrays of more than two dimensions keep their shape."""

import numpy as np
import pytest

import freeform_sbi as ff

QUICK = {
    "training.members": 1,
    "training.max_epochs": 2,
    "whitening.steps": 1000,
    "whitening.width": 16,
}
PRIOR = ff.Prior(scale=ff.Uniform(0.5, 2.0))


def textures(n, shape):
    rng = np.random.default_rng(1)
    theta = PRIOR.sample(n, seed=1)
    return theta, theta.reshape(n, *[1] * len(shape)) * rng.normal(size=(n, *shape))


def test_images_are_asked_with_images():
    theta, x = textures(300, (6, 7, 2))
    color = ff.fit(theta=theta, x=x, prior=PRIOR, settings=QUICK, progress=False)
    assert color.settings["transform"]["layout"] == "image" and color.x_shape == (6, 7, 2)
    flat = color.sample(20, x[5].ravel())
    assert np.array_equal(color.sample(20, x[5]), flat)
    assert color.sample(20, x[5:8]).shape == (3, 20, 1)
    with pytest.raises(ValueError, match=r"\(7, 6, 2\).*\(6, 7, 2\)"):
        color.sample(20, x[5].transpose(1, 0, 2))
    # Of three dimensions it has to be said.
    image = {**QUICK, "transform.layout": "image"}
    gray = ff.fit(theta=theta, x=x[..., 0], prior=PRIOR, settings=image, progress=False)
    assert gray.x_shape == (6, 7, 1)
    told = {**QUICK, "transform.shape": [6, 7]}
    table = x[..., 0].reshape(300, -1)
    same = ff.fit(theta=theta, x=table, prior=PRIOR, settings=told, progress=False)
    draws = gray.sample(20, x[5, ..., 0])
    assert np.array_equal(draws, same.sample(20, x[5, ..., 0]))
    assert np.array_equal(draws, same.sample(20, x[5, ..., 0].ravel()))
    assert np.array_equal(gray.log_prob(theta[:4], x[5, ..., 0]), gray.log_prob(theta[:4], table[5]))


def test_files_keep_their_shape(tmp_path):
    theta, x = textures(50, (6, 7, 2))
    np.savez(tmp_path / "images.npz", theta=theta, x=x)
    found = ff.Simulations.load(tmp_path / "images.npz")
    assert found.shape == (6, 7, 2) and found.x.shape == (50, 84)
    np.savez(tmp_path / "series.npz", theta=theta, x=x[..., 0])
    assert ff.Simulations.load(tmp_path / "series.npz").shape == (6, 7)
    images = ff.Simulations(theta, x)
    assert images.shape == (6, 7, 2)
    images.save(tmp_path / "again.npz")
    again = np.load(tmp_path / "again.npz")
    assert np.array_equal(again["x"], x) and np.array_equal(again["theta"], theta)
    assert np.array_equal(ff.Simulations.load(tmp_path / "again.npz").x, images.x)
    with pytest.raises(FileNotFoundError):
        images.save(tmp_path / "nowhere" / "again.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.npz", "images.npz", "series.npz"]
    assert ff.Simulations(theta, x[:, 0, 0]).shape is None
