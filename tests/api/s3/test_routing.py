# SPDX-License-Identifier: Apache-2.0
"""What a request asks for."""

from __future__ import annotations

import pytest

from vmferry.api.s3.routing import Target, encode, locate, operation
from vmferry.errors import ApiError

BASES = ("localhost", "s3.example.org")


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key", "raw"),
    [
        ("127.0.0.1:4599", "/", "", "", "/"),
        ("127.0.0.1:4599", "/disks", "disks", "", "/disks"),
        ("localhost:4599", "/disks/a%20b/%C3%BC", "disks", "a b/ü", "/disks/a%20b/%C3%BC"),
        ("disks.localhost:4599", "/a/b", "disks", "a/b", "/disks/a/b"),
        ("disks.localhost", "/", "disks", "", "/disks"),
        ("a.b.s3.example.org", "/x", "a.b", "x", "/a.b/x"),
        ("_bad.localhost", "/x/y", "x", "y", "/x/y"),
        ("localhost", "/disks/a%2Fb", "disks", "a/b", "/disks/a%2Fb"),
    ],
)
def test_the_bucket_is_in_the_path_or_in_the_host(
    host: str, path: str, bucket: str, key: str, raw: str
) -> None:
    assert locate(host, path, BASES) == Target(bucket=bucket, key=key, path=raw)


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ApiError, match="Couldn't parse the specified URI"):
        locate("localhost", "/disks/%FF", BASES)


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "name"),
    [
        ("GET", "/", "", "", "ListBuckets"),
        ("GET", "/b", "", "", "ListObjects"),
        ("GET", "/b", "list-type=2&prefix=a", "", "ListObjectsV2"),
        ("GET", "/b", "acl", "", "GetBucketAcl"),
        ("GET", "/b", "acl=", "", "GetBucketAcl"),
        ("GET", "/b", "lifecycle", "", "GetBucketLifecycleConfiguration"),
        ("GET", "/b", "uploads", "", "ListMultipartUploads"),
        ("HEAD", "/b", "", "", "HeadBucket"),
        ("POST", "/b", "delete", "", "DeleteObjects"),
        ("PUT", "/b/k", "x-id=PutObject", "", "PutObject"),
        ("PUT", "/b/k", "", "x-amz-copy-source", "CopyObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", "", "UploadPart"),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", "x-amz-copy-source", "UploadPartCopy"),
        ("GET", "/b/k", "uploadId=u", "", "ListParts"),
        ("GET", "/b/k", "X-Amz-Algorithm=AWS4-HMAC-SHA256", "", "GetObject"),
        ("POST", "/b/k", "uploads", "", "CreateMultipartUpload"),
        ("DELETE", "/b/k", "uploadId=u", "", "AbortMultipartUpload"),
    ],
)
def test_the_most_demanding_operation_is_meant(
    method: str, path: str, query: str, headers: str, name: str
) -> None:
    target = locate("localhost", path, BASES)
    assert operation(method, target, query, {headers: "x"}).name == name


def test_a_method_without_an_operation_is_refused() -> None:
    with pytest.raises(ApiError, match="not allowed against this resource"):
        operation("PATCH", locate("localhost", "/b", BASES), "", {})


def test_a_key_has_one_spelling() -> None:
    assert encode("a b/ü+~%.x") == "a%20b/%C3%BC%2B~%25.x"
