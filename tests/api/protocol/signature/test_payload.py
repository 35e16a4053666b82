# SPDX-License-Identifier: Apache-2.0
"""What a signature covers of a body."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature import Credential, PayloadCheck
from vmferry.api.protocol.signature.payload import STREAMING, UNSIGNED, payload_hash
from vmferry.errors import ApiError

HELLO = hashlib.sha256(b"hello").hexdigest()


def ask(service: str, declared: str, body: bytes = b"", *, presigned: bool = False) -> str:
    """Return the payload hash of a request."""
    credential = Credential(
        access_key="A", date="", region="", service=service, signed_headers=(), signature="",
        time=datetime.now(UTC), presigned=presigned,
    )  # fmt: skip
    headers = {"x-amz-content-sha256": declared} if declared else {}
    return payload_hash(Request("PUT", "/", "", headers, body), credential)


def test_s3_takes_the_headers_word_for_a_streamed_body() -> None:
    for declared in (HELLO, UNSIGNED, *STREAMING):
        assert ask("s3", declared) == declared
    assert ask("s3", "", presigned=True) == UNSIGNED


def test_s3_refuses_a_hash_that_is_not_the_bodys() -> None:
    assert ask("s3", HELLO, b"hello") == HELLO
    with pytest.raises(ApiError, match="does not match what was computed") as caught:
        ask("s3", HELLO, b"hullo")
    assert (caught.value.code, caught.value.status) == ("XAmzContentSHA256Mismatch", 400)


def test_s3_wants_the_header() -> None:
    with pytest.raises(ApiError, match="Missing required header") as caught:
        ask("s3", "")
    assert caught.value.code == "InvalidRequest"
    with pytest.raises(ApiError, match="must be UNSIGNED-PAYLOAD") as caught:
        ask("s3", "STREAMING-NONSENSE")
    assert caught.value.code == "InvalidArgument"


def test_others_hash_the_body_whatever_the_header_says() -> None:
    assert ask("ec2", "", b"hello") == HELLO
    assert ask("iam", HELLO, b"hello") == HELLO
    for declared in (UNSIGNED, STREAMING[0], "0" * 64):
        with pytest.raises(ApiError) as caught:
            ask("iam", declared, b"hello")
        assert caught.value.code == "SignatureDoesNotMatch"


def test_a_streamed_body_is_compared_at_its_end() -> None:
    check = PayloadCheck(HELLO)
    check.feed(b"hel")
    check.feed(b"lo")
    check.finish()
    check.feed(b"!")
    with pytest.raises(ApiError, match="does not match"):
        check.finish()
    for nothing in ("", UNSIGNED, STREAMING[0]):
        free = PayloadCheck(nothing)
        free.feed(b"anything")
        free.finish()
