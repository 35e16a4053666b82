# SPDX-License-Identifier: Apache-2.0
"""S3's checksums of an object, computed while its bytes flow.

CRC-32 (the clients' default) and the SHAs are C. CRC-32C and CRC-64/NVME come from awscrt where it
is installed and from a table of ours otherwise, which is right but takes a second per few MB.

Source: S3 User Guide, Checking object integrity; the CRC catalogue's CRC-32/ISCSI and CRC-64/NVME.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from isal import isal_zlib

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Crc = Callable[[bytes, int], int]

PREFIX: Final = "x-amz-checksum-"

_NO_VALUES: Final = tuple(PREFIX + name for name in ("algorithm", "mode", "type"))


class Digest(Protocol):
    """What hashlib's objects and ``CrcDigest`` share."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """Return the value of all bytes so far."""


class CrcDigest:
    """A CRC in the manner of hashlib; its value is big-endian, as S3 writes it."""

    def __init__(self, step: Crc, size: int) -> None:
        self._step, self._size, self._value = step, size, 0

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        """Return the value of all bytes so far."""
        return self._value.to_bytes(self._size, "big")


def algorithm(name: str) -> Digest:
    """Return a fresh digest: a CRC (``crc32``, ``crc32c``, ``crc64nvme``), a SHA or ``md5``.

    Raises:
        ApiError: ``InvalidRequest``: the algorithm is not one of these.
    """
    if name.lower() not in _ALGORITHMS:
        raise ApiError(
            "InvalidRequest",
            f"The checksum algorithm {name[:32]} is not supported",
            hint=f"vmferry computes {', '.join(_ALGORITHMS)}",
        )
    return _ALGORITHMS[name.lower()]()


def declared(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the checksums that headers or trailers carry, by algorithm, in base64."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in headers.items()
        if name.startswith(PREFIX) and name not in _NO_VALUES
    }


class ObjectCheck:
    """Compare a body with every checksum that was promised for it, in headers or in trailers.

    Args:
        headers: Of the request; ``x-amz-checksum-*``, ``x-amz-trailer`` and ``content-md5`` count.

    Raises:
        ApiError: ``InvalidRequest`` or ``InvalidDigest``: a promise that cannot be kept.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._wanted = {name: _decode(name, text) for name, text in declared(headers).items()}
        if "content-md5" in headers:
            self._wanted["content-md5"] = _decode("content-md5", headers["content-md5"])
        self._promised = _promised(headers.get("x-amz-trailer", ""))
        names = {*self._wanted, *self._promised}
        self._digests = {name: algorithm(name.removeprefix("content-")) for name in sorted(names)}

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the object, decoded."""
        for digest in self._digests.values():
            digest.update(data)

    def finish(self, trailers: Mapping[str, str] | None = None) -> dict[str, str]:
        """Compare, and return the checksums by algorithm in base64, for the answer.

        Raises:
            ApiError: ``BadDigest``, or ``InvalidRequest`` if a promised trailer did not come.
        """
        given = declared(trailers or {})
        for name in self._promised:
            if name not in given:
                text = f"The trailer {PREFIX}{name} was promised and did not come"
                raise ApiError("InvalidRequest", text)
            self._wanted[name] = _decode(name, given[name])
        for name, wanted in self._wanted.items():
            found = self._digests[name].digest()
            if not hmac.compare_digest(found, wanted):
                raise _bad_digest(name, found)
        return {
            name: base64.b64encode(digest.digest()).decode()
            for name, digest in self._digests.items()
            if name != "content-md5"
        }


def _promised(text: str) -> list[str]:
    names = [name.strip().lower() for name in text.split(",")]
    return [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]


def _decode(name: str, text: str) -> bytes:
    size = len(algorithm(name.removeprefix("content-")).digest())
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) == size:
        return value
    if name == "content-md5":
        raise ApiError("InvalidDigest", "The Content-MD5 you specified is not valid.")
    raise ApiError("InvalidRequest", f"Value for {PREFIX}{name} header is invalid.")


def _bad_digest(name: str, found: bytes) -> ApiError:
    computed = f"Computed here: {base64.b64encode(found).decode()}"
    if name == "content-md5":
        text = "The Content-MD5 you specified did not match what we received."
    else:
        text = f"The {name.upper()} you specified did not match the calculated checksum."
    return ApiError("BadDigest", text, hint=computed)


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        rest = value
        for _ in range(8):
            rest = rest >> 1 ^ (polynomial if rest & 1 else 0)
        table.append(rest)
    return tuple(table)


def _by_table(polynomial: int, ones: int) -> Crc:
    def step(data: bytes, value: int) -> int:
        table = _table(polynomial)
        value ^= ones
        for byte in data:
            value = table[value & 0xFF ^ byte] ^ value >> 8
        return value ^ ones

    return step


# The polynomials, bits reversed.
_CRC32C_TABLE: Final = _by_table(0x82F63B78, 0xFFFFFFFF)
_CRC64NVME_TABLE: Final = _by_table(0x9A6C9329AC4BC9B5, 0xFFFFFFFFFFFFFFFF)


@cache
def _awscrt(name: str, fallback: Crc) -> Crc:
    try:
        checksums = import_module("awscrt.checksums")
    except ImportError:
        return fallback
    step: Crc = getattr(checksums, name, fallback)
    return step


def _md5() -> Digest:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Digest:
    return hashlib.sha1(usedforsecurity=False)


_ALGORITHMS: Final[dict[str, Callable[[], Digest]]] = {
    "crc32": lambda: CrcDigest(isal_zlib.crc32, 4),
    "crc32c": lambda: CrcDigest(_awscrt("crc32c", _CRC32C_TABLE), 4),
    "crc64nvme": lambda: CrcDigest(_awscrt("crc64nvme", _CRC64NVME_TABLE), 8),
    "sha1": _sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": _md5,
}
