# SPDX-License-Identifier: Apache-2.0
"""Handshake and options: what the protocol says, and clients that do not keep to it."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.blocks.nbd.client import (
    ABORT,
    ACK,
    EXPORT_NAME,
    GO,
    INFO,
    INVALID,
    LIST,
    LIST_META,
    READ,
    SET_META,
    STARTTLS,
    STRUCTURED_REPLY,
    UNKNOWN,
    UNSUPPORTED,
    Client,
    info,
    queries,
)

if TYPE_CHECKING:
    from vmferry.blocks.nbd import Server

SIZE = 8 * 524288 + 1000
FLAGS = 0b101_0110_1101


def test_the_greeting(server: Server) -> None:
    client = Client(server.path)
    assert client.greeting == b"NBDMAGICIHAVEOPT\0\3"
    assert client.option(ABORT) == [(ACK, b"")]
    assert client.ended


@pytest.mark.parametrize("zeros", [True, False])
def test_export_name(server: Server, zeros: bool) -> None:
    client = Client(server.path, flags=1 if zeros else 3)
    client.socket.sendall(struct.pack(">8sII", b"IHAVEOPT", EXPORT_NAME, 0))
    assert client.take(10) == struct.pack(">QH", SIZE, FLAGS)
    if zeros:
        assert client.take(124) == bytes(124)
    assert client.ask(READ, 0, 5) == (0, bytes(5), -1)
    client.close()


def test_info_and_list(server: Server) -> None:
    client = Client(server.path)
    export = struct.pack(">HQH", 0, SIZE, FLAGS)
    assert client.option(LIST) == [(2, bytes(4)), (ACK, b"")]
    assert client.option(INFO, info(b"")) == [(3, export), (ACK, b"")]
    assert client.option(STRUCTURED_REPLY) == [(ACK, b"")]
    export = struct.pack(">HQH", 0, SIZE, FLAGS | 1 << 7)
    assert client.option(GO, info(b"", 1, 2, 3, 99)) == [
        (3, export),
        (3, struct.pack(">H", 1)),
        (3, struct.pack(">HIII", 3, 1, 524288, 32 << 20)),
        (ACK, b""),
    ]
    client.close()


def test_contexts(server: Server) -> None:
    client = Client(server.path)
    early = client.option(SET_META, queries(b"", b"base:allocation"))
    assert early == [(INVALID, b"structured replies must be agreed on first")]
    client.option(STRUCTURED_REPLY)
    listed, chosen = (4, bytes(4) + b"base:allocation"), (4, b"\0\0\0\1base:allocation")
    done = (ACK, b"")
    assert client.option(LIST_META, queries(b"")) == [listed, done]
    assert client.option(LIST_META, queries(b"", b"base:")) == [listed, done]
    assert client.option(LIST_META, queries(b"", b"qemu:")) == [done]
    assert client.option(SET_META, queries(b"", b"x", b"base:allocation")) == [chosen, done]
    assert client.option(SET_META, queries(b"", b"base:")) == [done]
    assert client.option(SET_META, queries(b"")) == [done]
    client.option(GO, info(b""))
    assert client.ask(7, 0, 100).error == 22, "the last choice was nothing"


def test_other_names_and_options(server: Server) -> None:
    client = Client(server.path)
    unknown = [(UNKNOWN, b"the only export has no name")]
    assert client.option(INFO, info(b"other")) == unknown
    assert client.option(GO, info(b"other")) == unknown
    assert client.option(STARTTLS) == client.option(4711, b"x" * 100) == [(UNSUPPORTED, b"")]
    client.option(STRUCTURED_REPLY)
    assert client.option(SET_META, queries(b"o", b"base:allocation")) == unknown
    client.socket.sendall(struct.pack(">8sII", b"IHAVEOPT", EXPORT_NAME, 5) + b"other")
    assert client.ended


@pytest.mark.parametrize(
    ("option", "data", "text"),
    [
        (LIST, b"x", "1 bytes were sent, expected none"),
        (STRUCTURED_REPLY, b"xy", "2 bytes were sent, expected none"),
        (INFO, b"", "0 bytes are too few"),
        (GO, b"\0\0\0\0\0", "5 bytes are too few"),
        (GO, b"\xff\xff\xff\xff\0\0", "6 bytes are too few"),
        (GO, info(b"", 1, 2)[:-1], "9 bytes are too few"),
        (GO, info(b"", 1) + b"x", "1 bytes are left over"),
        (SET_META, b"\0\0\0\0\xff\xff\xff\xff", "8 bytes are too few"),
        (SET_META, queries(b"", b"a", b"b")[:-1], "17 bytes are too few"),
        (LIST_META, queries(b"") + b"more", "4 bytes are left over"),
    ],
)
def test_data_that_do_not_follow_the_protocol(
    server: Server, option: int, data: bytes, text: str
) -> None:
    client = Client(server.path)
    if option in (SET_META, LIST_META):
        client.option(STRUCTURED_REPLY)
    assert client.option(option, data) == [(INVALID, text.encode())]
    client.go().close()


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">8sII", b"IHAVEOPX", LIST, 0),
        struct.pack(">8sII", b"IHAVEOPT", LIST, 65537),
        struct.pack(">8sII", b"IHAVEOPT", GO, 2**32 - 1),
    ],
)
def test_what_cannot_be_answered_ends_the_connection(server: Server, sent: bytes) -> None:
    client = Client(server.path)
    client.socket.sendall(sent)
    assert client.ended
    client = Client(server.path, flags=4)
    assert client.ended
    Client(server.path).go().close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 12), st.binary(max_size=40)), max_size=5))
def test_any_bytes_are_answered_or_end_the_connection(
    server: Server, sent: list[tuple[int, bytes]]
) -> None:
    client = Client(server.path)
    with suppress(BrokenPipeError):  # It may hang up at any of them.
        for option, data in sent:
            client.socket.sendall(struct.pack(">8sII", b"IHAVEOPT", option, len(data)) + data)
        client.socket.shutdown(socket.SHUT_WR)
    while client.take(1 << 16):
        pass
    client.socket.close()
    Client(server.path).go().close()
    assert server.failure is None
