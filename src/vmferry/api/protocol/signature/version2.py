# SPDX-License-Identifier: Apache-2.0
"""Presigned URLs of Signature Version 2: for S3, and never as a header.

boto3 and ``aws s3 presign`` (v1) make them by default for an endpoint of one's own in us-east-1,
euca2ools always. They name neither a region nor a service, so none is made up: whoever needs the
region takes the bucket's. What version 2 does not sign of a query is refused here, except what
only pages through a listing: ``?encryption`` would make another operation of a signed URL.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html (Query String
Request Authentication Alternative); aws-behaviour.md 10.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from vmferry.api.protocol.signature import refusals
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime

    from vmferry.api.protocol.http import Request

OWN: Final = ("AWSAccessKeyId", "Expires", "Signature")

SIGNED: Final = frozenset({
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory",
    "lifecycle", "location", "logging", "metrics", "notification", "object-lock", "partNumber",
    "policy", "replication", "requestPayment", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "select", "select-type",
    "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning",
    "versions", "website",
})  # fmt: skip
"""Parameters that the signature covers."""

UNSIGNED: Final = frozenset({
    "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type",
    "marker", "max-keys", "max-parts", "max-uploads", "part-number-marker", "prefix",
    "start-after", "upload-id-marker",
})  # fmt: skip
"""Parameters that it does not cover and that are accepted all the same: those of listings."""

_HEADER: Final = re.compile(r"content-md5|content-type|x-amz-[!#$%&'*+.^_`|~0-9a-z-]+")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presigned:
    """What a presigned URL says; nothing of it is proven.

    Attributes:
        access_key: The key's id, not yet looked up.
        expires: Seconds since 1970, as written.
        signature: Base64 of an HMAC-SHA1.
        request: What is asked: without the three parameters above, and with those that stand for
            headers (``x-amz-acl``, ``content-type``) as headers.
    """

    access_key: str
    expires: str
    signature: str = field(repr=False)
    request: Request


def read(request: Request) -> Presigned | None:
    """Return what ``request`` says if it is a presigned URL of version 2, else ``None``.

    Raises:
        ApiError: It is one, and has not all it needs, something twice, or something unsigned.
    """
    parts = [part for part in request.query.split("&") if part]
    pairs = [(unquote_plus(n), unquote_plus(v)) for n, _, v in (p.partition("=") for p in parts)]
    parameters = dict(pairs)
    if not parameters.keys() & {"AWSAccessKeyId", "Signature"}:
        return None
    if "authorization" in request.headers:
        raise ApiError(
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
            "query string parameter or the Authorization header should be specified",
        )
    if not all(parameters.get(name) for name in OWN):
        raise _denied(
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters"
        )
    if len(parameters) < len(pairs):
        raise _denied("A parameter comes twice")
    headers, kept = dict(request.headers), []
    for part, (name, value) in zip(parts, pairs, strict=True):
        if _HEADER.fullmatch(name):
            _add(headers, name, value.strip())
        elif name in SIGNED | UNSIGNED:
            kept.append(part)
        elif name not in OWN:
            raise _denied(f"Version 2 of the signature does not cover '{name[:32]}'")
    return Presigned(
        access_key=parameters["AWSAccessKeyId"],
        expires=parameters["Expires"],
        signature=parameters["Signature"],
        request=replace(request, query="&".join(kept), headers=headers),
    )


def verify(presigned: Presigned, path: str, secret: str, *, now: datetime) -> None:
    """Prove that the holder of ``secret`` made the URL, and that it still holds.

    Args:
        presigned: From ``read``.
        path: Raw: bucket and key in path style, or ``/bucket/``.
        secret: Of the access key.
        now: The time; a naive one counts as UTC.

    Raises:
        ApiError: ``AccessDenied``, ``SignatureDoesNotMatch``.
    """
    if _SECONDS.fullmatch(presigned.expires) is None:
        raise _denied(f"Invalid date (should be seconds since epoch): {presigned.expires[:32]}")
    if (now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp() > int(presigned.expires):
        raise refusals.expired("s3", "Request has expired")
    text = _string_to_sign(presigned, path)
    made = b64encode(hmac.digest(secret.encode(), text.encode(), "sha1"))
    if not hmac.compare_digest(made, presigned.signature.encode()):
        raise refusals.mismatch("s3")


def _string_to_sign(presigned: Presigned, path: str) -> str:
    request = presigned.request
    headers = {name: text.strip() for name, text in request.headers.items()}
    amz = [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-amz-")]
    lines = (
        request.method,
        headers.get("content-md5", ""),
        headers.get("content-type", ""),
        presigned.expires,
        *amz,
        path + _subresources(request.query),
    )
    return "\n".join(lines)


def _subresources(query: str) -> str:
    covered = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if unquote_plus(name) in SIGNED:
            covered.append((unquote_plus(name), equals + unquote_plus(value)))
    text = "&".join(name + value for name, value in sorted(covered))
    # Signed text is decoded, so partNumber=1%26uploadId%3Dx reads as the signed
    # partNumber=1&uploadId=x, and would make PutObject of an UploadPart.
    if sum(part.partition("=")[0] in SIGNED for part in text.split("&")) > len(covered):
        raise refusals.mismatch("s3", "The value of a parameter contains another parameter")
    return f"?{text}" if text else ""


def _add(headers: dict[str, str], name: str, value: str) -> None:
    # A line break would be read as the next signed header.
    if not (value.isascii() and value.isprintable()):
        raise refusals.mismatch("s3", f"The parameter {name[:32]} is not printable ASCII")
    if headers.setdefault(name, value).strip() != value:
        raise refusals.mismatch("s3", f"The parameter {name[:32]} is not what the header says")


def _denied(text: str) -> ApiError:
    return ApiError("AccessDenied", text, status=403)
