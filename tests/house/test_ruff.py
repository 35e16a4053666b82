# SPDX-License-Identifier: Apache-2.0
"""Ruff finds nothing, and every file is formatted: ``pytest`` alone proves the house."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def ruff(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run ruff with the project's rules."""
    return subprocess.run(
        [sys.executable, "-m", "ruff", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ruff_finds_nothing() -> None:
    result = ruff("check", "--output-format=concise")
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_file_is_formatted() -> None:
    result = ruff("format", "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_rules_refuse_what_they_should(tmp_path: Path) -> None:
    bad = tmp_path / "src" / "vmferry" / "bad.py"
    bad.parent.mkdir(parents=True)
    bad.write_text("import os\n\n\ndef mute(size):\n    assert size\n    return  size\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    found = ruff("check", "--output-format=concise", "--no-cache", cwd=tmp_path).stdout
    assert {"D100", "D103", "F401", "ANN001", "ANN201", "S101", "INP001"} <= set(found.split())
    assert ruff("format", "--check", "--no-cache", cwd=tmp_path).returncode == 1
