# SPDX-License-Identifier: Apache-2.0
"""Our own signatures: botocore makes the same, and our verifier takes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import identify, sign, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def signed(headers: Mapping[str, str], body: bytes = b"") -> Request:
    """Return a request that we signed."""
    request = Request("PUT", "/bucket/a%20b/%C3%A4", "partNumber=1&uploadId=x%2Fy", headers, body)
    made = sign(request, "AKID", "secret", "eu-west-1", "s3", NOW)
    return Request(request.method, request.path, request.query, made, body)


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_what_we_sign_we_take(body: bytes) -> None:
    request = signed({"host": "h:9000", "content-type": "a/b", "x-amz-meta-a": "b"}, body)
    verify(request, identify(request), "secret", now=NOW)


def test_an_old_signature_is_replaced_and_a_declared_hash_kept() -> None:
    request = signed(
        {"host": "h", "authorization": "AWS x", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"x"
    )
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/20260102/")
    assert request.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"


@pytest.mark.oracle
def test_botocore_makes_the_same_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW.replace(tzinfo=None))
    request = signed({"host": "h:9000", "range": "bytes=0-1"})
    other = AWSRequest(
        method="PUT",
        url="http://h:9000/bucket/a%20b/%C3%A4?partNumber=1&uploadId=x%2Fy",
        headers={"range": "bytes=0-1"},
    )
    S3SigV4Auth(Credentials("AKID", "secret"), "s3", "eu-west-1").add_auth(other)
    assert other.headers["Authorization"] == request.headers["authorization"]
