"""Posteriors: draws and densities for any observation."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from . import _native
from ._arrays import count, numbers, observations, seed_number, table
from ._prior import Prior


class Posterior:
    """p(θ | x) for any x; made by `fit` or `load`."""

    def __init__(self, native: _native.Posterior) -> None:
        self._native = native

    @property
    def prior(self) -> Prior:
        """The prior."""
        return Prior._of(self._native.prior)

    @property
    def names(self) -> list[str]:
        """Names of the parameters, in the order of the draws' columns."""
        return self._native.prior.names

    @property
    def dim(self) -> int:
        """Number of parameters, D."""
        return len(self.names)

    @property
    def data_dim(self) -> int:
        """Numbers in an observation, C."""
        return self._native.data_dim

    @property
    def trial_dim(self) -> int | None:
        """Numbers of a trial where an observation may have any number of them; else None."""
        return self._native.trial_dim

    @property
    def x_shape(self) -> tuple[int, ...] | None:
        """Lengths of an observation that is more than a vector: `(T, channels)`, or of an image `(H, W,
        channels)`; arrays of this shape are one observation."""
        shape = self._native.x_shape
        return None if shape is None else tuple(shape)

    @property
    def training(self) -> dict[str, Any]:
        """How the training went: flows, validation NLL, quality, the correction by a likelihood."""
        return dict(json.loads(self._native.training()))

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting that the training had, by section."""
        return dict(json.loads(self._native.settings()))

    def sample(self, n: int, x: Any, *, seed: int = 1, anyway: bool = False) -> np.ndarray:
        """`n` draws, all inside the prior's support: float32 (float64 where that would lose digits)
        `[n, D]` for an observation `[C]`, `[m, n, D]` for `[m, C]`. Observation i has the draws of
        `seed` + i.

        Draws that are worth less than they seem come with a warning. Where they would be worth next
        to nothing (x far outside everything simulated, a few points repeated) this raises a
        ValueError, unless `anyway`.
        """
        rows, single = observations(x, self.data_dim, self.trial_dim, self.x_shape)
        draws, remarks = self._native.sample(rows, count(n, "n"), seed_number(seed), bool(anyway))
        for remark in remarks:
            warnings.warn(remark, stacklevel=2)
        return draws[0] if single else draws

    def log_prob(
        self, theta: Any, x: Any, *, seed: int = 1, normalized: bool = True
    ) -> np.ndarray:
        """log p(θ | x) of each row of `theta` `[n, D]`, float64 `[n]`; −∞ outside the prior's support.

        For observations `[m, C]` the answer is `[m, n]`, and theta `[n, D]` or `[m, n, D]`. Without
        `normalized` a constant that depends on x alone is left out, which is much cheaper; `seed` is
        that of the draws which estimate it.
        """
        rows, single = observations(x, self.data_dim, self.trial_dim, self.x_shape)
        points = numbers(theta, "theta")
        if points.ndim == 3 and not single:
            if len(points) != len(rows):
                raise ValueError(f"theta has {len(points)} tables for {len(rows)} observations")
            each = [table(part, "theta", self.dim) for part in points]
        else:
            each = [table(points, "theta", self.dim)] * len(rows)
        seed = seed_number(seed)
        out = [
            self._native.log_prob(part, row[None], seed, normalized)
            for part, row in zip(each, rows)
        ]
        return out[0] if single else np.stack(out)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the folder that `load` and the command line read."""
        self._native.save(os.fspath(path))

    def to_arviz(self, x: Any, n: int = 2000, **options: Any) -> Any:
        """`n` draws for one observation as ArviZ knows them; see `freeform_sbi.to_arviz`."""
        from ._arviz import to_arviz

        return to_arviz(self, x, n, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory() as folder:
            self.save(folder)
            files = {file.name: file.read_bytes() for file in Path(folder).iterdir()}
        return _restore, (files,)

    def __repr__(self) -> str:
        return f"Posterior({', '.join(self.names)} given {self.data_dim} data)"


def _restore(files: dict[str, bytes]) -> Posterior:
    """The posterior that was pickled."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        return load(folder)


def load(path: str | os.PathLike[str], device: str = "cpu") -> Posterior:
    """The posterior in a folder that `save` or the command line wrote."""
    return Posterior(_native.Posterior.load(os.fspath(path), device))
