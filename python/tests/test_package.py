"""The package itself: stubs, types, the README's example."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import freeform_sbi as ff
import pytest

REPOSITORY = Path(__file__).parents[2]


def test_stubs_are_those_of_the_module():
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy.stubtest", "freeform_sbi._native"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_is_typed():
    pytest.importorskip("mypy")
    assert (Path(ff.__file__).parent / "py.typed").exists()
    command = [sys.executable, "-m", "mypy", "--strict", "-p", "freeform_sbi"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY / "python")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_name_is_there_and_told_of():
    for name in ff.__all__:
        assert getattr(ff, name).__doc__, name


def examples(path):
    text = path.read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("file", ["README.md", "python/README.md", "docs/python.md"])
def test_examples_run(file, tmp_path, monkeypatch):
    found = examples(REPOSITORY / file)
    assert found, f"{file} has no example in Python"
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {"__name__": "example"}
    for code in found:
        exec(compile(code, file, "exec"), scope)
