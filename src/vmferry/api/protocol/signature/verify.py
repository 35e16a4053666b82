# SPDX-License-Identifier: Apache-2.0
"""Prove a signature: the time it holds, what it must cover, and the signature itself.

Source: AWS General Reference, Signature Version 4; hostile-input.md, row SigV4.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from vmferry.api.protocol.signature import canonical, refusals
from vmferry.api.protocol.signature.payload import payload_hash
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from vmferry.api.protocol.http import Request
    from vmferry.api.protocol.signature.credential import Credential

SKEW: Final = timedelta(minutes=15)


def verify(request: Request, credential: Credential, secret: str, *, now: datetime) -> None:
    """Prove that the holder of ``secret`` signed ``request``, and lately.

    Args:
        request: As it came. For S3 its body may be streamed beside it: then it is ``b""`` here and
            the caller proves the body with ``PayloadCheck`` or ``ChunkedDecoder``.
        credential: From ``identify``.
        secret: Of the credential's access key.
        now: The time; a naive one counts as UTC.

    Raises:
        ApiError: ``RequestExpired``, ``SignatureDoesNotMatch`` or ``AuthFailure``; for S3
            ``RequestTimeTooSkewed``, ``AccessDenied``, ``XAmzContentSHA256Mismatch`` too.
    """
    _check_time(credential, now if now.tzinfo else now.replace(tzinfo=UTC))
    _check_coverage(request, credential)
    text = canonical.string_to_sign(
        credential.amz_date,
        credential.scope,
        canonical.canonical_request(
            request,
            credential.service,
            credential.signed_headers,
            payload_hash(request, credential),
        ),
    )
    key = canonical.signing_key(secret, credential.date, credential.region, credential.service)
    if not hmac.compare_digest(canonical.signature(key, text), credential.signature):
        raise refusals.mismatch(credential.service)


def _check_time(credential: Credential, now: datetime) -> None:
    if not credential.presigned:
        if abs(now - credential.time) > SKEW:
            cause = (
                f"The request's time is {credential.amz_date}, the server's {now:%Y%m%dT%H%M%SZ}"
            )
            raise refusals.skewed(credential.service, cause)
        return
    if credential.time - now > SKEW:
        raise refusals.expired(credential.service, "Request is not valid yet")
    if now - credential.time > timedelta(seconds=credential.expires_s):
        raise refusals.expired(credential.service, "Request has expired")


def _check_coverage(request: Request, credential: Credential) -> None:
    signed = set(credential.signed_headers)
    if "host" not in signed:
        raise refusals.mismatch(credential.service, "The host header must be signed")
    if not credential.presigned and not signed & {"x-amz-date", "date"}:
        raise refusals.mismatch(credential.service, "The time of the request must be signed")
    unsigned = sorted(
        name for name in request.headers if name.startswith("x-amz-") and name not in signed
    )
    if not unsigned:
        return
    cause = f"Not signed: {', '.join(unsigned)[:256]}"
    if credential.service == "s3":
        text = "There were headers present in the request which were not signed"
        raise ApiError("AccessDenied", text, status=403, hint=cause)
    raise refusals.mismatch(credential.service, cause)
