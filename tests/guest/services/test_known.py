# SPDX-License-Identifier: Apache-2.0
"""The table of known programs: its shape, and what it finds."""

from __future__ import annotations

from tests.guest.trees import tree_of

from vmferry.guest.services.known import KNOWN, enabled, installed
from vmferry.guest.settings import Settings


def test_every_program_can_be_found() -> None:
    assert {"ssh", "firewalls", "dhcp_clients", "tools", "agents", "antivirus"} == set(KNOWN)
    for kind, programs in KNOWN.items():
        names = [program.name for program in programs]
        assert names == sorted(set(names)), kind
        for program in programs:
            assert program.files or program.units
            assert all(path.startswith("/") for path in program.files)


def test_no_unit_is_of_two_programs() -> None:
    units = [unit for programs in KNOWN.values() for program in programs for unit in program.units]
    assert len(units) == len(set(units))


def test_finds_by_files_and_by_units() -> None:
    files = ("usr/bin/vmtoolsd", "usr/sbin/VBoxService", "sbin/dhclient")
    settings = Settings(tree_of(dict.fromkeys(files, "")))
    assert installed("tools", settings) == ("open-vm-tools", "virtualbox-additions")
    assert installed("dhcp_clients", settings) == ("dhclient",)
    assert installed("agents", settings) == ()
    assert enabled("antivirus", {"clamd@scan", "mdatp", "cron"}) == ("clamav", "microsoft-defender")
