# SPDX-License-Identifier: Apache-2.0
"""An external S3 behind the gateway: here, another gateway."""

from __future__ import annotations

import os
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError


def test_requests_are_signed_again_and_passed_on(external: str, service: Any) -> None:
    s3 = service.client(endpoint_url=external)
    s3.create_bucket(Bucket="outside")
    body = os.urandom(2_000_000)
    s3.put_object(Bucket="outside", Key="a b/ü", Body=body, Metadata={"a": "b"})
    got = service.client().get_object(Bucket="outside", Key="a b/ü")
    assert (got["Body"].read(), got["Metadata"]) == (body, {"a": "b"})
    assert (
        s3.get_object(Bucket="outside", Key="a b/ü", Range="bytes=5-9")["Body"].read() == body[5:10]
    )
    listed = s3.list_objects_v2(Bucket="outside", Prefix="a b/")["Contents"]
    assert [entry["Key"] for entry in listed] == ["a b/ü"]
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="outside", Key="nothing")
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket="outside", Key="bad", Body=body, ChecksumCRC32="AAAAAA==")
    s3.delete_object(Bucket="outside", Key="a b/ü")
    s3.delete_bucket(Bucket="outside")


def test_a_presigned_url_of_version_2_is_signed_again(
    external: str, service: Any, bucket: str
) -> None:
    s3 = service.client(endpoint_url=external)
    where = {"Bucket": bucket, "Key": "x", "Metadata": {"a": "b"}}
    url = s3.generate_presigned_url("put_object", Params=where)
    assert httpx.put(url, content=b"disk").status_code == 200
    got = service.client().get_object(Bucket=bucket, Key="x")
    assert (got["Body"].read(), got["Metadata"]) == (b"disk", {"a": "b"})
