# SPDX-License-Identifier: Apache-2.0
"""``mypy --strict`` finds nothing in the source, the tests, the tools and the benchmark."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS: Final = ("src", "tests", "tools", "bench")


def mypy(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run mypy with the project's rules."""
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_mypy_finds_nothing() -> None:
    result = mypy(*(name for name in FOLDERS if any((ROOT / name).rglob("*.py"))))
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_untyped_function_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def half(size):\n    return size / 2\n")
    config = f"--config-file={ROOT / 'pyproject.toml'}"
    result = mypy(config, f"--cache-dir={tmp_path / 'cache'}", str(bad), cwd=tmp_path)
    assert result.returncode == 1
    assert "Function is missing a type annotation" in result.stdout
