# SPDX-License-Identifier: Apache-2.0
"""OVMF is found whole or not at all, and its variables are copied for their owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.compute import firmware
from vmferry.compute.firmware import BUILDS, Ovmf, copy_variables, find_ovmf
from vmferry.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Ovmf, ...]:
    """Two builds, the better one without its variables."""
    builds = tuple(Ovmf(tmp_path / f"C{n}", tmp_path / f"V{n}") for n in range(2))
    for path in (builds[0].code, *builds[1]):
        path.write_bytes(path.name.encode())
        path.chmod(0o644)
    monkeypatch.setattr(firmware, "BUILDS", builds)
    return builds


def test_halves_of_a_build_are_not_mixed(builds: tuple[Ovmf, ...]) -> None:
    assert find_ovmf() == builds[1]
    builds[0].variables.write_bytes(b"V0")
    assert find_ovmf() == builds[0]


def test_a_machine_gets_variables_of_its_own(builds: tuple[Ovmf, ...], tmp_path: Path) -> None:
    copy = copy_variables(tmp_path / "vars.fd")
    assert copy.read_bytes() == builds[1].variables.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SetupError, match=r"vars\.fd cannot be written: File exists$"):
        copy_variables(copy)


def test_nothing_is_installed(builds: tuple[Ovmf, ...], tmp_path: Path) -> None:
    builds[1].code.unlink()
    with pytest.raises(SetupError, match=r"^compute: OVMF, .* was not found in /usr/share/OVMF$"):
        copy_variables(tmp_path / "vars.fd")
    assert not (tmp_path / "vars.fd").exists()


@pytest.mark.oracle
def test_debian_has_it_there() -> None:
    if not firmware.FOLDER.is_dir():
        pytest.skip("ovmf is not installed")
    assert find_ovmf() == BUILDS[0]
