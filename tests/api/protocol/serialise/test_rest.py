# SPDX-License-Identifier: Apache-2.0
"""S3's answers: roots, headers, payloads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from vmferry.api.protocol.models import operation
from vmferry.api.protocol.serialise import serialise
from vmferry.api.protocol.serialise.rest import ROOTS

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.mark.parametrize(
    ("action", "result", "root"),
    [
        ("ListObjectsV2", {"Name": "b"}, "ListBucketResult"),
        ("ListBuckets", {"Buckets": []}, "ListAllMyBucketsResult"),
        ("CreateMultipartUpload", {"UploadId": "u"}, "InitiateMultipartUploadResult"),
        ("CompleteMultipartUpload", {"ETag": "e"}, "CompleteMultipartUploadResult"),
        ("ListParts", {"Parts": []}, "ListPartsResult"),
        ("DeleteObjects", {"Deleted": []}, "DeleteResult"),
        ("GetBucketAcl", {"Grants": []}, "AccessControlPolicy"),
        ("GetBucketOwnershipControls", {"OwnershipControls": {"Rules": []}}, "OwnershipControls"),
        ("CopyObject", {"CopyObjectResult": {"ETag": "e"}}, "CopyObjectResult"),
    ],
)
def test_roots_are_s3s(action: str, result: dict[str, object], root: str) -> None:
    answer = serialise(operation("s3", action), result, "r-1", host_id="h")
    assert etree.fromstring(answer.body).tag == NAMESPACE + root
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["x-amz-request-id"] == "r-1"
    assert answer.headers["x-amz-id-2"] == "h"


def test_every_named_root_is_of_an_action() -> None:
    for action in ROOTS:
        assert operation("s3", action).output_shape


@pytest.mark.parametrize(("place", "text"), [("us-east-1", None), ("eu-west-1", "eu-west-1")])
def test_a_location_is_the_root_itself(place: str, text: str | None) -> None:
    model = operation("s3", "GetBucketLocation")
    root = etree.fromstring(serialise(model, {"LocationConstraint": place}, "r-1").body)
    assert (root.tag, root.text) == (NAMESPACE + "LocationConstraint", text)


def test_headers_are_typed_and_safe() -> None:
    answer = serialise(
        operation("s3", "HeadObject"),
        {
            "ContentLength": 5,
            "LastModified": datetime(2018, 2, 7, 18, 27, 39, tzinfo=UTC),
            "ETag": '"e"',
            "Metadata": {"A": "x\r\nSet-Cookie: y", "b": "ä", "c": "日本"},
        },
        "r-1",
    )
    assert answer.headers == {
        "x-amz-request-id": "r-1",
        "content-length": "5",
        "last-modified": "Wed, 07 Feb 2018 18:27:39 GMT",
        "etag": '"e"',
        "x-amz-meta-a": "xSet-Cookie: y",
        "x-amz-meta-b": "ä",
        "x-amz-meta-c": "=?UTF-8?B?5pel5pys?=",
    }
    assert answer.body == b""


def test_statuses_are_the_models() -> None:
    for action, status in (("DeleteObject", 204), ("PutObject", 200), ("DeleteBucketPolicy", 204)):
        answer = serialise(operation("s3", action), {}, "r-1")
        assert (answer.status, answer.body) == (status, b"")


def test_payloads_of_text_and_bytes_are_the_body() -> None:
    policy = serialise(operation("s3", "GetBucketPolicy"), {"Policy": "{}"}, "r-1")
    assert (policy.body, "content-type" in policy.headers) == (b"{}", False)
    assert serialise(operation("s3", "GetObject"), {"Body": b"x"}, "r-1").body == b"x"
