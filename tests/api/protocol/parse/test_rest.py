# SPDX-License-Identifier: Apache-2.0
"""S3's requests: path, query string, headers, bodies."""

from __future__ import annotations

from typing import Any

import pytest

from vmferry.api.protocol.http import Request
from vmferry.api.protocol.models import operation
from vmferry.api.protocol.parse import parse
from vmferry.errors import ApiError


def ask(
    action: str, path: str, query: str = "", body: bytes = b"", **headers: str
) -> dict[str, Any]:
    """Parse one of S3's requests; ``_`` in a header's name stands for a dash."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = parse(operation("s3", action), Request("GET", path, query, named, body))
    return {name: value for name, value in found.items() if value != {}}


def test_keys_keep_every_character() -> None:
    assert ask("GetObject", "/b/a//%C3%A4/%2F%20+.vmdk/", range="bytes=0-1") == {
        "Bucket": "b",
        "Key": "a//ä// +.vmdk/",
        "Range": "bytes=0-1",
    }


def test_a_bucket_may_end_in_a_slash() -> None:
    for path in ("/b", "/b/"):
        found = ask("ListObjectsV2", path, "list-type=2&prefix=a%2F&max-keys=5&delimiter=")
        assert found == {"Bucket": "b", "Prefix": "a/", "MaxKeys": 5, "Delimiter": ""}


def test_metadata_and_numbers_come_from_headers() -> None:
    found = parse(
        operation("s3", "PutObject"),
        Request("PUT", "/b/k", "", {"x-amz-meta-a": "1", "content-length": "5"}, b"hello"),
    )
    assert (found["Metadata"], found["ContentLength"]) == ({"a": "1"}, 5)
    assert "Body" not in found


def test_a_body_of_xml() -> None:
    body = (
        b'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Part><PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag></Part>"
        b"<Part><PartNumber>2</PartNumber><ETag>f</ETag></Part></CompleteMultipartUpload>"
    )
    found = ask("CompleteMultipartUpload", "/b/k", "uploadId=u", body)
    assert found["MultipartUpload"] == {
        "Parts": [{"PartNumber": 1, "ETag": '"e"'}, {"PartNumber": 2, "ETag": "f"}]
    }


def test_a_policy_is_a_body_of_text() -> None:
    assert ask("PutBucketPolicy", "/b", "policy", b"{}")["Policy"] == "{}"
    with pytest.raises(ApiError, match="not UTF-8"):
        ask("PutBucketPolicy", "/b", "policy", b"\xff")


@pytest.mark.parametrize(
    ("action", "path", "query", "code"),
    [
        ("ListObjectsV2", "/b", "max-keys=many", "InvalidArgument"),
        ("PutBucketPolicy", "/b", "policy", "MissingRequestBodyError"),
        ("UploadPart", "/b/k", "partNumber=1", "InvalidRequest"),
        ("GetObject", "/b", "", "InvalidRequest"),
        ("ListObjectsV2", "/b", "&".join("a=b" for _ in range(1001)), "InvalidURI"),
    ],
)
def test_what_is_wrong_is_refused(action: str, path: str, query: str, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        ask(action, path, query)
    assert caught.value.code == code
