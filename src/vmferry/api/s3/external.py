# SPDX-License-Identifier: Apache-2.0
"""Requests to an external S3: passed on as they are, signed again with the operator's keys.

Its buckets, settings and errors are its own; the gateway only proves who asks and that the body is
what was promised.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from vmferry.api.s3 import payload
from vmferry.api.s3.decoding import Decoder
from vmferry.api.s3.wire import Relay

if TYPE_CHECKING:
    from vmferry.api.s3.ask import Ask
    from vmferry.api.s3.upstream import Upstream

PASSED: Final = frozenset({
    "cache-control", "content-disposition", "content-language", "content-md5", "content-type",
    "expires", "if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range",
})  # fmt: skip
"""Headers of a request that are passed on, beside those that begin with ``x-amz-``."""

OURS: Final = frozenset({
    "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-trailer",
})  # fmt: skip
"""Headers about the caller's signature and its way of sending: proven here, made anew."""

HOP: Final = frozenset({
    "connection", "date", "keep-alive", "proxy-authenticate", "server", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers of an answer that belong to one connection (RFC 9110, 7.6.1), or that we send."""


async def forward(ask: Ask, upstream: Upstream) -> Relay:
    """Pass a request on and return its answer.

    Raises:
        ApiError: The body is not what was promised, or nobody answers.
    """
    request = ask.request
    headers = {
        name: text
        for name, text in request.headers.items()
        if name in PASSED or (name.startswith("x-amz-") and name not in OURS)
    }
    coding = [c.strip() for c in request.headers.get("content-encoding", "").split(",")]
    if left := ",".join(c for c in coding if c and c != "aws-chunked"):
        headers["content-encoding"] = left
    # A presigned URL's signature is the caller's.
    query = "&".join(
        part for part in request.query.split("&")
        if part and not part.lower().startswith("x-amz-")
    )  # fmt: skip
    if request.method in ("GET", "HEAD", "DELETE"):
        answer = await upstream.send(request.method, ask.target.path, query, headers, b"")
    else:
        length = payload.length_of({"content-length": "0", **request.headers})
        headers["content-length"] = str(length)
        async with aclosing(payload.pieces(ask.receive, Decoder(ask), length)) as body:
            sent = await payload.proven(body, length)
            answer = await upstream.send(request.method, ask.target.path, query, headers, sent)
    passed = {name: text for name, text in answer.headers.items() if name not in HOP}
    return Relay(headers=passed, upstream=answer)
