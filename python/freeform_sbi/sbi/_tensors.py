"""Torch where it is there: nothing here imports it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def is_tensor(value: Any) -> bool:
    """Whether this is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def like(array: np.ndarray, tensors: bool) -> Any:
    """The array, as a float32 tensor if tensors are spoken."""
    if not tensors:
        return array
    return sys.modules["torch"].as_tensor(array.astype(np.float32))


def fresh_seed() -> int:
    """A seed from the global generator, torch's where it is there: `manual_seed` fixes what follows."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.randint(0, 2**62, (1,)).item())
    return int(np.random.randint(0, 2**62, dtype=np.int64))
