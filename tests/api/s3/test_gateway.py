# SPDX-License-Identifier: Apache-2.0
"""The whole way: boto3, the gateway, rclone, the disk."""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

S3 = Any  # boto3's clients are made at run time


def _code(call: S3, **arguments: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_comes_back_as_it_was(s3: S3, bucket: str) -> None:
    body = os.urandom(3_000_000)
    put = s3.put_object(
        Bucket=bucket, Key="a/b.vmdk", Body=body, ContentType="application/x-vmdk",
        Metadata={"Mixed-Case": "yes"},
    )  # fmt: skip
    got = s3.get_object(Bucket=bucket, Key="a/b.vmdk")
    assert got["Body"].read() == body
    assert (got["ETag"], got["ContentType"]) == (put["ETag"], "application/x-vmdk")
    assert got["Metadata"] == {"mixed-case": "yes"}
    assert got["AcceptRanges"] == "bytes"
    assert got["ResponseMetadata"]["HTTPHeaders"]["server"] == "AmazonS3"
    head = s3.head_object(Bucket=bucket, Key="a/b.vmdk")
    assert (head["ContentLength"], head["ETag"]) == (len(body), put["ETag"])
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [(o["Key"], o["Size"], o["ETag"]) for o in listed] == [
        ("a/b.vmdk", len(body), put["ETag"])
    ]
    s3.delete_object(Bucket=bucket, Key="a/b.vmdk")
    assert _code(s3.get_object, Bucket=bucket, Key="a/b.vmdk") == ("NoSuchKey", 404)
    s3.delete_bucket(Bucket=bucket)
    assert _code(s3.list_objects_v2, Bucket=bucket) == ("NoSuchBucket", 404)
