# SPDX-License-Identifier: Apache-2.0
r"""``aws-chunked`` bodies: chunks with their own signatures, and trailers behind them.

    10000;chunk-signature=<64 hex digits>\r\n
    <65536 bytes>\r\n
    0;chunk-signature=<64 hex digits>\r\n
    x-amz-checksum-crc32c:sOO8/Q==\r\n             only with -TRAILER
    x-amz-trailer-signature:<64 hex digits>\r\n    only where signed
    \r\n

Data leave as they come and only a line is ever kept, so a chunk of 5 GiB costs no memory; in return
nothing that left may be used before ``finish`` has returned.

Source: S3 API reference, Signature calculations: transferring a payload in multiple chunks, and
including trailing headers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from vmferry.api.protocol.signature.canonical import EMPTY_HASH, signature
from vmferry.api.protocol.signature.refusals import mismatch
from vmferry.errors import ApiError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_LINE: Final = 1024
MOST_TRAILERS: Final = 16
LARGEST_CHUNK: Final = 5 << 30

SIGNED: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?")
_TRAILER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([\x20-\x7e]*?)[ \t]*")
_TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"


class ChunkedDecoder:
    """Take the chunks' frames off a body and prove each signature.

    Args:
        seed: The signature of the request itself.
        key: ``canonical.signing_key`` of the credential.
        scope: ``Credential.scope``.
        date: ``Credential.amz_date``.
        mode: ``x-amz-content-sha256``.
        length: ``x-amz-decoded-content-length``, compared at the end; ``None`` if it is not known.

    Attributes:
        trailers: Lower-case names; complete once ``finish`` has returned.
    """

    def __init__(
        self, seed: str, key: bytes, scope: str, date: str, mode: str, *, length: int | None = None
    ) -> None:
        if mode not in (SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER):
            raise ServiceError(f"{mode}: this is no mode of aws-chunked")
        self.trailers: dict[str, str] = {}
        self._signed = mode != UNSIGNED_TRAILER
        self._has_trailers = mode != SIGNED
        self._previous, self._key, self._scope, self._date = seed, key, scope, date
        self._expected_length, self._length = length, 0
        self._line = bytearray()
        self._left = 0
        self._digest = hashlib.sha256()
        self._signature = ""
        self._state: Callable[[memoryview, bytearray], memoryview] = self._head

    def feed(self, data: bytes) -> bytes:
        """Return the object's bytes among the next bytes of the body.

        Raises:
            ApiError: ``SignatureDoesNotMatch``, ``InvalidChunkSizeError``, ``IncompleteBody``.
        """
        out = bytearray()
        rest = memoryview(data)
        while rest:
            rest = self._state(rest, out)
        return bytes(out)

    def finish(self) -> dict[str, str]:
        """Return the trailers, at the end of the body.

        Raises:
            ApiError: ``IncompleteBody``: it ended early, or is not as long as it said.
        """
        if self._state == self._tail and not self._has_trailers and not self._line:
            # The empty line behind the last chunk is left out by some clients.
            self._state = self._end
        if self._state != self._end:
            raise _incomplete("The body ended inside a chunk or before the last one")
        if self._expected_length not in (None, self._length):
            raise _incomplete(
                f"Announced: {self._expected_length} bytes, found: {self._length} (decoded)"
            )
        return self.trailers

    def _head(self, data: memoryview, _out: bytearray) -> memoryview:
        line, rest = self._take_line(data)
        if line is None:
            return rest
        found = _HEAD.fullmatch(line)
        if found is None or (found[2] is None) == self._signed:
            raise ApiError("InvalidRequest", "A chunk does not begin with its size and signature")
        self._left = int(found[1], 16)
        if self._left > LARGEST_CHUNK:
            raise ApiError("InvalidChunkSizeError", f"A chunk of {self._left} bytes is too large")
        self._signature = (found[2] or b"").decode()
        self._digest = hashlib.sha256()
        if self._left:
            self._state = self._data
        else:
            self._prove_chunk()
            self._state = self._tail
        return rest

    def _data(self, data: memoryview, out: bytearray) -> memoryview:
        piece = data[: self._left]
        if self._signed:
            self._digest.update(piece)
        out += piece
        self._left -= len(piece)
        self._length += len(piece)
        if not self._left:
            self._prove_chunk()
            self._state = self._break
        return data[len(piece) :]

    def _break(self, data: memoryview, _out: bytearray) -> memoryview:
        line, rest = self._take_line(data)
        if line is not None:
            if line:
                raise _incomplete("A chunk is longer than its size says")
            self._state = self._head
        return rest

    def _tail(self, data: memoryview, _out: bytearray) -> memoryview:
        line, rest = self._take_line(data)
        if line is None:
            return rest
        if line:
            self._add_trailer(line)
        elif self._trailers_are_complete():
            self._prove_trailers()
            self._state = self._end
        return rest

    def _end(self, _data: memoryview, _out: bytearray) -> memoryview:
        raise ApiError("InvalidRequest", "There are bytes behind the last chunk")

    def _take_line(self, data: memoryview) -> tuple[bytes | None, memoryview]:
        piece = bytes(data[: LONGEST_LINE + 1 - len(self._line)])
        at = piece.find(b"\n")
        self._line += piece if at < 0 else piece[:at]
        if len(self._line) > LONGEST_LINE:
            raise ApiError(
                "InvalidRequest", f"A line of a chunk's frame exceeds {LONGEST_LINE} bytes"
            )
        if at < 0:
            return None, data[len(piece) :]
        line = bytes(self._line).removesuffix(b"\r")
        self._line.clear()
        return line, data[at + 1 :]

    def _add_trailer(self, line: bytes) -> None:
        found = _TRAILER.fullmatch(line)
        if not self._has_trailers or found is None or len(self.trailers) >= MOST_TRAILERS:
            raise ApiError("MalformedTrailerError", "The trailers of the body cannot be read")
        self.trailers[found[1].decode().lower()] = found[2].decode()

    def _trailers_are_complete(self) -> bool:
        # S3's own example has an empty line between the trailers and their signature.
        needs_more = self._signed and self._has_trailers
        return not needs_more or _TRAILER_SIGNATURE in self.trailers

    def _prove_chunk(self) -> None:
        if self._signed:
            self._prove(
                "AWS4-HMAC-SHA256-PAYLOAD",
                f"{EMPTY_HASH}\n{self._digest.hexdigest()}",
                self._signature,
            )

    def _prove_trailers(self) -> None:
        given = self.trailers.pop(_TRAILER_SIGNATURE, "")
        if self._signed and self._has_trailers:
            lines = "".join(f"{name}:{self.trailers[name]}\n" for name in sorted(self.trailers))
            digest = hashlib.sha256(lines.encode()).hexdigest()
            self._prove("AWS4-HMAC-SHA256-TRAILER", digest, given)

    def _prove(self, kind: str, hashes: str, given: str) -> None:
        text = f"{kind}\n{self._date}\n{self._scope}\n{self._previous}\n{hashes}"
        self._previous = signature(self._key, text)
        if not hmac.compare_digest(self._previous, given):
            raise mismatch("s3", "The signature of a chunk or of the trailers does not hold")


def _incomplete(cause: str) -> ApiError:
    return ApiError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
        hint=cause,
    )
