"""Plots under sbi's names."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Sequence

from .._plots import Figure
from .._plots import pairplot as draw
from .._progress import in_notebook


def pairplot(
    samples: Any, points: Any = None, labels: Sequence[str] | None = None, **_: Any
) -> tuple[Figure, None]:
    """A corner plot of the samples; `points` are true parameters. Shown at once in a notebook. What
    sbi's other arguments set (limits, sizes, colours) this plot finds by itself."""
    if isinstance(samples, (list, tuple)):
        samples, reference = samples[0], samples[1] if len(samples) > 1 else None
    else:
        reference = None
    figure = draw(samples, names=labels, reference=reference, truth=points)
    if in_notebook():
        import_module("IPython.display").display(figure)
    return figure, None
