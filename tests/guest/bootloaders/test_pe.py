# SPDX-License-Identifier: Apache-2.0
"""Sections of programs that objcopy made, and of damaged ones."""

from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.guest.bootloaders import _pe

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {".osrel": 'ID=x\nPRETTY_NAME="X Linux"', ".cmdline": "root=a ro", ".uname": "6.9-arch1"}


def image(texts: dict[str, str]) -> bytes:
    """Return a program that has only the sections of ``texts``."""
    table, data = b"", b""
    at = 64 + 24 + 40 * len(texts)
    for name, text in texts.items():
        raw = text.encode()
        stored = raw.ljust(len(raw) + 16, b"\0")
        place = at + len(data)
        table += struct.pack("<8sIIII16x", name.encode(), len(raw), 0, len(stored), place)
        data += stored
    coff = struct.pack("<4sHH12xHH", b"PE\0\0", 0x8664, len(texts), 0, 0)
    return struct.pack("<2s58xI", b"MZ", 64) + coff + table + data


@pytest.mark.oracle
def test_what_objcopy_writes(tmp_path: Path) -> None:
    source, program = tmp_path / "a.s", tmp_path / "a.efi"
    source.write_text(".text\nnop\n")
    subprocess.run(["as", "-o", tmp_path / "a.o", source], check=True)
    command = ["objcopy", "-O", "pei-x86-64"]
    for number, (name, text) in enumerate(TEXTS.items(), 2):
        (tmp_path / name).write_text(text + "\n")
        command += ["--add-section", f"{name}={tmp_path / name}"]
        command += ["--change-section-vma", f"{name}={number:#x}0000"]
    subprocess.run([*command, tmp_path / "a.o", program], check=True)
    assert _pe.sections(program.read_bytes()) == TEXTS


def test_sections() -> None:
    assert _pe.sections(image({**TEXTS, ".linux": "x"})) == TEXTS
    assert _pe.sections(image(TEXTS)[:-60]) != TEXTS


@given(st.binary(max_size=300), st.integers(0, 200))
def test_damage(data: bytes, at: int) -> None:
    whole = image(TEXTS)
    _pe.sections(whole[:at] + data + whole[at + len(data) :])
    assert _pe.sections(data) == {}
