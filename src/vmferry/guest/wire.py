# SPDX-License-Identifier: Apache-2.0
"""What the two processes of an inspection say to each other, over one socket pair.

The parent sends the disks' sizes (a u32 length, a JSON list); the child asks for bytes, gets
exactly those, and at last answers. The answer is JSON: the child has parsed hostile bytes, so the
parent takes nothing from it that could run (no pickle), and takes every field by its type.

    Dec  Hex  Request                            Dec  Hex  Answer
      0  0x00 "R"                                  0  0x00 "F" facts or "E" error
      1  0x01 disk             u8                  1  0x01 0                u8
      2  0x02 offset           u64                 2  0x02 0                u64
     10  0x0A length           u32                10  0x0A length of JSON   u32
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import GuestError
from vmferry.model.guest import BootMode, GuestFacts, Kernel, Partition, Platform
from vmferry.units import MIB

if TYPE_CHECKING:
    import socket

HEADER: Final = struct.Struct("<cBQI")
COUNT: Final = struct.Struct("<I")
READ: Final = b"R"
FACTS: Final = b"F"
ERROR: Final = b"E"
LONGEST_ANSWER: Final = 2 * MIB
LONGEST_READ: Final = MIB


class ClosedError(Exception):
    """The other process is gone."""


def receive(peer: socket.socket, length: int) -> bytes:
    """Return exactly ``length`` bytes. Raises ``ClosedError`` when the other end is closed."""
    data = bytearray()
    while len(data) < length:
        piece = peer.recv(length - len(data))
        if not piece:
            raise ClosedError
        data += piece
    return bytes(data)


def facts_to_json(facts: GuestFacts) -> bytes:
    """Return the facts as JSON."""
    return json.dumps(asdict(facts)).encode()


def facts_from_json(data: bytes) -> GuestFacts:
    """Return the facts that the child found.

    Raises:
        GuestError: It is not what ``facts_to_json`` writes.
    """
    try:
        return _facts(json.loads(data))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise GuestError("inspection: the inspecting process answered nonsense") from error


def _facts(found: dict[str, Any]) -> GuestFacts:
    text = {
        name: _text(found[name])
        for name in ("distribution", "version", "pretty_name", "architecture", "partition_table")
    }
    partitions = tuple(_partition(entry) for entry in found["partitions"])
    root = int(found["root"])
    if not 0 <= root < len(partitions):
        raise ValueError(root)
    return GuestFacts(
        platform=Platform(found["platform"]),
        kernels=tuple(
            Kernel(release=_text(entry["release"]), path=_text(entry["path"]))
            for entry in found["kernels"]
        ),
        partitions=partitions,
        root=root,
        boot_modes=tuple(BootMode(mode) for mode in found["boot_modes"]),
        ena=bool(found["ena"]),
        nvme=bool(found["nvme"]),
        bytes_read=int(found["bytes_read"]),
        **text,
    )


def _partition(entry: dict[str, Any]) -> Partition:
    return Partition(
        disk=int(entry["disk"]),
        number=int(entry["number"]),
        offset=int(entry["offset"]),
        size=int(entry["size"]),
        kind=_text(entry["kind"]),
        filesystem=_text(entry["filesystem"]),
        uuid=_text(entry["uuid"]),
        label=_text(entry["label"]),
        volume=_text(entry["volume"]),
        partuuid=_text(entry["partuuid"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def error_to_json(error: GuestError) -> bytes:
    """Return the error as JSON."""
    return json.dumps([error.message, error.hint, error.aws_text]).encode()


def error_from_json(data: bytes) -> GuestError:
    """Return the error that the child met; nonsense becomes an error of its own."""
    try:
        message, hint, aws_text = map(_text, json.loads(data))
    except (ValueError, TypeError, RecursionError):
        return GuestError("inspection: the inspecting process answered nonsense")
    return GuestError(message, hint=hint, aws_text=aws_text)
