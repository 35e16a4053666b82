# SPDX-License-Identifier: Apache-2.0
"""A client of the NBD protocol that says whatever a test wants, written from the specification."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS = range(8)
EXPORT_NAME, ABORT, LIST, STARTTLS, INFO, GO = 1, 2, 3, 5, 6, 7
STRUCTURED_REPLY, LIST_META, SET_META = 8, 9, 10
ACK, UNSUPPORTED, INVALID, UNKNOWN = 1, 2**31 + 1, 2**31 + 3, 2**31 + 6


class Answer(NamedTuple):
    """What a command brought; of a failure its number and text."""

    error: int
    data: bytes
    kind: int = -1


class Client:
    """One connection."""

    def __init__(self, path: Path, flags: int = 3) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self.greeting = self.take(18)
        self.socket.sendall(struct.pack(">I", flags))

    def __del__(self) -> None:
        """Leave without a word, as a client that was killed."""
        self.socket.close()

    def take(self, length: int) -> bytes:
        """Return exactly ``length`` bytes, or what there was when the server hung up."""
        data = bytearray()
        while len(data) < length:
            try:
                more = self.socket.recv(length - len(data))
            except ConnectionError:
                break
            if not more:
                break
            data += more
        return bytes(data)

    @property
    def ended(self) -> bool:
        """Whether the server has hung up."""
        return self.take(1) == b""

    def option(self, number: int, data: bytes = b"") -> list[tuple[int, bytes]]:
        """Send an option; return its replies up to the last one."""
        self.socket.sendall(struct.pack(">8sII", b"IHAVEOPT", number, len(data)) + data)
        replies: list[tuple[int, bytes]] = []
        while not replies or (replies[-1][0] != ACK and replies[-1][0] < 2**31):
            magic, option, kind, length = struct.unpack(">QIII", self.take(20))
            assert (magic, option) == (0x3E889045565A9, number)
            replies.append((kind, self.take(length)))
        return replies

    def go(self, *, structured: bool = True, contexts: bool = True) -> Client:
        """Agree on all there is and begin."""
        if structured:
            assert self.option(STRUCTURED_REPLY) == [(ACK, b"")]
            if contexts:
                replies = self.option(SET_META, queries(b"", b"base:allocation"))
                assert [kind for kind, _ in replies] == [4, ACK]
        assert self.option(GO, info(b""))[-1] == (ACK, b"")
        self.structured = structured
        return self

    def ask(
        self,
        command: int,
        offset: int = 0,
        length: int = 0,
        *,
        flags: int = 0,
        data: bytes = b"",
    ) -> Answer:
        """Send a command and return its answer."""
        cookie = 0x1122334455667788 + command
        request = struct.pack(">IHHQQI", 0x25609513, flags, command, cookie, offset, length)
        self.socket.sendall(request + data)
        (magic,) = struct.unpack(">I", self.take(4))
        if magic == 0x67446698:
            error, got = struct.unpack(">IQ", self.take(12))
            assert got == cookie
            with_data = command == READ and not error
            return Answer(error, self.take(length) if with_data else b"")
        assert magic == 0x668E33EF
        last, kind, got, size = struct.unpack(">HHQI", self.take(16))
        payload = self.take(size)
        assert (last, got, len(payload)) == (1, cookie, size)
        return _structured(kind, payload, offset)

    def close(self) -> None:
        """End the connection as the protocol says."""
        self.socket.sendall(struct.pack(">IHHQQI", 0x25609513, 0, DISC, 0, 0, 0))
        assert self.ended
        self.socket.close()


def _structured(kind: int, payload: bytes, offset: int) -> Answer:
    if kind == 1:
        assert struct.unpack_from(">Q", payload) == (offset,)
        return Answer(0, payload[8:], kind)
    if kind == 0x8001:
        error, length = struct.unpack_from(">IH", payload)
        assert length == len(payload) - 6
        return Answer(error, payload[6:], kind)
    return Answer(0, payload, kind)


def info(name: bytes, *wanted: int) -> bytes:
    """Return the data of INFO and GO."""
    numbers = struct.pack(f">H{len(wanted)}H", len(wanted), *wanted)
    return struct.pack(">I", len(name)) + name + numbers


def queries(name: bytes, *wanted: bytes) -> bytes:
    """Return the data of LIST_META_CONTEXT and SET_META_CONTEXT."""
    texts = b"".join(struct.pack(">I", len(text)) + text for text in wanted)
    return struct.pack(">I", len(name)) + name + struct.pack(">I", len(wanted)) + texts
