# SPDX-License-Identifier: Apache-2.0
"""The canonical request, the string to sign and the signing key.

A canonical request is seven lines: method, path, query, headers (one line each), an empty line, the
names of the signed headers, the hash of the payload.

S3 encodes the path once and leaves it otherwise alone; every other service takes ``.``, ``..`` and
``//`` out of it and encodes it twice.

Source: AWS General Reference, Create a signed AWS API request.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmferry.api.protocol.http import Request

UNRESERVED: Final = "-_.~"
EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()


def canonical_request(
    request: Request, service: str, signed_headers: Iterable[str], payload_hash: str
) -> str:
    """Return the text whose hash is signed; a presigned URL's own signature is left out."""
    names = sorted(set(signed_headers))
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names
    )
    return "\n".join(
        (
            request.method,
            _path(request.path, service),
            _query(request.query),
            headers,
            ";".join(names),
            payload_hash,
        )
    )


def string_to_sign(amz_date: str, scope: str, canonical: str) -> str:
    """Return what the key signs."""
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    return f"AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{digest}"


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Return the key for one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature(key: bytes, text: str) -> str:
    """Return the hex signature of ``text``."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def _path(path: str, service: str) -> str:
    if service == "s3":
        return quote(unquote_to_bytes(path or "/"), safe="/" + UNRESERVED)
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    tail = "/" if parts and path.endswith("/") else ""
    return quote("/" + "/".join(parts) + tail, safe="/" + UNRESERVED)


def _query(query: str) -> str:
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name, value = _encode(name), _encode(value)
        if part and name != "X-Amz-Signature":
            pairs.append((name, value))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encode(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe=UNRESERVED)
