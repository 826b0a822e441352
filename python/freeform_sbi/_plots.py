"""Plots: SVG that a notebook shows and that can be saved. No plotting library is needed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Callable, Sequence

from . import _native
from ._arrays import table


class Figure:
    """A drawing. A notebook shows it; `save` writes it."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes an `.svg` file."""
        target = Path(path)
        if target.suffix.lower() != ".svg":
            raise ValueError(f"path: {target} must end in .svg")
        target.write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg


def _drawn(draw: Callable[[Path], None]) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figure.svg")
        draw(path)
        return Figure(path.read_text(encoding="utf-8"))


def pairplot(
    draws: Any,
    *,
    names: Sequence[str] | None = None,
    reference: Any = None,
    truth: Any = None,
    title: str = "",
) -> Figure:
    """A corner plot of draws `[n, D]`: histograms and scatter, with reference draws and the true
    parameters `[D]` if given."""
    rows = table(draws, "draws")
    dim = rows.shape[1]
    names = [f"theta{i + 1}" for i in range(dim)] if names is None else list(map(str, names))
    other = None if reference is None else table(reference, "reference", dim)
    true = None if truth is None else table(truth, "truth", dim)
    if true is not None and len(true) != 1:
        raise ValueError(f"truth has shape {true.shape}; it must be [{dim}]")
    return _drawn(lambda path: _native.pair_plot(path, title, names, rows, other, true))


def calibration_figure(
    title: str,
    names: list[str],
    counts: list[list[int]],
    coverage: list[tuple[float, float]],
    simulations: int,
) -> Figure:
    """Coverage, and rank histograms."""
    return _drawn(
        lambda path: _native.calibration_plot(path, title, names, counts, coverage, simulations)
    )
