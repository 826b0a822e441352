"""What tests share: a linear Gaussian model whose posterior is known, and a quick posterior of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import freeform_sbi as ff
import numpy as np
import pytest

QUICK = {
    "training.max_epochs": 60,
    "training.members": 1,
    "whitening.steps": 300,
    "posterior.correction": "off",
}
"""Settings for trainings that take a second."""
NOISE = 0.5


def linear_gaussian(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """θ ~ N(0, I), x = θ + N(0, NOISE² I)."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(n, 2))
    return theta, theta + NOISE * rng.normal(size=(n, 2))


@pytest.fixture(scope="session")
def prior() -> ff.Prior:
    return ff.Prior(a=ff.Normal(0, 1), b=ff.Normal(0, 1))


@pytest.fixture(scope="session")
def posterior(prior: ff.Prior) -> ff.Posterior:
    theta, x = linear_gaussian(2000)
    return ff.fit(theta=theta, x=x, prior=prior, seed=1, settings=QUICK, progress=False)


@pytest.fixture(scope="session")
def freeform() -> Path:
    """The command line's program."""
    import os

    named = os.environ.get("FREEFORM")
    built = Path(__file__).parents[2] / "target" / "release" / "freeform"
    found = named or (str(built) if built.exists() else shutil.which("freeform"))
    if found is None:
        pytest.skip("no program freeform: cargo build --release, or set FREEFORM")
    return Path(found)
