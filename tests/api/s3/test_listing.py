# SPDX-License-Identifier: Apache-2.0
"""Listings through boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

S3 = Any
"""boto3's clients are made at run time."""

KEYS = ["a/1", "a/2", "b c", "d/e/f", "z"]


@pytest.fixture
def full(s3: S3, bucket: str) -> str:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    return bucket


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_pages_give_every_key_once(s3: S3, full: str, operation: str) -> None:
    pages = s3.get_paginator(operation).paginate(Bucket=full, PaginationConfig={"PageSize": 2})
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == KEYS


def test_a_delimiter_makes_folders(s3: S3, full: str) -> None:
    found = s3.list_objects_v2(Bucket=full, Delimiter="/")
    assert [entry["Prefix"] for entry in found["CommonPrefixes"]] == ["a/", "d/"]
    assert [entry["Key"] for entry in found["Contents"]] == ["b c", "z"]
    below = s3.list_objects_v2(Bucket=full, Delimiter="/", Prefix="d/")
    assert [entry["Prefix"] for entry in below["CommonPrefixes"]] == ["d/e/"]
    with pytest.raises(ClientError, match="only delimiter that is provided here is /"):
        s3.list_objects_v2(Bucket=full, Delimiter="-")


def test_an_empty_listing_counts_nothing(s3: S3, bucket: str) -> None:
    assert s3.list_objects_v2(Bucket=bucket, Prefix="none/")["KeyCount"] == 0
    assert "KeyCount" not in s3.list_objects(Bucket=bucket, Prefix="none/")
