# SPDX-License-Identifier: Apache-2.0
"""AWS's published example values."""

from __future__ import annotations

import pytest

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.signature.canonical import (
    EMPTY_HASH,
    canonical_request,
    signature,
    signing_key,
    string_to_sign,
)

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def test_the_example_of_get_object() -> None:
    """S3 API reference, Signature calculations for the Authorization header: GET Object."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": EMPTY_HASH,
        "x-amz-date": "20130524T000000Z",
    }
    canonical = canonical_request(
        Request("GET", "/test.txt", "", headers), "s3", list(headers), EMPTY_HASH
    )
    text = string_to_sign("20130524T000000Z", "20130524/us-east-1/s3/aws4_request", canonical)
    assert text.endswith("7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972")
    assert signature(signing_key(SECRET, "20130524", "us-east-1", "s3"), text) == (
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize(
    ("service", "path", "expected"),
    [
        ("s3", "/a//b/../%c3%a4%20~", "/a//b/../%C3%A4%20~"),
        ("s3", "", "/"),
        ("s3", "/a+b", "/a%2Bb"),
        ("ec2", "/a//b/../c%20d/", "/a/c%2520d/"),
        ("ec2", "/../..", "/"),
        ("ec2", "", "/"),
    ],
)
def test_paths(service: str, path: str, expected: str) -> None:
    lines = canonical_request(Request("GET", path, "", {}), service, ["host"], "").split("\n")
    assert lines[1] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("b=2&a=1&a=0", "a=0&a=1&b=2"),
        ("acl", "acl="),
        ("a=b+c&d=%7e", "a=b%20c&d=~"),
        ("a=1&X-Amz-Signature=x&&b", "a=1&b="),
        ("a%2fb=c/d", "a%2Fb=c%2Fd"),
    ],
)
def test_queries(query: str, expected: str) -> None:
    lines = canonical_request(Request("GET", "/", query, {}), "s3", ["host"], "").split("\n")
    assert lines[2] == expected


def test_headers_are_sorted_and_trimmed() -> None:
    headers = {"host": " h ", "x-amz-b": " a  b ", "other": "x"}
    lines = canonical_request(
        Request("GET", "/", "", headers), "s3", ["x-amz-b", "host"], ""
    ).split("\n")
    assert lines[3:7] == ["host:h", "x-amz-b:a b", "", "host;x-amz-b"]
