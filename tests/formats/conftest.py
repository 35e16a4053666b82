# SPDX-License-Identifier: Apache-2.0
"""``qemu_img``: the independent program that every format is compared with."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def qemu_img() -> Callable[..., str]:
    """Return a function that runs qemu-img and returns what it printed."""
    program = shutil.which("qemu-img")
    if program is None:
        pytest.skip("no qemu-img here")

    def run(*arguments: object) -> str:
        command = [program, *(str(argument) for argument in arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
