# SPDX-License-Identifier: Apache-2.0
"""The boot sector's bytes are what GNU as makes of its text, and it runs where it must."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from vmferry.compute._probe import LISTING, PASSED, STAGES, sector
from vmferry.units import SECTOR

if TYPE_CHECKING:
    from pathlib import Path


def test_a_sector_that_a_bios_boots() -> None:
    assert len(sector()) == SECTOR
    assert sector()[-2:] == b"\x55\xaa"
    assert PASSED == 99


def test_the_stages_are_written_in_their_order() -> None:
    written = [text[7] for _, text in LISTING if text.startswith("movb $'")]
    assert written == list(STAGES)


@pytest.mark.oracle
def test_the_bytes_are_those_of_the_text(tmp_path: Path) -> None:
    if shutil.which("as") is None or shutil.which("ld") is None:
        pytest.skip("binutils is not installed")
    source, compiled, code = tmp_path / "p.s", tmp_path / "p.o", tmp_path / "p.bin"
    source.write_text("".join(f"{text}\n" for _, text in LISTING))
    subprocess.run(["as", "--64", str(source), "-o", str(compiled)], check=True)
    subprocess.run(
        ["ld", "-m", "elf_x86_64", "-e", "0", "-Ttext=0x7c00", "--oformat=binary",
         str(compiled), "-o", str(code)],
        check=True,
    )  # fmt: skip
    assert sector().rstrip(b"\xaa\x55\0") == code.read_bytes().rstrip(b"\0")
