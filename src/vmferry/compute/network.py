# SPDX-License-Identifier: Apache-2.0
"""The network of a machine: one card on a network of its own that QEMU plays.

``restrict=on``: the guest gets an address by DHCP, but reaches neither the host nor anything behind
it; what is forwarded from the host to the guest still is.

Source: QEMU, man page, "-netdev user".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from vmferry.compute.hardware import Nic

LOOPBACK: Final = "127.0.0.1"
MODELS: Final = {
    Nic.VIRTIO: "virtio-net-pci",
    Nic.E1000E: "e1000e",
    Nic.E1000: "e1000",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A TCP port of the host that leads to one of the guest.

    Attributes:
        guest: The guest's port.
        host: The host's; 0 lets the system choose one, which ``Monitor.forwards`` tells.
        address: The host's address.
    """

    guest: int
    host: int = 0
    address: str = LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The network card.

    Attributes:
        mac: Its address, ``""`` for QEMU's default.
        forwards: What leads to the guest.
        traffic: A descriptor that QEMU inherits and writes every packet to, as a pcap file; it is
            a pipe that is always being read, or the guest stands still.
    """

    nic: Nic = Nic.VIRTIO
    mac: str = ""
    forwards: tuple[Forward, ...] = ()
    traffic: int | None = None


LONGEST_PACKET: Final = 2048
"""Of the bytes of one packet that reach ``traffic``; a DHCP message has up to 576."""


def arguments(card: Card) -> list[str]:
    """Return QEMU's arguments for the card."""
    network = ["user", "id=net", "restrict=on"]
    network += [f"hostfwd=tcp:{way.address}:{way.host}-:{way.guest}" for way in card.forwards]
    # No ROM: its PXE client would ask for an address before the guest does.
    device = {"driver": MODELS[card.nic], "netdev": "net", "romfile": ""}
    if card.mac:
        device["mac"] = card.mac
    words = ["-netdev", ",".join(network), "-device", json.dumps(device)]
    if card.traffic is not None:
        dump = f"filter-dump,id=traffic,netdev=net,maxlen={LONGEST_PACKET}"
        words += ["-object", f"{dump},file=/dev/fd/{card.traffic}"]
    return words
