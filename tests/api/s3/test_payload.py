# SPDX-License-Identifier: Apache-2.0
"""Bodies of uploads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vmferry.api.s3.payload import PIECE, ClientGoneError, document, length_of, pieces
from vmferry.errors import ApiError
from vmferry.units import GIB


class Plain:
    """A decoder that changes nothing and may refuse in the end."""

    def __init__(self, *, good: bool = True) -> None:
        self._good = good

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> None:
        if not self._good:
            raise ApiError("BadDigest", "wrong")


def _receive(*bodies: bytes, gone: bool = False) -> Any:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": True} for body in bodies
    ]
    messages.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


def _take(receive: Any, length: int, decoder: Plain | None = None) -> list[bytes]:
    taken: list[bytes] = []

    async def run() -> None:
        async for piece in pieces(receive, decoder or Plain(), length):
            taken.append(piece)  # noqa: PERF401 - what came before a refusal is looked at

    try:
        asyncio.run(run())
    except ApiError as error:
        return [*taken, error.code.encode()]
    return taken


def test_small_bodies_are_gathered() -> None:
    assert _take(_receive(b"a" * PIECE, b"b", b"c"), PIECE + 2) == [b"a" * PIECE, b"bc"]
    assert _take(_receive(), 0) == []


def test_the_last_piece_waits_for_the_proof() -> None:
    bodies = [b"a" * PIECE, b"b" * PIECE, b"c"]
    found = _take(_receive(*bodies), 2 * PIECE + 1, Plain(good=False))
    assert found == [bodies[0], bodies[1], b"BadDigest"]


@pytest.mark.parametrize("length", [1, 5])
def test_another_length_than_announced_is_refused(length: int) -> None:
    assert _take(_receive(b"abc"), length) == [b"IncompleteBody"]


def test_a_caller_that_goes_leaves_nothing() -> None:
    with pytest.raises(ClientGoneError):
        asyncio.run(document(_receive(b"abc", gone=True), Plain()))


def test_a_document_is_bounded() -> None:
    assert asyncio.run(document(_receive(b"ab", b"c"), Plain())) == b"abc"
    with pytest.raises(ApiError, match="too large"):
        asyncio.run(document(_receive(b"a" * (3 << 20)), Plain()))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingContentLength"),
        ({"content-length": "x"}, "InvalidArgument"),
        ({"content-length": str(5 * GIB + 1)}, "EntityTooLarge"),
    ],
)
def test_the_length_must_be_known(headers: dict[str, str], code: str) -> None:
    with pytest.raises(ApiError) as caught:
        length_of(headers)
    assert caught.value.code == code


def test_the_decoded_length_counts() -> None:
    assert length_of({"content-length": "9", "x-amz-decoded-content-length": "5"}) == 5
