# SPDX-License-Identifier: Apache-2.0
"""The hash of the payload: what a signature covers of a body.

S3 bodies are streamed past the signature, so its header's word is taken there and proven by
``PayloadCheck`` while the body flows; everything else is small and is hashed at once.

Source: S3 API reference, ``x-amz-content-sha256``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from vmferry.api.protocol.signature import refusals
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from vmferry.api.protocol.http import Request
    from vmferry.api.protocol.signature.credential import Credential

UNSIGNED: Final = "UNSIGNED-PAYLOAD"
STREAMING: Final = (
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
)
HEADER: Final = "x-amz-content-sha256"

_HEX: Final = re.compile(r"[0-9a-f]{64}")


def payload_hash(request: Request, credential: Credential) -> str:
    """Return the last line of the canonical request.

    Raises:
        ApiError: The declared hash is missing, unknown, or not that of the body.
    """
    declared = request.headers.get(HEADER, "")
    if credential.service == "s3":
        return _s3(request, credential, declared)
    actual = hashlib.sha256(request.body).hexdigest()
    if declared and declared != actual:
        raise refusals.mismatch(credential.service, f"{HEADER} is not the hash of the body")
    return actual


def _s3(request: Request, credential: Credential, declared: str) -> str:
    if not declared:
        if credential.presigned:
            return UNSIGNED
        raise ApiError("InvalidRequest", f"Missing required header for this request: {HEADER}")
    if declared in (UNSIGNED, *STREAMING):
        return declared
    if not _HEX.fullmatch(declared):
        raise ApiError(
            "InvalidArgument",
            f"{HEADER} must be {UNSIGNED}, {', '.join(STREAMING)}, or a valid sha256 value.",
        )
    if request.body:
        check = PayloadCheck(declared)
        check.feed(request.body)
        check.finish()
    return declared


class PayloadCheck:
    """Compare a streamed body with the hash that its signature covers.

    Args:
        declared: ``x-amz-content-sha256``, or ``""`` for a presigned URL; whatever is not a hash
            (``UNSIGNED-PAYLOAD``, ``STREAMING-…``) promises nothing, and nothing is compared.
    """

    def __init__(self, declared: str) -> None:
        self._declared = declared if _HEX.fullmatch(declared) else ""
        self._digest = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if self._declared:
            self._digest.update(data)

    def finish(self) -> None:
        """Compare, at the end of the body.

        Raises:
            ApiError: ``XAmzContentSHA256Mismatch``.
        """
        if self._declared and not hmac.compare_digest(self._digest.hexdigest(), self._declared):
            text = f"The provided '{HEADER}' header does not match what was computed."
            raise ApiError("XAmzContentSHA256Mismatch", text)
