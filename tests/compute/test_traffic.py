# SPDX-License-Identifier: Apache-2.0
"""An address counts when the guest asked for it and got it, in whatever pieces the packets come."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.compute.traffic import (
    FILE_HEADER,
    MAGIC,
    MOST_TRANSACTIONS,
    PACKET_HEADER,
    DhcpWatch,
    Lease,
    dhcp_message,
    dhcp_options,
)
from vmferry.errors import FormatError

MAC = bytes.fromhex("525400123456")
HEADER = FILE_HEADER.pack(MAGIC, 2, 4, 0, 0, 65536, 1)
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
LEASE = Lease(address="10.0.2.15", mac="52:54:00:12:34:56")


def message(kind: int, transaction: bytes = b"abcd", options: bytes = b"") -> bytes:
    """Return a DHCP message, as a guest or a server sends it."""
    reply = kind in (OFFER, ACK, NAK)
    given = bytes([10, 0, 2, 15]) if reply and kind != NAK else bytes(4)
    head = struct.pack(">BBBB4sHH4s4s8s6s", 2 if reply else 1, 1, 6, 0, transaction, 0, 0, bytes(4),
                       given, bytes(8), MAC)  # fmt: skip
    body = b"\x63\x82\x53\x63" + bytes([0, 53, 1, kind]) + options + b"\xff"
    return head.ljust(236, b"\0") + body


def packet(payload: bytes, *, ports: tuple[int, int] = (68, 67), ip_options: int = 0) -> bytes:
    """Return an Ethernet packet with a UDP payload."""
    udp = struct.pack(">HHHH", *ports, len(payload) + 8, 0) + payload
    ip = struct.pack(">BBHHHBBH8s", 0x45 + ip_options, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0,
                     bytes(8))  # fmt: skip
    return bytes(12) + b"\x08\x00" + ip + bytes(4 * ip_options) + udp


def record(data: bytes) -> bytes:
    return PACKET_HEADER.pack(0, 0, len(data), len(data)) + data


def capture(*messages: bytes) -> bytes:
    return HEADER + b"".join(record(packet(each)) for each in messages)


def watched(data: bytes) -> DhcpWatch:
    watch = DhcpWatch()
    watch.feed(data)
    return watch


BOOT = capture(message(DISCOVER), message(OFFER), message(REQUEST), message(ACK))


def test_a_boot() -> None:
    watch = watched(BOOT)
    assert watch.asked
    assert watch.lease == LEASE


@given(st.integers(1, 700))
def test_in_pieces(step: int) -> None:
    watch = DhcpWatch()
    for at in range(0, len(BOOT), step):
        watch.feed(BOOT[at : at + step])
    assert watch.lease == LEASE


@pytest.mark.parametrize(
    ("messages", "asked"),
    [
        ((), False),
        ((message(DISCOVER), message(OFFER)), False),
        ((message(REQUEST),), True),
        ((message(REQUEST), message(NAK)), True),
        ((message(ACK),), False),
        ((message(ACK), message(REQUEST)), True),
        ((message(REQUEST, b"one-"), message(ACK, b"two-")), True),
        ((message(REQUEST, options=b"\x3c\x09PXEClient"), message(ACK)), False),
        ((message(REQUEST, options=b"\x3c\x0fHTTPClient:Arch"), message(ACK)), False),
    ],
)
def test_what_is_no_lease(messages: tuple[bytes, ...], asked: bool) -> None:
    watch = watched(capture(*messages))
    assert watch.lease is None
    assert watch.asked is asked


def test_a_vendor_that_is_no_firmware_counts() -> None:
    windows = message(REQUEST, options=b"\x3c\x08MSFT 5.0")
    assert watched(capture(windows, message(ACK))).lease == LEASE


def test_other_packets_are_passed_over() -> None:
    good = message(REQUEST)
    others = [
        b"",
        bytes(60),
        packet(good, ports=(5353, 5353)),
        packet(good)[:-300],
        packet(good)[:20] + b"\x20\x01" + packet(good)[22:],
        packet(good)[:23] + b"\x06" + packet(good)[24:],
        bytes(12) + b"\x86\xdd" + packet(good)[14:],
    ]
    data = HEADER + b"".join(map(record, others))
    assert not watched(data).asked
    assert watched(data + record(packet(good, ip_options=3))).asked


def test_a_flood_of_requests_is_not_kept() -> None:
    watch = watched(capture(*(message(REQUEST, n.to_bytes(4, "big")) for n in range(500))))
    assert len(watch._asked) == MOST_TRANSACTIONS
    watch.feed(record(packet(message(ACK, (499).to_bytes(4, "big")))))
    assert watch.lease == LEASE


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (FILE_HEADER.pack(1, 2, 4, 0, 0, 0, 1), r"^pcap: magic and link type at byte 0: found \(1"),
        (FILE_HEADER.pack(MAGIC, 2, 4, 0, 0, 0, 9), r"^pcap: magic and link type at byte 0: "),
        (HEADER + PACKET_HEADER.pack(0, 0, 65537, 9), r"^pcap: packet length: found 65537, exp"),
    ],
)
def test_what_is_no_capture(data: bytes, text: str) -> None:
    with pytest.raises(FormatError, match=text):
        watched(data)


@given(st.binary(max_size=400))
def test_no_packet_breaks_it(data: bytes) -> None:
    watch = watched(HEADER + record(data) + record(packet(data)))
    assert len(watch._buffer) == 0
    dhcp_options(dhcp_message(data))


@given(st.binary(max_size=60))
def test_no_options_break_it(data: bytes) -> None:
    options = dhcp_options(message(REQUEST)[:-1] + data)
    assert options[53] == b"\x03"
