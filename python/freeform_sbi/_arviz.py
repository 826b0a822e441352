"""Posteriors as ArviZ knows them."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Mapping

import numpy as np

from ._arrays import count, numbers, observations
from ._posterior import Posterior


def to_arviz(
    posterior: Posterior,
    x: Any,
    n: int = 2000,
    *,
    seed: int = 1,
    chains: int = 4,
    prior: bool = True,
    posterior_predictive: Any = None,
) -> Any:
    """`n` draws for one observation with their log-density, as an ArviZ `DataTree` (ArviZ 1) or
    `InferenceData` (before).

    Draws are independent, or nearly so; `chains` splits them for the tools that expect several. Data
    simulated at the draws, `[n, C]`, go along as `posterior_predictive`; draws from the prior unless
    `prior` is False.
    """
    row, _ = observations(x, posterior.data_dim, posterior.trial_dim, posterior.x_shape)
    if len(row) != 1:
        raise ValueError(f"x holds {len(row)} observations; give one")
    n, chains = count(n, "n"), count(chains, "chains")
    if n % chains:
        raise ValueError(f"n = {n} draws do not split into {chains} chains of equal length")
    draws = posterior.sample(n, row[0], seed=seed)
    density = posterior.log_prob(draws, row[0], seed=seed)
    groups: dict[str, Mapping[str, np.ndarray]] = {
        "posterior": _columns(posterior.names, draws, chains),
        "sample_stats": {"lp": density.reshape(chains, -1)},
        "observed_data": {"x": row[0].astype(np.float64)},
    }
    if posterior_predictive is not None:
        simulated = numbers(posterior_predictive, "posterior_predictive")
        if simulated.shape != (n, posterior.data_dim):
            raise ValueError(
                f"posterior_predictive has shape {simulated.shape}; it must be "
                f"[{n}, {posterior.data_dim}]"
            )
        groups["posterior_predictive"] = {"x": simulated.reshape(chains, -1, posterior.data_dim)}
    if prior:
        groups["prior"] = _columns(posterior.names, posterior.prior.sample(n, seed), chains)
    return _converted(groups)


def _columns(names: list[str], table: np.ndarray, chains: int) -> dict[str, np.ndarray]:
    wide = table.astype(np.float64)
    return {name: wide[:, column].reshape(chains, -1) for column, name in enumerate(names)}


def _converted(groups: dict[str, Mapping[str, np.ndarray]]) -> Any:
    """By whichever ArviZ is there: 1 takes the groups as one mapping, earlier ones by name."""
    for package in ("arviz", "arviz_base"):
        try:
            arviz: Any = import_module(package)
        except ImportError:
            continue
        if hasattr(arviz, "InferenceData"):
            return arviz.from_dict(**groups)
        return arviz.from_dict(groups)
    raise ImportError("to_arviz needs ArviZ: pip install arviz")
