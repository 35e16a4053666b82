# SPDX-License-Identifier: Apache-2.0
"""The pieces that all renderers share."""

from __future__ import annotations

import pytest

from vmferry.guest import network


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("00:0C:29:aB:cd:ef", "00:0c:29:ab:cd:ef"),
        (" 00-0c-29-ab-cd-ef ", "00:0c:29:ab:cd:ef"),
        ("00:0c:29:ab:cd", ""),
        ("permanent", ""),
        ("", ""),
    ],
)
def test_mac(text: str, mac: str) -> None:
    assert network.mac(text) == mac


def test_addresses() -> None:
    texts = ["192.0.2.1/255.255.255.0", "192.0.2.2", "2001:DB8::1/64", "x", "192.0.2.1/24", ""]
    assert network.addresses(texts) == ("192.0.2.1/24", "192.0.2.2", "2001:db8::1/64")
    assert len(network.addresses(f"2001:db8::{number:x}" for number in range(1000))) == 64


@pytest.mark.parametrize(
    ("address", "mask", "expected"),
    [("a", "24", "a/24"), ("a/8", "24", "a/8"), ("a", "", "a")],
)
def test_masked(address: str, mask: str, expected: str) -> None:
    assert network.masked(address, mask) == expected


def test_method() -> None:
    assert network.method(dhcp=True, static=["a"]) == "dhcp"
    assert network.method(dhcp=False, static=["a"]) == "static"
    assert network.method(dhcp=False, static=[]) == "none"
