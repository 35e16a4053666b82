# SPDX-License-Identifier: Apache-2.0
"""CRC-32C with its own field as zero; the reference value is RFC 3720's."""

from __future__ import annotations

from vmferry.formats.vhdx.checksum import checksum, is_intact, sealed


def bitwise(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_the_bitwise_oracle_is_crc_32c() -> None:
    assert bitwise(b"123456789") == 0xE3069283
    assert bitwise(bytes(32)) == 0x8A9136AA


def test_the_field_counts_as_zero() -> None:
    data = bytes(range(200))
    assert checksum(data) == bitwise(data[:4] + bytes(4) + data[8:])


def test_sealed_is_intact_and_any_other_bit_is_not() -> None:
    data = sealed(b"head" + b"\1\2\3\4" + bytes(60))
    assert is_intact(data)
    for at in range(len(data)):
        assert not is_intact(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
