# SPDX-License-Identifier: Apache-2.0
"""Descriptions that other projects keep: all are read, or refused with the reason given here."""

from __future__ import annotations

import re

import pytest
from tests.appliances.recipes import samples

from vmferry.appliances.ovf import parse_ovf
from vmferry.errors import FormatError
from vmferry.units import GIB, MIB

TOOL = "govmomi/external_OVFToolTemplates_OVF_xmltestfiles_"

REFUSED = {
    r"root element: found \{http://schemas.dmtf.org/ovf/envelope/3\}": 1,
    r"root element: found \{http://www.vmware.com/schema/ovf/1/envelope\}": 18,  # OVF 0.9
    "virtual systems: found 2, expected one": 14,
    "virtual systems: found 0, expected one": 5,
    "href of a file: found '(disks|../../../vmdk)/": 13,
    "HostResource of a disk: found 'nonexistent.vmdk'": 1,
    "id of a File: found none": 1,
    "description is no XML: ": 3,
}

READ = {
    "cot/csr1000v_2017.ovf": (1, 4 * GIB, "bios", ["input.vmdk scsi"]),
    "cot/ubuntu.2.0.ovf": (1, 512 * MIB, "", ["ubuntu.2.0-disk1.vmdk sata"]),
    "gce/from-virtualbox.ovf": (2, 923 * MIB, "", ["ubuntu-xenial-16-disk001.vmdk scsi"]),
    "gce/ovf_descriptor.ovf": (2, 2 * GIB, "", ["disk1.vmdk ", "disk2.vmdk "]),
    "govmomi/external_non-ascii_highascii_high_ascii_characters.ovf": (
        1,
        40 * MIB,
        "",
        ["ùàçéè-1.vmdk scsi"],
    ),
    "govmomi/external_sun_vhw_sun_vhw.ovf": (
        1,
        GIB,
        "",
        ["sun_vhw-disk1.vmdk scsi", "sun_vhw-disk2.vmdk scsi"],
    ),
    "govmomi/external_SLES11_SP2_64_SLES11_SP2_64.ovf": (
        2,
        GIB,
        "bios",
        ["SLES11_SP2_64-disk1.vmdk scsi"],
    ),
    f"{TOOL}LaxMode_Pos_vbox4_three_devices_IDE_vbox4.ovf": (1, 384 * MIB, "", ["vbox4.vmdk ide"]),
    "govmomi/external_vbs_efi-without-uuid-with-boot-order-nvram.ovf": (
        1,
        GIB,
        "efi",
        ["efi-nvram-1.vmdk scsi"],
    ),
    "govmomi/photon5.ovf": (1, 2 * GIB, "efi", ["photon-ova-disk1.vmdk scsi"]),
}


@pytest.mark.oracle
def test_every_description_is_read_or_refused_for_its_reason() -> None:
    folder = samples() / "ovf"
    if not folder.exists():
        pytest.skip(f"no {folder}")
    counts = dict.fromkeys(REFUSED, 0)
    seen = set()
    for path in sorted(folder.glob("*/*.ovf")):
        name = f"{path.parent.name}/{path.name}"
        try:
            machine, disks = parse_ovf(path.read_bytes())
        except FormatError as error:
            (reason,) = [text for text in REFUSED if re.match(f"ovf: {text}", error.message)]
            counts[reason] += 1
            continue
        seen.add(name)
        found = [f"{disk.href} {disk.controller}" for _, disk, _ in disks]
        expected = READ.get(name, (machine.cpus, machine.memory, machine.firmware, found))
        assert (machine.cpus, machine.memory, machine.firmware, found) == expected, name
    assert counts == REFUSED
    assert seen >= set(READ)
    assert len(seen) == 76
