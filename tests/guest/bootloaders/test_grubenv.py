# SPDX-License-Identifier: Apache-2.0
"""GRUB's environment block, by hand and by grub-editenv (Debian package grub-common)."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guest.bootloaders.boots import disk_of

from vmferry.guest.bootloaders import _grubenv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.oracle
def test_what_grub_writes(tmp_path: Path) -> None:
    block = tmp_path / "grubenv"
    values = {"saved_entry": "a>b", "kernelopts": r"root=UUID=1 ro back\slash", "empty": ""}
    subprocess.run(["grub-editenv", block, "create"], check=True)
    assigned = [f"{name}={value}" for name, value in values.items()]
    subprocess.run(["grub-editenv", block, "set", *assigned], check=True)
    settings = disk_of({"boot/grub/grubenv": block.read_bytes()}).settings
    assert _grubenv.read(settings, "/boot/grub/grubenv") == values
    assert settings.damage == []


def test_what_is_no_block() -> None:
    settings = disk_of({"boot/grub/grubenv": "a=b"}).settings
    assert _grubenv.read(settings, "/boot/grub/grubenv") == {}
    assert settings.damage == ["/boot/grub/grubenv: is not an environment block of GRUB"]
    assert _grubenv.read(settings, "/gone") == {}


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    assert all("\0" not in name for name in _grubenv.parse(text.replace("\0", "")))
