"""What users hand in, as numpy arrays that the compiled half takes."""

from __future__ import annotations

from typing import Any

import numpy as np


def numbers(value: Any, name: str) -> np.ndarray:
    """An array of float32 or float64 from whatever holds numbers: numpy, lists, torch, pandas."""
    if hasattr(value, "detach"):  # A torch tensor, perhaps with a gradient or on a device.
        value = value.detach().cpu().numpy()
    try:
        array = np.asarray(value)
    except ValueError as error:  # Rows of different lengths.
        raise ValueError(f"{name} is not an array: {error}") from None
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind == "O":
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if array.dtype.kind != "f":
        raise TypeError(f"{name} holds {array.dtype}, not real numbers")
    if array.dtype not in (np.float32, np.float64) or not array.dtype.isnative:
        return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    return array


def finite_rows(table: np.ndarray, gaps: bool = False) -> np.ndarray:
    """Which rows are finite, `[n]`; with `gaps`, but for NaN beside numbers."""
    if gaps:
        missing = np.isnan(table)
        return np.asarray((np.isfinite(table) | missing).all(axis=1) & ~missing.all(axis=1))
    return np.asarray(np.isfinite(table).all(axis=1))


def table(value: Any, name: str, columns: int | None = None) -> np.ndarray:
    """A table `[n, columns]`; one dimension is taken for a column, or for one row of `columns`."""
    array = numbers(value, name)
    if array.ndim == 1:
        array = array[None, :] if columns not in (None, 1) else array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; it must be [rows, columns]")
    if columns is not None and array.shape[1] != columns:
        raise ValueError(f"{name} has {array.shape[1]} columns, but must have {columns}")
    return array


def data(value: Any) -> tuple[np.ndarray, tuple[int, ...] | None]:
    """Data of simulations as a table `[n, C]`, and the lengths behind the first of an array `[n, T,
    channels]` or `[n, H, W, channels]`."""
    array = numbers(value, "x")
    if array.ndim not in (3, 4):
        return table(array, "x"), None
    if 0 in array.shape:
        raise ValueError(f"x has shape {array.shape}, which holds no numbers")
    return array.reshape(len(array), -1), array.shape[1:]


def observations(
    value: Any,
    columns: int,
    trial: int | None = None,
    shape: tuple[int, ...] | None = None,
) -> tuple[np.ndarray, bool]:
    """Observations `[m, columns]`, and whether there was but one, without an axis of its own. Of any
    number of trials, each of `trial` numbers, there may be another number of columns; where an
    observation has a `shape`, arrays may have it."""
    array = numbers(value, "x")
    if shape is not None and array.ndim > 1:
        own = (shape, shape[:-1]) if shape[-1] == 1 else (shape,)
        if array.shape in own:
            return array.reshape(1, -1), True
        if array.ndim > 2 and array.shape[1:] in own:
            array = array.reshape(len(array), -1)
        elif array.ndim > 2 and trial is None:
            raise ValueError(
                f"x has shape {array.shape}, but an observation has {own[-1]}, several (m, *{own[-1]})"
            )
    single = array.ndim < 2
    array = array.reshape(1, -1) if single else array
    if array.ndim != 2:
        raise ValueError(f"x has shape {array.shape}; it must be [{columns}] or [m, {columns}]")
    if array.shape[1] != columns and (trial is None or array.shape[1] % trial):
        raise ValueError(
            f"x has {array.shape[1]} numbers, but the posterior was trained on {columns}"
        )
    if array.shape[0] == 0:
        raise ValueError("x holds no observation")
    return array, single


def count(value: Any, name: str, least: int = 1) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        if not (isinstance(value, float) and value.is_integer()):
            raise TypeError(f"{name} must be a whole number, not {value!r}")
    whole = int(value)
    if whole < least:
        raise ValueError(f"{name} = {whole} must be at least {least}")
    return whole


def seed_number(value: Any, name: str = "seed") -> int:
    """A seed: a whole number from 0 to 2⁶⁴ − 1."""
    whole = count(value, name, least=0)
    if whole >= 1 << 64:
        raise ValueError(f"{name} = {whole} must be below 2**64")
    return whole
