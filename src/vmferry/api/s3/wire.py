# SPDX-License-Identifier: Apache-2.0
"""Answers towards the caller: whole ones, and streams that are passed on piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from vmferry.api.protocol.http import Request, Response
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Message = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]
    Scope = MutableMapping[str, Any]

SERVER: Final = "AmazonS3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """An answer whose body comes from upstream.

    Attributes:
        headers: What the caller sees.
        upstream: Its body is unread; closed by ``relay``.
    """

    headers: dict[str, str]
    upstream: httpx.Response


def request_of(scope: Scope) -> Request:
    """Return an ASGI scope as a request whose body is streamed beside it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(
        method=scope["method"],
        path=scope["raw_path"].partition(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
    )


def marks(request_id: str) -> dict[str, str]:
    """Return the headers that every answer of S3 has."""
    # The second id only has to be long and opaque; the same one finds both in a log.
    return {"x-amz-request-id": request_id, "x-amz-id-2": request_id * 4, "server": SERVER}


async def reply(send: Send, response: Response, request_id: str, *, head: bool = False) -> None:
    """Send a whole answer; ``head`` leaves its body out."""
    headers = {**response.headers, **marks(request_id)}
    if response.status not in (204, 304):
        headers.setdefault("content-length", str(len(response.body)))
    await send(_start(response.status, headers))
    await send({"type": "http.response.body", "body": b"" if head else response.body})


async def relay(send: Send, answer: Relay, request_id: str) -> None:
    """Pass an answer on; ``send`` waits while the caller reads slowly, and so do we."""
    upstream = answer.upstream
    try:
        await send(_start(upstream.status_code, {**marks(request_id), **answer.headers}))
        async for piece in upstream.aiter_raw():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await upstream.aclose()


async def whole(upstream: httpx.Response) -> bytes:
    """Read an answer that is known to be small, and close it.

    Raises:
        ApiError: Upstream broke off.
    """
    try:
        return await upstream.aread()
    except httpx.TransportError as error:
        raise ApiError(
            "ServiceUnavailable", "Service is unable to handle request.", status=503
        ) from error
    finally:
        await upstream.aclose()


def _start(status: int, headers: Mapping[str, str]) -> Message:
    pairs = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}
