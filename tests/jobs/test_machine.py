# SPDX-License-Identifier: Apache-2.0
"""The machine of an appliance: what a drawn guest's disk shows, and what nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.formats.recipes import SparseDisk

from vmferry import formats
from vmferry.jobs._machine import machine_of
from vmferry.model.machine import Machine, NetworkCard
from vmferry.stores import open_source
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.oracle
def test_a_guest_says_what_it_is(drawn: Callable[[str], list[Path]]) -> None:
    (path,) = drawn("debian-12")
    disk = formats.open_disk(open_source(f"file://{path}"), "raw")
    machine = machine_of("web", [disk])
    assert (machine.name, machine.cpus, machine.firmware) == ("web", 2, "bios")
    assert (machine.os_id, machine.os_type) == (96, "debian12_64Guest")
    assert machine.hardware == "vmx-20"
    assert machine.os_description.startswith("Debian GNU/Linux 12")
    assert machine.product is not None
    assert (machine.product.name, machine.product.version) == (machine.os_description, "12")
    assert len(machine.cards) == len(machine.disks) == 1
    assert machine_of("web", [disk], "uefi").firmware == "efi"


def test_disks_without_a_guest_go_out_all_the_same() -> None:
    disk = SparseDisk(4 * MIB, {0: b"data"})
    assert machine_of("data", [disk]) == Machine(name="data", cards=(NetworkCard(),))
    assert machine_of("data", [disk], "uefi").firmware == "efi"
