# SPDX-License-Identifier: Apache-2.0
"""Sign a request of our own, towards an external S3.

Source: AWS General Reference, Create a signed AWS API request.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from vmferry.api.protocol.signature import canonical
from vmferry.api.protocol.signature.payload import HEADER

if TYPE_CHECKING:
    from datetime import datetime

    from vmferry.api.protocol.http import Request


def sign(
    request: Request, access_key: str, secret: str, region: str, service: str, now: datetime
) -> dict[str, str]:
    """Return the headers of ``request`` with those that sign it.

    Args:
        request: With its ``host``; ``x-amz-content-sha256`` is kept if it is there, so that a
            streamed body can go as ``UNSIGNED-PAYLOAD``.
        access_key: The key's id.
        secret: The key's secret.
        region: Of the service that is asked.
        service: Such as ``s3``.
        now: The time in UTC.
    """
    amz_date = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    headers["x-amz-date"] = amz_date
    headers.setdefault(HEADER, hashlib.sha256(request.body).hexdigest())
    names = sorted(
        name
        for name in headers
        if name.startswith("x-amz-") or name in ("host", "content-type", "content-md5", "range")
    )
    scope = f"{amz_date[:8]}/{region}/{service}/aws4_request"
    text = canonical.string_to_sign(
        amz_date,
        scope,
        canonical.canonical_request(
            replace(request, headers=headers), service, names, headers[HEADER]
        ),
    )
    key = canonical.signing_key(secret, amz_date[:8], region, service)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={canonical.signature(key, text)}"
    )
    return headers
