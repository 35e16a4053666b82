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
    Receive = Callable[[], Awaitable[Message]]
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


def status(answer: Response | Relay) -> int:
    """Return the HTTP status that the caller gets."""
    return answer.upstream.status_code if isinstance(answer, Relay) else answer.status


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


class Incoming:
    """The body of a request, which may be left unread.

    Args:
        request: Says whether there is one.
        receive: ASGI's.
    """

    def __init__(self, request: Request, receive: Receive) -> None:
        length = request.headers.get("content-length", "0")
        self.unread = length != "0" or "transfer-encoding" in request.headers
        self._receive = receive

    async def __call__(self) -> Message:
        """Return the next message (ASGI)."""
        message = await self._receive()
        if not message.get("more_body", False):
            self.unread = False
        return message

    def closing(self) -> dict[str, str]:
        """Return the header that ends the connection where a body was left unread.

        What is left of the body, which a caller that waited for ``100 Continue`` never sends, would
        otherwise be taken from the next request of the connection.
        """
        return {"connection": "close"} if self.unread else {}


def marks(request_id: str) -> dict[str, str]:
    """Return the headers that every answer of S3 has."""
    # The second id only has to be long and opaque; the same one finds both in a log.
    return {"x-amz-request-id": request_id, "x-amz-id-2": request_id * 4, "server": SERVER}


async def reply(send: Send, response: Response, more: Mapping[str, str], *, head: bool) -> None:
    """Send a whole answer with ``more`` headers; ``head`` leaves its body out."""
    headers = {**response.headers, **more}
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
