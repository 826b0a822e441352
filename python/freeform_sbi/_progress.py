"""What a person sees while work goes on: a bar in a terminal or a notebook, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import Any

REFRESH = 0.2
LOG_EVERY = 15.0
WIDTH = 24


def in_notebook() -> bool:
    """Whether output goes to a notebook's cell."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


class Progress:
    """A bar over work of a known size; `with` takes it off the screen at the end."""

    def __init__(self, label: str, show: bool) -> None:
        self.label = label
        self.started = time.monotonic()
        self.shown = self.started - (REFRESH if show else 0)
        self.notebook = show and in_notebook()
        self.terminal = show and not self.notebook and sys.stderr.isatty()
        self.log = show and not self.notebook and not self.terminal
        self.handle: Any = None
        self.logged = self.started

    def update(self, done: int, total: int, note: str = "") -> None:
        """Shows that `done` of `total` are done, at most five times a second."""
        now = time.monotonic()
        if self.terminal or self.notebook:
            if now - self.shown >= REFRESH:
                self.shown = now
                self._draw(done, total, note)
        elif self.log and now - self.logged >= LOG_EVERY:
            self.logged = now
            print(self._text(done, total, note), file=sys.stderr, flush=True)

    def _text(self, done: int, total: int, note: str) -> str:
        passed = time.monotonic() - self.started
        left = passed * (total - done) / done if done else None
        times = f"{passed:.0f} s" + (f", {left:.0f} s left" if left is not None else "")
        share = min(done / total, 1.0) if total else 0.0
        return f"{self.label} {100 * share:3.0f}% ({times}) {note}".rstrip()

    def _draw(self, done: int, total: int, note: str) -> None:
        text = self._text(done, total, note)
        if self.terminal:
            full = min(WIDTH, WIDTH * done // total) if total else 0
            bar = "█" * full + "░" * (WIDTH - full)
            print(f"\r\x1b[2K{bar} {text}", end="", file=sys.stderr, flush=True)
            return
        self._html(f"<progress max='{max(total, 1)}' value='{done}'></progress> {text}")

    def _html(self, html: str) -> None:
        shown = import_module("IPython.display")
        if self.handle is None:
            self.handle = shown.display(shown.HTML(html), display_id=True)
        else:
            self.handle.update(shown.HTML(html))

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self.terminal:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
        if self.handle is not None:
            how = "done" if kind is None else "stopped"
            self._html(f"{self.label}: {how} after {time.monotonic() - self.started:.1f} s")
