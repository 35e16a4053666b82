# SPDX-License-Identifier: Apache-2.0
"""The commands that the README promises: what ``make`` says, and what each target would run."""

from __future__ import annotations

import os
import subprocess

import pytest
from tests.house.tree import ROOT


def make(*arguments: str) -> str:
    """Return what ``make`` prints, as if ``setup`` had been done."""
    # A test run by `make test` would otherwise inherit that make's flags.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", "-o", ".venv/setup.stamp", *arguments],
        cwd=ROOT,
        env=environment | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_make_alone_says_what_there_is() -> None:
    lines = make().splitlines()
    assert [line.split()[1] for line in lines] == [
        "help",
        "setup",
        "demo",
        "serve",
        "test",
        "lint",
        "bench",
        "lock",
    ]
    assert all(len(line) <= 100 for line in lines)
    assert make("help") == make()


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("demo", ".venv/bin/python tools/demo"),
        ("serve", ".venv/bin/vmferry serve"),
        ("test", ".venv/bin/python -m pytest"),
        ("bench", ".venv/bin/python bench"),
    ],
)
def test_a_target_is_one_command(target: str, command: str) -> None:
    assert make("-n", target).splitlines()[-1] == command


def test_ci_runs_what_a_developer_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-2:] == ["export CI=true", "make test"]
