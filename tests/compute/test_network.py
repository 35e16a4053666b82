# SPDX-License-Identifier: Apache-2.0
"""The card's arguments: closed to the outside, always."""

from __future__ import annotations

import json

import pytest

from vmferry.compute.hardware import Nic
from vmferry.compute.network import Card, Forward, arguments


@pytest.mark.parametrize(
    ("nic", "driver"),
    [(Nic.VIRTIO, "virtio-net-pci"), (Nic.E1000E, "e1000e"), (Nic.E1000, "e1000")],
)
def test_models(nic: Nic, driver: str) -> None:
    words = arguments(Card(nic=nic))
    assert words[:2] == ["-netdev", "user,id=net,restrict=on"]
    assert json.loads(words[3]) == {"driver": driver, "netdev": "net", "romfile": ""}
    assert len(words) == 4


def test_everything() -> None:
    ways = (Forward(guest=22), Forward(guest=3389, host=5000, address="127.0.0.2"))
    words = arguments(Card(mac="02:00:00:00:00:01", forwards=ways, traffic=7))
    assert words[1] == (
        "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22,hostfwd=tcp:127.0.0.2:5000-:3389"
    )
    assert json.loads(words[3])["mac"] == "02:00:00:00:00:01"
    assert words[4:] == ["-object", "filter-dump,id=traffic,netdev=net,maxlen=2048,file=/dev/fd/7"]
