"""Priors and simulators as sbi prepares them."""

from __future__ import annotations

import sys
from typing import Any, Callable

import numpy as np

from .._arrays import numbers, table
from .._distributions import Uniform
from .._prior import Prior, as_prior
from ._tensors import fresh_seed, is_tensor, like


class TensorPrior:
    """A prior of ours that samples and is evaluated as torch's distributions are."""

    def __init__(self, prior: Prior, tensors: bool) -> None:
        self.prior = prior
        self.tensors = tensors

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draws `[*sample_shape, D]`."""
        shape = tuple(sample_shape)
        n = int(np.prod(shape)) if shape else 1
        draws = self.prior.sample(n, fresh_seed())
        return like(draws.reshape(*shape, self.prior.dim), self.tensors)

    def log_prob(self, theta: Any) -> Any:
        """log p(θ) of each row."""
        found = self.prior.log_prob(table(theta, "theta", self.prior.dim))
        return like(found, self.tensors or is_tensor(theta))


class BoxUniform(TensorPrior):
    """Independent uniform parameters between `low` and `high`, `[D]` each."""

    def __init__(self, low: Any, high: Any, reinterpreted_batch_ndims: int = 1, device: str = "cpu"):
        bounds = np.broadcast_arrays(
            np.atleast_1d(numbers(low, "low")), np.atleast_1d(numbers(high, "high"))
        )
        laws = [Uniform(float(a), float(b)) for a, b in zip(*bounds)]
        super().__init__(Prior(laws), "torch" in sys.modules)
        self.low, self.high = (like(bound, self.tensors) for bound in bounds)


def process_prior(prior: Any, *_: Any, **__: Any) -> tuple[Any, int, bool]:
    """The prior, its number of parameters, and whether it gives numpy arrays."""
    read = as_prior(prior)
    if hasattr(prior, "log_prob") and hasattr(prior, "sample") and not isinstance(prior, Prior):
        return prior, read.dim, "torch" not in sys.modules
    return TensorPrior(read, "torch" in sys.modules), read.dim, "torch" not in sys.modules


def process_simulator(
    user_simulator: Callable[..., Any], prior: Any = None, is_numpy_simulator: bool = False
) -> Callable[..., Any]:
    """The simulator, given arrays where it expects them; batches are found out later."""
    if not is_numpy_simulator:
        return user_simulator

    def with_arrays(theta: Any) -> Any:
        return like(numbers(user_simulator(numbers(theta, "theta")), "x"), is_tensor(theta))

    return with_arrays


def check_sbi_inputs(simulator: Callable[..., Any], prior: Any) -> None:
    """Whether the simulator takes a draw of the prior."""
    simulator(prior.sample((1,)))
