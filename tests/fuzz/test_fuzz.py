# SPDX-License-Identifier: Apache-2.0
"""Every parser under its fuzzer: six minutes of all in CI, two seconds of each elsewhere.

Two run at a time. ``VMFERRY_FUZZ_SECONDS`` says otherwise; 0 runs the seeds alone.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.fuzz.parsers import PARSERS
from tests.fuzz.recipes import seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
NAMES: Final = sorted(PARSERS)
PAIRS: Final = [NAMES[at : at + 2] for at in range(0, len(NAMES), 2)]
ALL_S: Final = 360
"""What a new parser takes from the others instead of adding to it."""

EACH_S: Final = ALL_S // len(PAIRS) if os.environ.get("CI") else 2
SECONDS: Final = int(os.environ.get("VMFERRY_FUZZ_SECONDS") or EACH_S)
START_S: Final = 120
"""To import everything on a busy machine, and for an input that takes its last minute."""

_PROGRESS: Final = ("#", "INFO:", "WARNING:", '"', "stat::", "0x", "\\")


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _end(process: subprocess.Popen[str], seconds: float) -> str:
    """Wait for the process and return what it printed; end it if it takes too long."""
    try:
        return process.communicate(timeout=seconds)[0]
    finally:
        process.kill()
        process.wait()


def _finding(name: str, text: str, folder: Path) -> str:
    """Return what the fuzzer told, and its input, which it cannot tell when it crashed."""
    inputs = [path for path in (folder / name).glob("*-*") if path.is_file()]
    again = [f"--input {base64.b64encode(path.read_bytes()).decode()}" for path in inputs]
    return "\n".join([f"{name}:", *again, "\n".join(_told(text))[-8000:]])


def _told(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line and not line.startswith(_PROGRESS):
            yield line[:4000]


@pytest.mark.fuzz
@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_only_refusals_leave_a_parser(names: list[str], tmp_path: Path) -> None:
    options = ("--seconds", str(SECONDS), "--folder", str(tmp_path))
    with ExitStack() as stack:
        running = {name: stack.enter_context(_start(name, *options)) for name in names}
        told = {name: _end(process, SECONDS + START_S) for name, process in running.items()}
    for name, process in running.items():
        if process.returncode:
            pytest.fail(_finding(name, told[name], tmp_path), pytrace=False)
    for text in told.values():
        assert "stat::number_of_executed_units" in text


def test_one_input_is_run_again() -> None:
    data = base64.b64encode(seeds("qcow2")["mixed"]).decode()
    process = _start("qcow2", "--input", data)
    assert "Instrumenting vmferry.formats.qcow2.reader" in _end(process, START_S)
    assert process.returncode == 0
