"""Learning a posterior from simulations."""

from __future__ import annotations

import json
import os
import warnings
from contextlib import nullcontext
from typing import Any, Callable, ContextManager, Mapping, NamedTuple, Union

import numpy as np

from . import _native
from ._arrays import finite_rows, seed_number, table
from ._checkpoints import session_checkpoints
from ._posterior import Posterior
from ._prior import as_prior
from ._progress import Progress
from ._simulations import Simulations

Settings = Union[Mapping[str, Any], str, "os.PathLike[str]", None]


class FitProgress(NamedTuple):
    """Where a fit stands; a function given as `progress` is called with it."""

    steps: int
    planned: int
    """Steps of all flows, unless they stop early."""
    flows: int
    """Flows begun."""
    members: int
    """Flows in all."""
    validation_nll: float | None
    """Mean over the posterior's flows, after their last finished epochs."""


def fit(
    simulations: Any = None,
    *,
    theta: Any = None,
    x: Any = None,
    prior: Any = None,
    seed: int = 1,
    preset: str = "recommended",
    settings: Settings = None,
    device: str = "cpu",
    checkpoints: str | os.PathLike[str] | bool | None = None,
    task: str | None = None,
    progress: bool | Callable[[FitProgress], None] = True,
) -> Posterior:
    """Learns p(θ | x) from simulations whose θ were drawn from `prior`.

    `simulations` come from `simulate`, or are the name of an `.npz` file; or give `theta` `[n, D]` and
    `x` `[n, C]`, or `[n, T, channels]`, or `[n, H, W, channels]`. `settings` replace the preset's: `{"training.max_epochs": 50}`, the same nested, or
    the name of a TOML file. What a `simulator.toml` says of x (its layout, missing numbers) holds where
    `simulate` ran it and the settings say nothing else. The same seed gives the same posterior, whatever the thread count, and the
    same as the command line's.

    Ctrl-C stops within a second. The same call then goes on where it was: from the folder
    `checkpoints`, or else as long as the process lives (`checkpoints=False`: not at all).
    """
    found = _simulations(simulations, theta, x)
    prior = found.prior if prior is None else as_prior(prior)
    if prior is None:
        raise ValueError("prior: give the prior that theta was drawn from")
    file, given = assignments(settings)
    stated = found.missing == "allowed" and 'transform.missing="failed"' not in given
    rows = _finite(found, stated or 'transform.missing="allowed"' in given or file is not None)
    arguments: dict[str, Any] = {
        "seed": seed_number(seed),
        "preset": preset,
        "file": file,
        "settings": given,
        "device": device,
        "task": found.task if task is None else task,
        "shape": None if found.shape is None else list(found.shape),
        "missing": found.missing,
    }
    folder: ContextManager[Any]
    if checkpoints is None or checkpoints is True:
        folder = session_checkpoints([prior.to_toml(), repr(arguments)], list(rows))
    else:
        folder = nullcontext(None if checkpoints is False else os.fspath(checkpoints))
    with Progress("training", progress is True) as bar, folder as path:

        def report(*standing: Any) -> None:
            now = FitProgress(*standing)
            if callable(progress):
                progress(now)
            judged = "" if now.validation_nll is None else f"NLL {now.validation_nll:.3f}"
            bar.update(now.steps, now.planned, f"{judged} {now.flows}/{now.members} flows")

        wanted = report if progress else None
        native = _native.fit(
            prior._native, *rows, **arguments, checkpoints=path, progress=wanted
        )
    for remark in json.loads(native.training()).get("remarks", []):
        warnings.warn(remark, stacklevel=2)
    return Posterior(native)


def _simulations(simulations: Any, theta: Any, x: Any) -> Simulations:
    if isinstance(simulations, (str, os.PathLike)):
        simulations = Simulations.load(simulations)
    if simulations is None:
        if theta is None or x is None:
            raise TypeError("give simulations, or theta and x")
        return Simulations(table(theta, "theta"), x)
    if theta is not None or x is not None:
        raise TypeError("give simulations, or theta and x, not both")
    if isinstance(simulations, Simulations):
        return simulations
    if isinstance(simulations, (tuple, list)) and len(simulations) == 2:
        return Simulations(*simulations)
    raise TypeError(
        f"simulations must come from ff.simulate or name an .npz file, not {type(simulations)}"
    )


def _finite(found: Simulations, gaps: bool) -> tuple[np.ndarray, np.ndarray]:
    """Theta and x as they are; the library leaves out what is not finite, which is said here."""
    theta, x = found.theta, found.x
    bad = ~(finite_rows(theta) & (finite_rows(x) | (gaps & ~np.isinf(x).any(axis=1))))
    if bad.any():
        text = f"{bad.sum()} of {len(theta)} simulations are not finite and are left out"
        if bad.all():
            raise ValueError("theta, x: no simulation is finite")
        if not gaps and finite_rows(x[bad], gaps=True).any():
            text += (
                '; if NaN in x means "not measured": settings={"transform.missing": "allowed"}'
            )
        warnings.warn(text, stacklevel=3)
    return theta, x


def assignments(settings: Settings) -> tuple[str | None, list[str]]:
    """A file of settings, or single ones as `section.key=value`."""
    if settings is None:
        return None, []
    if isinstance(settings, (str, os.PathLike)):
        return os.fspath(settings), []
    if not isinstance(settings, Mapping):
        raise TypeError(f"settings must be a mapping or the name of a TOML file, not {settings!r}")
    out = []
    for key, value in settings.items():
        entries = value.items() if isinstance(value, Mapping) else [(None, value)]
        for inner, setting in entries:
            name = str(key) if inner is None else f"{key}.{inner}"
            out.append(f"{name}={_toml(name, setting)}")
    return None, out


def _toml(name: str, value: Any) -> str:
    if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0:
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(name, one) for one in value) + "]"
    raise TypeError(
        f"settings: {name} is {value!r}; it must be a number, a text, True or False, or a list of these"
    )


