# SPDX-License-Identifier: Apache-2.0
"""Watching a machine's packets for the moment when it is given an address by DHCP.

The bytes are a pcap file that grows (QEMU's ``filter-dump``). Only what DHCP needs is looked at,
and only one packet is ever kept, so a guest cannot make this grow.

    Dec  Hex  pcap file header         Dec  Hex  Packet header
      0  0x00 magic 0xa1b2c3d4           0  0x00 seconds
     16  0x10 longest packet             4  0x04 microseconds
     20  0x14 link type, 1: Ethernet     8  0x08 bytes that follow
                                        12  0x0c bytes on the wire
    Dec  Hex  BOOTP message
      0  0x00 operation, 1 request, 2 reply
      4  0x04 transaction
     16  0x10 your address
     28  0x1c hardware address
    236  0xec cookie 0x63825363, then options: code, length, value

Firmware asks for addresses too, to boot from the network: it names itself PXEClient or HTTPClient,
and does not count.

Sources: pcap-savefile(5); RFC 791; RFC 2131, section 2; RFC 2132, sections 9.6 and 9.13; UEFI
Specification 2.10, section 24.7.2.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import Final

from vmferry.errors import FormatError

FILE_HEADER: Final = struct.Struct("=IHHiIII")
PACKET_HEADER: Final = struct.Struct("=IIII")
MAGIC: Final = 0xA1B2C3D4
ETHERNET: Final = 1
LONGEST: Final = 1 << 16

ETHERTYPE: Final = slice(12, 14)
IPV4: Final = b"\x08\x00"
UDP: Final = 17
PORTS: Final = (67, 68)
COOKIE: Final = b"\x63\x82\x53\x63"
COOKIE_AT: Final = 236

MESSAGE_TYPE: Final = 53
VENDOR_CLASS: Final = 60
REQUEST: Final = b"\x03"
ACKNOWLEDGED: Final = b"\x05"
FIRMWARE: Final = (b"PXEClient", b"HTTPClient")
MOST_TRANSACTIONS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """An address that the guest asked for and was given."""

    address: str
    mac: str


class DhcpWatch:
    """Fed with a growing pcap file, knows whether the guest asked and what it was given."""

    def __init__(self) -> None:
        self._buffer = b""
        self._began = False
        self._asked: dict[bytes, None] = {}
        self.lease: Lease | None = None

    @property
    def asked(self) -> bool:
        """Whether the guest has asked for an address."""
        return bool(self._asked)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the file.

        Raises:
            FormatError: It is no pcap file of Ethernet packets in this machine's byte order.
        """
        self._buffer += data
        if not self._began:
            if len(self._buffer) < FILE_HEADER.size:
                return
            magic, *_, link = FILE_HEADER.unpack_from(self._buffer)
            if (magic, link) != (MAGIC, ETHERNET):
                raise FormatError("pcap: magic and link type", where=0, found=(magic, link))
            self._began = True
            self._buffer = self._buffer[FILE_HEADER.size :]
        at = 0
        while len(self._buffer) - at >= PACKET_HEADER.size:
            _, _, length, _ = PACKET_HEADER.unpack_from(self._buffer, at)
            if length > LONGEST:
                raise FormatError("pcap: packet length", found=length, expected=f"up to {LONGEST}")
            if len(self._buffer) - at < PACKET_HEADER.size + length:
                break
            at += PACKET_HEADER.size + length
            self._look(dhcp_message(self._buffer[at - length : at]))
        self._buffer = self._buffer[at:]

    def _look(self, message: bytes) -> None:
        options = dhcp_options(message)
        kind, transaction = options.get(MESSAGE_TYPE), message[4:8]
        if kind == REQUEST and not options.get(VENDOR_CLASS, b"").startswith(FIRMWARE):
            self._asked[transaction] = None
            if len(self._asked) > MOST_TRANSACTIONS:
                del self._asked[next(iter(self._asked))]
        elif kind == ACKNOWLEDGED and transaction in self._asked:
            address = ipaddress.IPv4Address(message[16:20])
            if int(address):
                self.lease = Lease(address=str(address), mac=message[28:34].hex(":"))


def dhcp_message(packet: bytes) -> bytes:
    """Return the BOOTP message in an Ethernet packet, ``b""`` if it is something else."""
    if packet[ETHERTYPE] != IPV4 or len(packet) < 34:
        return b""
    udp = 14 + (packet[14] & 0x0F) * 4
    fragment = int.from_bytes(packet[20:22], "big") & 0x3FFF
    if packet[23] != UDP or fragment or len(packet) < udp + 8:
        return b""
    if tuple(sorted(struct.unpack_from(">HH", packet, udp))) != PORTS:
        return b""
    return packet[udp + 8 :]


def dhcp_options(message: bytes) -> dict[int, bytes]:
    """Return the options of a DHCP message by their code; none of what is no DHCP message."""
    options: dict[int, bytes] = {}
    if message[COOKIE_AT : COOKIE_AT + 4] != COOKIE:
        return options
    at = COOKIE_AT + 4
    while at + 1 < len(message) and message[at] != 0xFF:
        if message[at] == 0:
            at += 1
            continue
        length = message[at + 1]
        options.setdefault(message[at], message[at + 2 : at + 2 + length])
        at += 2 + length
    return options
