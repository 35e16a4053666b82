# SPDX-License-Identifier: Apache-2.0
"""Addresses that a caller's URL may and may not lead to."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.stores._reach import Reach, is_public

PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"]
INNER = [
    "0.0.0.0",  # noqa: S104 - it is refused
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.19.0.1",
    "224.0.0.1",
    "255.255.255.255",
]
INNER_6 = [
    "::",
    "::1",
    "::127.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "64:ff9b:1::a00:1",
    "5f00::1",
]
NO_ADDRESS = ["", "localhost", "2130706433", "0x7f.1", "017700000001", "127.1", "8.8.8.8 ", "[::1]"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INNER + INNER_6 + NO_ADDRESS)
def test_not_public(address: str) -> None:
    assert not is_public(address)


def _embedded(address: str) -> list[str]:
    number = int(IPv4Address(address))
    return [
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
    ]


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_inside_another_is_not_public(address: str) -> None:
    assert not any(is_public(spelling) for spelling in _embedded(address))


def test_a_public_address_inside_another_is_public() -> None:
    assert all(is_public(spelling) for spelling in _embedded("8.8.8.8"))


@given(st.ip_addresses())
def test_never_more_than_python_knows(address: object) -> None:
    """Python's own table is another reading of the same registries, but for what is embedded."""
    parsed = ip_address(str(address))
    if is_public(str(parsed)) and not any(
        parsed in network
        for network in map(ip_network, ("64:ff9b::/96", "2002::/16", "::ffff:0:0/96"))
        if network.version == parsed.version
    ):
        assert parsed.is_global
        assert not parsed.is_multicast


def test_who_may_go_where() -> None:
    addresses = ["10.0.0.1", "8.8.8.8"]
    assert Reach().permitted("h", addresses) == ["8.8.8.8"]
    assert Reach(hosts=("h",)).permitted("H.", addresses) == addresses
    assert Reach(hosts=("h",)).permitted("other.h", addresses) == ["8.8.8.8"]
    assert Reach(anywhere=True).permitted("h", addresses) == addresses
