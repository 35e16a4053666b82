# SPDX-License-Identifier: Apache-2.0
"""Firmware: each product says it at a place of its own."""

from __future__ import annotations

import pytest
from tests.appliances.recipes import ovf, system

from vmferry.appliances.ovf import parse_ovf

OTHER = '<vmw:Config vmw:key="other" vmw:value="efi"/>'
VMWARE = OTHER + '<vmw:Config vmw:key="firmware" vmw:value="{}"/>'
XENSERVER = (
    '<VirtualSystemOtherConfigurationData Name="platform"><Value>firmware=uefi</Value>'
    "</VirtualSystemOtherConfigurationData>"
    '<VirtualSystemOtherConfigurationData Name="HVM_boot_params"><Value>{}</Value>'
    "</VirtualSystemOtherConfigurationData>"
)
VIRTUALBOX = '<Machine><Hardware><Firmware type="{}"/></Hardware></Machine>'
OVIRT = "<BiosType>{}</BiosType>"


def firmware(hardware: str = "", more: str = "") -> str:
    return parse_ovf(ovf(system(hardware, more)))[0].firmware


@pytest.mark.parametrize(("value", "found"), [("efi", "efi"), ("BIOS", "bios"), ("x", "")])
def test_vmware(value: str, found: str) -> None:
    assert firmware(VMWARE.format(value)) == found


@pytest.mark.parametrize(("value", "found"), [("EFI", "efi"), ("EFI64", "efi"), ("BIOS", "bios")])
def test_virtualbox(value: str, found: str) -> None:
    assert firmware(more=VIRTUALBOX.format(value)) == found


@pytest.mark.parametrize(
    ("value", "found"), [("0", ""), ("1", "bios"), ("2", "bios"), ("3", "efi"), ("4", "efi")]
)
def test_ovirt(value: str, found: str) -> None:
    assert firmware(more=OVIRT.format(value)) == found


@pytest.mark.parametrize(
    ("value", "found"), [("order=dc; firmware=uefi;", "efi"), ("order=dc", "bios")]
)
def test_xenserver(value: str, found: str) -> None:
    assert firmware(XENSERVER.format(value)) == found


def test_silence() -> None:
    assert firmware(OTHER, "<Machine/>") == ""
    assert firmware(more="<Machine><Hardware/></Machine>") == ""
