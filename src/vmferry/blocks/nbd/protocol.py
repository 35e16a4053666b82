# SPDX-License-Identifier: Apache-2.0
"""The numbers and structures of the NBD protocol that we use; everything is big-endian.

    Dec  Hex  Option request (16 bytes), then its data            Type
      0  0x00 magic "IHAVEOPT"                                    8 bytes
      8  0x08 option                                              u32
     12  0x0c length of its data, bytes                           u32

    Dec  Hex  Option reply (20 bytes), then its data              Type
      0  0x00 magic 0x0003e889045565a9                            u64
      8  0x08 option it answers                                   u32
     12  0x0c kind of reply; bit 31: an error                     u32
     16  0x10 length of its data, bytes                           u32

    Dec  Hex  Request (28 bytes), then the bytes of a WRITE       Type
      0  0x00 magic 0x25609513                                    u32
      4  0x04 command flags                                       u16
      6  0x06 command                                             u16
      8  0x08 cookie, the client's                                u64
     16  0x10 offset, bytes                                       u64
     24  0x18 length, bytes                                       u32

    Dec  Hex  Simple reply (16 bytes), then the bytes of a READ   Type
      0  0x00 magic 0x67446698                                    u32
      4  0x04 error, 0 for none                                   u32
      8  0x08 cookie                                              u64

    Dec  Hex  Chunk of a structured reply (20 bytes), its payload Type
      0  0x00 magic 0x668e33ef                                    u32
      4  0x04 flags; bit 0: the last chunk                        u16
      6  0x06 kind of chunk                                       u16
      8  0x08 cookie                                              u64
     16  0x10 length of the payload, bytes                        u32

Source: The NBD protocol, "Option haggling", "Transmission", "Values".
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

from vmferry.units import KIB, MIB

GREETING: Final = struct.pack(">8s8sH", b"NBDMAGIC", b"IHAVEOPT", 0b11)
"""Fixed newstyle, and no zeros after the answer to EXPORT_NAME."""

OPTION_MAGIC: Final = b"IHAVEOPT"
OPTION: Final = struct.Struct(">8sII")
OPTION_REPLY: Final = struct.Struct(">QIII")
OPTION_REPLY_MAGIC: Final = 0x0003E889045565A9

REQUEST: Final = struct.Struct(">IHHQQI")
REQUEST_MAGIC: Final = 0x25609513

SIMPLE: Final = struct.Struct(">IIQ")
SIMPLE_MAGIC: Final = 0x67446698

CHUNK: Final = struct.Struct(">IHHQI")
CHUNK_MAGIC: Final = 0x668E33EF
DONE: Final = 1

MOST_OPTION: Final = 64 * KIB
"""Data of one option: an export's name of 4,096 bytes and some queries have room."""

MOST_PAYLOAD: Final = 32 * MIB
"""Bytes of one READ, WRITE or CACHE; what clients may take for granted."""

CONTEXT: Final = b"base:allocation"
CONTEXT_ID: Final = 1


class ClientFlag(IntFlag):
    """What the client says before its first option."""

    FIXED_NEWSTYLE = 1
    NO_ZEROES = 2


class Option(IntEnum):
    """Options that we know; any other is answered by ``UNSUPPORTED``."""

    EXPORT_NAME = 1
    ABORT = 2
    LIST = 3
    INFO = 6
    GO = 7
    STRUCTURED_REPLY = 8
    LIST_META_CONTEXT = 9
    SET_META_CONTEXT = 10


class Reply(IntEnum):
    """Kinds of option replies."""

    ACK = 1
    SERVER = 2
    INFO = 3
    META_CONTEXT = 4
    UNSUPPORTED = 0x80000001
    INVALID = 0x80000003
    UNKNOWN = 0x80000006


class Info(IntEnum):
    """Kinds of ``Reply.INFO``."""

    EXPORT = 0
    NAME = 1
    BLOCK_SIZE = 3


class ExportFlag(IntFlag):
    """What an export can do: the transmission flags."""

    HAS_FLAGS = 1 << 0
    READ_ONLY = 1 << 1
    SEND_FLUSH = 1 << 2
    SEND_FUA = 1 << 3
    SEND_TRIM = 1 << 5
    SEND_WRITE_ZEROES = 1 << 6
    SEND_DF = 1 << 7
    CAN_MULTI_CONN = 1 << 8
    SEND_CACHE = 1 << 10


class Command(IntEnum):
    """Commands of the transmission phase."""

    READ = 0
    WRITE = 1
    DISC = 2
    FLUSH = 3
    TRIM = 4
    CACHE = 5
    WRITE_ZEROES = 6
    BLOCK_STATUS = 7


class CommandFlag(IntFlag):
    """Flags of a command."""

    FUA = 1 << 0
    NO_HOLE = 1 << 1
    DF = 1 << 2
    REQ_ONE = 1 << 3


class ChunkKind(IntEnum):
    """Kinds of chunks."""

    NONE = 0
    OFFSET_DATA = 1
    OFFSET_HOLE = 2
    BLOCK_STATUS = 5
    ERROR = 0x8001


class Errno(IntEnum):
    """Errors as the wire has them, whatever the system calls them."""

    EPERM = 1
    EIO = 5
    EINVAL = 22
    ENOSPC = 28


class Request(NamedTuple):
    """A request as it came."""

    magic: int
    flags: int
    command: int
    cookie: int
    offset: int
    length: int


class HangUpError(Exception):
    """The connection is over: the client left, or what it sent cannot be answered."""


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, errno: Errno, text: str) -> None:
        super().__init__(text)
        self.errno, self.text = errno, text
