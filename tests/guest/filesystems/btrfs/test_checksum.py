# SPDX-License-Identifier: Apache-2.0
"""Checksums against published values."""

from __future__ import annotations

import hashlib

from vmferry.guest.filesystems.btrfs.checksum import FIELD, is_intact, name_hash

CHECK = b"123456789"
CRC32C_OF_CHECK = 0xE3069283
"""The check value of CRC-32C, RFC 3720 and every catalogue."""

DEFAULT = 2378154706
"""The offset of ``default`` in every Btrfs's root tree."""


def test_crc32c() -> None:
    block = CRC32C_OF_CHECK.to_bytes(4, "little").ljust(FIELD, b"\0") + CHECK
    assert is_intact(block, 0)
    assert not is_intact(block + b"0", 0)


def test_sha256_and_blake2b() -> None:
    for kind, digest in (
        (2, hashlib.sha256(CHECK).digest()),
        (3, hashlib.blake2b(CHECK, digest_size=32).digest()),
    ):
        assert is_intact(digest + CHECK, kind)
        assert not is_intact(digest + b"other", kind)


def test_xxhash_is_not_verified() -> None:
    assert is_intact(bytes(FIELD) + CHECK, 1)


def test_the_hash_of_a_name() -> None:
    assert name_hash(b"default") == DEFAULT
