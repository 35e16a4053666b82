# SPDX-License-Identifier: Apache-2.0
"""Machines that other products described, described again: valid, and the same machine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.appliances.ovf.schema import violations
from tests.appliances.recipes import samples

from vmferry.appliances.ovf import parse_ovf
from vmferry.appliances.ovf.complete import complete
from vmferry.appliances.ovf.compose import compose_ovf
from vmferry.errors import FormatError


@pytest.mark.oracle
def test_every_machine_that_is_read_can_be_written() -> None:
    folder = samples() / "ovf"
    if not folder.exists():
        pytest.skip(f"no {folder}")
    count = 0
    for path in sorted(folder.glob("*/*.ovf")):
        try:
            machine, references = parse_ovf(path.read_bytes())
        except FormatError:
            continue
        disks = tuple(replace(disk, capacity=disk.capacity or 1) for _, disk, _ in references)
        full = complete(replace(machine, disks=disks))
        assert full.os_description == machine.os_description
        data = compose_ovf(full)
        assert violations(data) == [], path
        again, references = parse_ovf(data)
        assert replace(again, disks=tuple(disk for _, disk, _ in references)) == full, path
        count += 1
    assert count == 76
