# SPDX-License-Identifier: Apache-2.0
"""Decode a body and prove it: its signature's hash or its chunks' signatures, and its checksums.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
…/userguide/checking-object-integrity.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.api.protocol.checksum import PREFIX, ObjectCheck
from vmferry.api.protocol.chunked import ChunkedDecoder
from vmferry.api.protocol.signature import PayloadCheck
from vmferry.api.protocol.signature.canonical import signing_key
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from vmferry.api.s3.ask import Ask

STREAMING: Final = "STREAMING-"


class Decoder:
    """Takes the body as it was sent and gives the object's bytes.

    Attributes:
        checksums: ``x-amz-checksum-…`` headers of the answer; complete after ``finish``.
    """

    def __init__(self, ask: Ask) -> None:
        headers = ask.request.headers
        mode = headers.get("x-amz-content-sha256", "")
        self.checksums: dict[str, str] = {}
        self._check = ObjectCheck(headers)
        self._hash = PayloadCheck(mode)
        self._chunks = _chunks(ask, mode) if mode.startswith(STREAMING) else None

    def feed(self, data: bytes) -> bytes:
        """Return the object's bytes among the next bytes of the body.

        Raises:
            ApiError: A chunk is not what was signed.
        """
        if self._chunks is not None:
            data = self._chunks.feed(data)
        self._hash.feed(data)
        self._check.feed(data)
        return data

    def finish(self) -> None:
        """Prove what was promised, at the end of the body.

        Raises:
            ApiError: ``XAmzContentSHA256Mismatch``, ``BadDigest``, ``IncompleteBody`` and others.
        """
        trailers = self._chunks.finish() if self._chunks is not None else {}
        self._hash.finish()
        found = self._check.finish(trailers)
        self.checksums = {f"{PREFIX}{name}": text for name, text in found.items()}


def _chunks(ask: Ask, mode: str) -> ChunkedDecoder:
    signed = ask.credential
    if signed is None:
        raise ApiError("InvalidRequest", "Chunks need a signature of version 4 to follow")
    key = signing_key(ask.key.secret, signed.date, signed.region, signed.service)
    return ChunkedDecoder(signed.signature, key, signed.scope, signed.amz_date, mode)
