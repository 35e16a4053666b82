# SPDX-License-Identifier: Apache-2.0
"""The door of the room: one function for whatever appliance comes."""

from __future__ import annotations

import pytest
from tests.appliances.recipes import MemorySource, ova, ovf

from vmferry.appliances import open_appliance
from vmferry.errors import FormatError


def test_an_ova_is_an_appliance() -> None:
    appliance = open_appliance(MemorySource(ova([("vm.ovf", ovf()), ("disk1.vmdk", b"d")])))
    assert len(appliance.machine.disks) == 1


def test_a_bare_description_is_none() -> None:
    with pytest.raises(FormatError) as caught:
        open_appliance(MemorySource(ovf()))
    assert caught.value.aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"
