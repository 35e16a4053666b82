# SPDX-License-Identifier: Apache-2.0
"""Requests and answers on ASGI."""

from __future__ import annotations

import asyncio
from typing import Any

from vmferry.api.protocol.http import Request, Response
from vmferry.api.s3.wire import Incoming, reply, request_of


def test_a_scope_becomes_a_request() -> None:
    scope = {
        "method": "PUT", "raw_path": b"/a%20b?x", "query_string": b"x=%2F",
        "headers": [(b"X-Amz-Meta-A", b"1"), (b"x-amz-meta-a", b"2")],
    }  # fmt: skip
    assert request_of(scope) == Request("PUT", "/a%20b", "x=%2F", {"x-amz-meta-a": "1,2"})


def test_a_body_that_is_left_ends_the_connection() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x", "more_body": False}

    incoming = Incoming(Request("PUT", "/", "", {"content-length": "1"}), receive)
    assert incoming.closing() == {"connection": "close"}
    asyncio.run(incoming())
    assert incoming.closing() == {}
    assert Incoming(Request("GET", "/", "", {}), receive).closing() == {}


def test_a_head_has_the_length_and_no_body() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(reply(send, Response(404, {}, b"gone"), {"server": "AmazonS3"}, head=True))
    assert sent[0]["headers"] == [(b"server", b"AmazonS3"), (b"content-length", b"4")]
    assert sent[1]["body"] == b""
