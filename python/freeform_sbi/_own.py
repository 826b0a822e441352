"""Laws of one's own: two callables."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from . import _native


class Own:
    """A law of one's own, for `Prior({("a", "b"): Own(...)})`.

    `sample(rng)` draws one θ `[d]` with the numpy Generator that it is given and nothing else;
    `log_prob(theta)` is the normalised log-density at one θ `[d]`, `-inf` where it is 0. `low` and
    `high` are bounds, one a parameter, or one for all. Both are held against each other when the prior
    is built: a density that is not that of the draws is an error.

    Models name the law by its `name`: to load one, build the prior first.
    """

    def __init__(
        self,
        name: str,
        sample: Callable[[np.random.Generator], ArrayLike],
        log_prob: Callable[[np.ndarray], Any],
        low: float | Sequence[float] = -np.inf,
        high: float | Sequence[float] = np.inf,
    ) -> None:
        self.name, self.sample, self.log_prob = str(name), sample, log_prob
        self.low, self.high = low, high

    def _register(self, names: Sequence[str]) -> dict[str, Any]:
        """Makes it known as the law of these parameters."""
        dim = len(names)

        def drawn(seed: int) -> list[float]:
            theta = np.asarray(self.sample(np.random.default_rng(seed)), dtype=float).ravel()
            if theta.size != dim:
                raise ValueError(
                    f"{self.name}: sample gave {theta.size} numbers for the parameters {list(names)}"
                )
            return theta.tolist()

        def density(theta: list[float]) -> float:
            return float(np.asarray(self.log_prob(np.array(theta)), dtype=float))

        # What fails is heard here, with the caller's own traceback.
        density(drawn(0))
        bounds = (np.broadcast_to(np.asarray(end, dtype=float), dim) for end in (self.low, self.high))
        low, high = (end.tolist() for end in bounds)
        _native.register_law(self.name, list(names), low, high, drawn, density)
        return {"distribution": "own", "law": self.name}

    def __repr__(self) -> str:
        return f"Own({self.name!r})"
