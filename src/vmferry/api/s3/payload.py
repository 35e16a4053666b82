# SPDX-License-Identifier: Apache-2.0
"""The body of an upload: decoded, proven, and never wholly visible before it is proven.

The last piece is held back until every digest that the caller promised is true: the store then has
fewer bytes than announced and drops them, so a damaged upload never becomes an object. Pieces are
large and are digested in a thread (hashlib releases the interpreter's lock), because the cost of
Python is per piece, not per byte.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
…/userguide/checking-object-integrity.html.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from vmferry.errors import ApiError
from vmferry.units import GIB, KIB, MIB

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Mapping,
        MutableMapping,
    )

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

PIECE: Final = MIB
"""Bytes that are gathered before they are digested and sent on."""

SMALL: Final = 64 * KIB
"""Below this a change of threads costs more than the digest."""

MAX_OBJECT: Final = 5 * GIB
"""The largest PutObject or part of S3."""

MAX_DOCUMENT: Final = 2 * MIB
"""The largest XML or JSON body; CompleteMultipartUpload of 10 000 parts has about 1 MiB."""


class Decoder(Protocol):
    """Takes the body as sent and returns the object's bytes."""

    def feed(self, data: bytes) -> bytes:
        """Return the object's bytes that are complete with ``data``."""

    def finish(self) -> None:
        """Prove what was promised; raises ``ApiError`` if a promise was broken."""


class ClientGoneError(ApiError):
    """The caller closed the connection in the middle of its body; nobody reads the answer."""

    def __init__(self) -> None:
        super().__init__("IncompleteBody", "The request body terminated unexpectedly")


def length_of(headers: Mapping[str, str]) -> int:
    """Return the object's size as announced.

    Raises:
        ApiError: ``MissingContentLength`` (411), ``EntityTooLarge``, ``InvalidArgument``.
    """
    text = headers.get("x-amz-decoded-content-length", headers.get("content-length"))
    if text is None:
        raise ApiError(
            "MissingContentLength", "You must provide the Content-Length HTTP header.", status=411
        )
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ApiError("InvalidArgument", f"The length {text[:32]} is not a number")
    if int(text) > MAX_OBJECT:
        raise ApiError(
            "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size."
        )
    return int(text)


async def pieces(
    receive: Receive,
    decoder: Decoder,
    length: int,
    *,
    before_last: Callable[[], Awaitable[object]] | None = None,
) -> AsyncGenerator[bytes]:
    """Yield the object's bytes; the last ones only when all promises hold.

    Args:
        receive: ASGI's.
        decoder: Decodes and proves.
        length: The object's size as announced.
        before_last: Awaited before the last piece is given, even if that is empty.

    Raises:
        ApiError: ``IncompleteBody`` and what ``decoder`` raises.
    """
    held, done = b"", 0
    async for raw in _gather(receive):
        data = await _feed(decoder, raw)
        done += len(data)
        if done > length:
            raise _incomplete(length, done)
        if data:
            if held:
                yield held
            held = data
    decoder.finish()
    if done != length:
        raise _incomplete(length, done)
    if before_last is not None:
        await before_last()
    if held:
        yield held


async def proven(body: AsyncGenerator[bytes], length: int) -> AsyncGenerator[bytes] | bytes:
    """Return ``body`` for sending; an empty one, which cannot be held back, is proven first."""
    if length:
        return body
    async for _ in body:
        pass
    return b""


async def document(receive: Receive, decoder: Decoder) -> bytes:
    """Return a small body, proven.

    Raises:
        ApiError: ``MaxMessageLengthExceeded`` and what ``decoder`` raises.
    """
    found = bytearray()
    async for raw in _gather(receive):
        found += decoder.feed(raw)
        if len(found) > MAX_DOCUMENT:
            raise ApiError("MaxMessageLengthExceeded", "Your request was too large.")
    decoder.finish()
    return bytes(found)


async def _gather(receive: Receive) -> AsyncIterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        data = message.get("body", b"")
        if data:
            waiting.append(data)
            size += len(data)
        more = message.get("more_body", False)
        if size >= PIECE or (size and not more):
            yield waiting[0] if len(waiting) == 1 else b"".join(waiting)
            waiting, size = [], 0
        if not more:
            return


async def _feed(decoder: Decoder, data: bytes) -> bytes:
    if len(data) < SMALL:
        return decoder.feed(data)
    return await asyncio.to_thread(decoder.feed, data)


def _incomplete(expected: int, found: int) -> ApiError:
    return ApiError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        hint=f"Announced: {expected}, found: {found}",
    )
