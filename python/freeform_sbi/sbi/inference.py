"""Neural posterior estimation under sbi's names."""

from __future__ import annotations

import warnings
from typing import Any, Callable

import numpy as np

from .._arrays import numbers, observations, table
from .._fit import fit
from .._posterior import Posterior
from .._prior import Prior, as_prior
from .._simulate import simulate_at
from .._simulations import Simulations
from ._tensors import fresh_seed, is_tensor, like
from .utils import TensorPrior

SETTINGS = {
    "training_batch_size": "training.batch_size",
    "learning_rate": "optimizer.learning_rate",
    "validation_fraction": "training.validation_fraction",
    "stop_after_epochs": "training.patience",
    "max_num_epochs": "training.max_epochs",
    "clip_max_norm": "optimizer.clip_norm",
}
"""sbi's arguments of `train`, and the settings that they are here."""
WITHOUT_EFFECT = {
    "resume_training",
    "force_first_round_loss",
    "discard_prior_samples",
    "use_combined_loss",
    "retrain_from_scratch",
    "show_train_summary",
    "dataloader_kwargs",
    "calibration_kernel",
    "ema_loss_decay",
}


class NPE:
    """Learns p(θ | x); rounds that simulate anew for one observation are not among its ways."""

    def __init__(
        self,
        prior: Any = None,
        density_estimator: Any = None,
        device: str = "cpu",
        logging_level: Any = None,
        summary_writer: Any = None,
        tracker: Any = None,
        show_progress_bars: bool = True,
        *,
        preset: str = "recommended",
        settings: Any = None,
        seed: int | None = None,
    ) -> None:
        if density_estimator is not None:
            warnings.warn(
                f"density_estimator = {density_estimator!r} is not used: free-form flows are; choose "
                "their network with settings",
                stacklevel=2,
            )
        self._prior: Prior | None = None if prior is None else as_prior(prior)
        self._options = {"device": device, "preset": preset, "progress": show_progress_bars}
        self._settings, self._seed = settings, seed
        self._tables: list[tuple[np.ndarray, np.ndarray]] = []
        self._tensors = False
        self._posterior: Posterior | None = None

    def append_simulations(
        self,
        theta: Any,
        x: Any,
        proposal: Any = None,
        exclude_invalid_x: bool | None = None,
        from_round: int = 0,
        data_device: str | None = None,
    ) -> NPE:
        """Adds simulations, theta `[n, D]` drawn from the prior and x `[n, C]`."""
        if proposal is not None and from_round != 0:
            raise ValueError("proposal: theta must come from the prior; rounds are not supported")
        if isinstance(proposal, DirectPosterior):
            raise ValueError("proposal: theta must come from the prior, not from a posterior")
        self._tensors = self._tensors or is_tensor(theta) or is_tensor(x)
        data = numbers(x, "x")
        flat = data.reshape(len(data), -1) if data.ndim > 1 else data
        pair = Simulations(table(theta, "theta"), table(flat, "x"))
        self._tables.append((pair.theta, pair.x))
        return self

    def train(self, **arguments: Any) -> Posterior:
        """Trains on all simulations. sbi's arguments that have a meaning here are settings."""
        if self._prior is None:
            raise ValueError("prior: NPE(prior) needs the prior that theta was drawn from")
        if not self._tables:
            raise ValueError("there are no simulations; call append_simulations first")
        settings: dict[str, Any] = {}
        for name, value in arguments.items():
            if name in SETTINGS:
                most = 2**31 - 1
                settings[SETTINGS[name]] = min(value, most) if value is not None else 0.0
            elif name not in WITHOUT_EFFECT:
                known = ", ".join(sorted(SETTINGS))
                raise TypeError(f"train() has no argument {name}; those with an effect are {known}")
        own = self._settings
        if settings and own is not None and not isinstance(own, dict):
            raise TypeError("settings: give a dict where train() has arguments too")
        theta, x = (np.concatenate(parts) for parts in zip(*self._tables))
        self._posterior = fit(
            theta=theta,
            x=x,
            prior=self._prior,
            seed=fresh_seed() if self._seed is None else self._seed,
            settings={**(own or {}), **settings} if settings or isinstance(own, dict) else own,
            **self._options,  # type: ignore[arg-type]
        )
        return self._posterior

    def build_posterior(
        self, density_estimator: Posterior | None = None, prior: Any = None, **_: Any
    ) -> DirectPosterior:
        """The posterior of what was trained."""
        trained = self._posterior if density_estimator is None else density_estimator
        if trained is None:
            raise ValueError("nothing is trained yet; call train() first")
        return DirectPosterior(trained, self._tensors)


SNPE = NPE


class DirectPosterior:
    """A posterior that is asked as sbi's are."""

    def __init__(self, posterior: Posterior, tensors: bool) -> None:
        self.posterior = posterior
        self._tensors = tensors
        self._x: Any = None

    def set_default_x(self, x: Any) -> DirectPosterior:
        """The observation that is meant where none is given."""
        self._x = x
        return self

    @property
    def default_x(self) -> Any:
        """That observation."""
        return self._x

    def _observed(self, x: Any, single: bool) -> tuple[np.ndarray, bool]:
        chosen = self._x if x is None else x
        if chosen is None:
            raise ValueError("x: give an observation, or set_default_x first")
        known = self.posterior
        rows, _ = observations(chosen, known.data_dim, known.trial_dim, known.x_shape)
        if single and len(rows) != 1:
            raise ValueError(f"x holds {len(rows)} observations; use sample_batched")
        return rows, self._tensors or is_tensor(chosen)

    def sample(
        self, sample_shape: Any = (), x: Any = None, *, seed: int | None = None, **_: Any
    ) -> Any:
        """Draws `[*sample_shape, D]`."""
        rows, tensors = self._observed(x, single=True)
        shape = tuple(sample_shape)
        seed = fresh_seed() if seed is None else seed
        draws = self.posterior.sample(int(np.prod(shape)) if shape else 1, rows[0], seed=seed)
        return like(draws.reshape(*shape, self.posterior.dim), tensors)

    def sample_batched(
        self, sample_shape: Any, x: Any = None, *, seed: int | None = None, **_: Any
    ) -> Any:
        """Draws `[*sample_shape, m, D]` for observations `[m, C]`."""
        rows, tensors = self._observed(x, single=False)
        shape = tuple(sample_shape)
        seed = fresh_seed() if seed is None else seed
        draws = self.posterior.sample(int(np.prod(shape)) if shape else 1, rows, seed=seed)
        swapped = np.ascontiguousarray(draws.swapaxes(0, 1))
        return like(swapped.reshape(*shape, len(rows), self.posterior.dim), tensors)

    def log_prob(
        self, theta: Any, x: Any = None, norm_posterior: bool = True, **_: Any
    ) -> Any:
        """log p(θ | x) of each row of theta."""
        rows, tensors = self._observed(x, single=True)
        points = table(theta, "theta", self.posterior.dim)
        found = self.posterior.log_prob(points, rows[0], normalized=norm_posterior)
        return like(found, tensors or is_tensor(theta))

    def map(self, x: Any = None, num_init_samples: int = 10_000, **_: Any) -> Any:
        """The draw of highest density among `num_init_samples`, `[1, D]`."""
        rows, tensors = self._observed(x, single=True)
        draws = self.posterior.sample(num_init_samples, rows[0], seed=fresh_seed())
        density = self.posterior.log_prob(draws, rows[0], normalized=False)
        return like(draws[[int(density.argmax())]], tensors)


class _Tensors:
    """Hands a simulator tensors."""

    def __init__(self, simulator: Callable[..., Any]) -> None:
        self.simulator = simulator

    def __call__(self, theta: np.ndarray) -> Any:
        return self.simulator(like(theta, True))


def simulate_for_sbi(
    simulator: Callable[..., Any],
    proposal: Any,
    num_simulations: int,
    num_workers: int = 1,
    simulation_batch_size: int | None = None,
    seed: int | None = None,
    show_progress_bar: bool = True,
    **_: Any,
) -> tuple[Any, Any]:
    """theta drawn from the prior, and x simulated at each; failed simulations are left out of both."""
    drawn = proposal if hasattr(proposal, "log_prob") else None
    if drawn is None or isinstance(drawn, Prior):
        drawn = TensorPrior(as_prior(proposal), False)
    seed = fresh_seed() if seed is None else seed
    theta = drawn.sample((num_simulations,))
    tensors = is_tensor(theta)
    found = simulate_at(
        _Tensors(simulator) if tensors else simulator,
        theta,
        seed=seed,
        workers=num_workers,
        max_failure_share=0.99,
        progress=show_progress_bar,
    )
    return like(found.theta, tensors), like(found.x, tensors)
