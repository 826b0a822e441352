"""Where a fit that names no folder keeps its checkpoints: with the process, so that the same call
after Ctrl-C goes on where it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import numpy as np

_session: tuple[int, tempfile.TemporaryDirectory[str]] | None = None


def _folder() -> Path:
    """This process's folder, removed when it ends."""
    global _session
    if _session is None or _session[0] != os.getpid():
        _session = os.getpid(), tempfile.TemporaryDirectory(prefix="freeform-sbi-")
    return Path(_session[1].name)


@contextmanager
def session_checkpoints(texts: list[str], tables: list[np.ndarray]) -> Iterator[Path]:
    """A folder for the fit that these determine; what a finished one left goes."""
    digest = hashlib.blake2b("\0".join(texts).encode(), digest_size=16)
    for table in tables:
        digest.update(f"{table.shape} {table.dtype}".encode())
        digest.update(np.ascontiguousarray(table).data)
    folder = _folder() / digest.hexdigest()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
