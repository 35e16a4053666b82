# SPDX-License-Identifier: Apache-2.0
"""Objects through boto3, and as files."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from vmferry.catalog.buckets import object_path

S3 = Any
"""boto3's clients are made at run time."""

ODD = [
    *("a b", "ü/€", "100%", "a+b", "c:d", "a\\b", "a%2fb", "x?y#z&a=b", " lead", "trail ", "~t"),
    *("a/.hidden", "*|<>\"'", "\u2400", "\uff0e\uff0e/x", "b" * 255, "é\u0301"),
]


def test_an_odd_name_is_the_files_name(service: Any, s3: S3, bucket: str) -> None:
    for key in ODD:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        assert object_path(service.root, bucket, key).read_bytes() == key.encode()
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(entry["Key"] for entry in listed) == sorted(ODD)


def test_ranges(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="x", Body=bytes(range(100)))
    for text, first, last in (("5-9", 5, 9), ("90-", 90, 99), ("-3", 97, 99), ("0-999", 0, 99)):
        got = s3.get_object(Bucket=bucket, Key="x", Range=f"bytes={text}")
        assert got["Body"].read() == bytes(range(first, last + 1))
        assert got["ContentRange"] == f"bytes {first}-{last}/100"
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=bucket, Key="x", Range="bytes=100-")


def test_conditions(s3: S3, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="x", Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="x", Body=b"2", IfNoneMatch="*")
    with pytest.raises(ClientError, match="304"):
        s3.get_object(Bucket=bucket, Key="x", IfNoneMatch=etag)
    assert s3.get_object(Bucket=bucket, Key="x", IfMatch=etag)["Body"].read() == b"1"


def test_copies_keep_or_replace_what_is_beside_the_bytes(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b", Body=b"data", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "a b"}
    copied = s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)["CopyObjectResult"]
    kept = s3.get_object(Bucket=bucket, Key="kept")
    assert (kept["Body"].read(), kept["Metadata"]) == (b"data", {"a": "1"})
    assert kept["ETag"] == copied["ETag"]
    for key in ("new", "a b"):
        s3.copy_object(
            Bucket=bucket, Key=key, CopySource=source, Metadata={"b": "2"},
            MetadataDirective="REPLACE",
        )  # fmt: skip
        assert s3.head_object(Bucket=bucket, Key=key)["Metadata"] == {"b": "2"}
    with pytest.raises(ClientError, match="This copy request is illegal"):
        s3.copy_object(Bucket=bucket, Key="a b", CopySource=source)


def test_many_are_deleted_at_once(s3: S3, bucket: str) -> None:
    for key in ("a/x", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    wanted = [{"Key": key} for key in ("a/x", "b", "nothing", "../../etc/passwd")]
    found = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert found["Deleted"] == wanted
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_an_export_that_was_moved_in_is_an_object(service: Any, s3: S3, bucket: str) -> None:
    path = object_path(service.root, bucket, "exports/disk.ova")
    path.parent.mkdir()
    path.write_bytes(b"ova")
    got = s3.get_object(Bucket=bucket, Key="exports/disk.ova")
    assert got["Body"].read() == b"ova"
    assert got["ETag"].endswith('-1"')
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ETag"] == got["ETag"]
