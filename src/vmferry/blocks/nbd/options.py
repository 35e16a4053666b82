# SPDX-License-Identifier: Apache-2.0
"""The handshake and the haggling over options, up to the transmission phase.

Source: The NBD protocol, "Handshake", "Option types", "Metadata querying".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vmferry.blocks.nbd.export import Agreement
from vmferry.blocks.nbd.protocol import (
    CONTEXT,
    CONTEXT_ID,
    GREETING,
    MOST_OPTION,
    MOST_PAYLOAD,
    OPTION,
    OPTION_MAGIC,
    OPTION_REPLY,
    OPTION_REPLY_MAGIC,
    ClientFlag,
    HangUpError,
    Info,
    Option,
    Reply,
)
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from vmferry.blocks.nbd.export import Channel, Export

_U16: Final = struct.Struct(">H")
_U32: Final = struct.Struct(">I")
_EXPORT: Final = struct.Struct(">QH")
_OLD_ZEROES: Final = bytes(124)


class _InvalidError(Exception):
    """An option's data do not follow the protocol."""


def negotiate(channel: Channel, export: Export) -> Agreement | None:
    """Greet a client and answer its options.

    Returns:
        What was agreed when the client begins with commands; ``None`` if it ended by ``ABORT``.

    Raises:
        HangUpError: It left, or what it sent cannot be answered.
    """
    channel.send(GREETING)
    (flags,) = _U32.unpack(channel.read(_U32.size))
    # As integers: the inverse of a Flag has none of the bits that have no name.
    if flags & ~int(ClientFlag.FIXED_NEWSTYLE | ClientFlag.NO_ZEROES):
        raise HangUpError(f"client flags are {flags:#x}, expected at most 0x3")
    return _Haggling(channel, export, no_zeroes=bool(flags & ClientFlag.NO_ZEROES)).run()


class _Haggling:
    def __init__(self, channel: Channel, export: Export, *, no_zeroes: bool) -> None:
        self._channel, self._export, self._no_zeroes = channel, export, no_zeroes
        self._agreed = Agreement()

    def run(self) -> Agreement | None:
        while True:
            magic, option, length = OPTION.unpack(self._channel.read(OPTION.size))
            if magic != OPTION_MAGIC or length > MOST_OPTION:
                raise HangUpError(
                    f"option {option} has magic {magic.hex()} and {length} bytes, "
                    f"expected {OPTION_MAGIC.hex()} and at most {MOST_OPTION}"
                )
            data = self._channel.read(length)
            if option == Option.ABORT:
                self._reply(option, Reply.ACK)
                return None
            if option == Option.EXPORT_NAME:
                self._export_name(data)
                return self._agreed
            try:
                if self._answer(option, data):
                    return self._agreed
            except _InvalidError as error:
                self._reply(option, Reply.INVALID, str(error).encode())

    def _answer(self, option: int, data: bytes) -> bool:
        """Answer an option; returns whether commands follow."""
        match option:
            case Option.LIST:
                _expect_none(data)
                self._reply(option, Reply.SERVER, _U32.pack(0))
                self._reply(option, Reply.ACK)
            case Option.STRUCTURED_REPLY:
                _expect_none(data)
                self._agreed.structured = True
                self._reply(option, Reply.ACK)
            case Option.LIST_META_CONTEXT | Option.SET_META_CONTEXT:
                self._contexts(option, data)
            case Option.INFO | Option.GO:
                return self._info(option, data) and option == Option.GO
            case _:
                self._reply(option, Reply.UNSUPPORTED)
        return False

    def _export_name(self, name: bytes) -> None:
        if name:
            raise HangUpError(f"export {name[:80]!r} is wanted, expected the one without a name")
        flags = self._export.flags(structured=self._agreed.structured)
        rest = b"" if self._no_zeroes else _OLD_ZEROES
        self._channel.send(_EXPORT.pack(self._export.size, flags) + rest)

    def _info(self, option: int, data: bytes) -> bool:
        """Describe the export; returns whether it is ours."""
        fields = _Fields(data)
        name = fields.string()
        wanted = [fields.u16() for _ in range(fields.u16())]
        fields.end()
        if name:
            self._reply(option, Reply.UNKNOWN, b"the only export has no name")
            return False
        flags = self._export.flags(structured=self._agreed.structured)
        self._reply(
            option, Reply.INFO, _U16.pack(Info.EXPORT) + _EXPORT.pack(self._export.size, flags)
        )
        if Info.NAME in wanted:
            self._reply(option, Reply.INFO, _U16.pack(Info.NAME))
        if Info.BLOCK_SIZE in wanted:
            sizes = struct.pack(">HIII", Info.BLOCK_SIZE, 1, BLOCK, MOST_PAYLOAD)
            self._reply(option, Reply.INFO, sizes)
        self._reply(option, Reply.ACK)
        return True

    def _contexts(self, option: int, data: bytes) -> None:
        chooses = option == Option.SET_META_CONTEXT
        if chooses:
            self._agreed.allocation = False  # Each choice replaces the one before.
        if not self._agreed.structured:
            raise _InvalidError("structured replies must be agreed on first")
        fields = _Fields(data)
        name = fields.string()
        queries = [fields.string() for _ in range(fields.u32())]
        fields.end()
        if name:
            self._reply(option, Reply.UNKNOWN, b"the only export has no name")
            return
        # To list, no query asks for all, and a name space for what is in it.
        found = CONTEXT in queries or (not chooses and (not queries or b"base:" in queries))
        if found:
            identity = CONTEXT_ID if chooses else 0
            self._reply(option, Reply.META_CONTEXT, _U32.pack(identity) + CONTEXT)
            self._agreed.allocation |= chooses
        self._reply(option, Reply.ACK)

    def _reply(self, option: int, kind: Reply, data: bytes = b"") -> None:
        self._channel.send(OPTION_REPLY.pack(OPTION_REPLY_MAGIC, option, kind, len(data)) + data)


class _Fields:
    """The data of an option, field after field; every length is checked before it is used."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def u16(self) -> int:
        return int(_U16.unpack(self._take(2))[0])

    def u32(self) -> int:
        return int(_U32.unpack(self._take(4))[0])

    def string(self) -> bytes:
        return self._take(self.u32())

    def end(self) -> None:
        if self._at != len(self._data):
            raise _InvalidError(f"{len(self._data) - self._at} bytes are left over")

    def _take(self, length: int) -> bytes:
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise _InvalidError(f"{len(self._data)} bytes are too few")
        return self._data[start : self._at]


def _expect_none(data: bytes) -> None:
    if data:
        raise _InvalidError(f"{len(data)} bytes were sent, expected none")
