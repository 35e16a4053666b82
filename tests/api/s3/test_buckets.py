# SPDX-License-Identifier: Apache-2.0
"""Buckets through boto3."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError


def _create(s3: Any, name: str, region: str) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})


def test_us_east_1_makes_buckets_of_any_region(s3: Any) -> None:
    _create(s3, "frankfurt-disks", "eu-central-1")
    assert s3.get_bucket_location(Bucket="frankfurt-disks")["LocationConstraint"] == "eu-central-1"
    with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
        _create(s3, "frankfurt-disks", "eu-central-1")
    s3.delete_bucket(Bucket="frankfurt-disks")


def test_another_region_makes_only_its_own(service: Any) -> None:
    s3 = service.client(region_name="eu-west-1")
    with pytest.raises(ClientError, match=r"IllegalLocationConstraintException.*eu-central-1"):
        _create(s3, "elsewhere", "eu-central-1")
    with pytest.raises(ClientError, match="InvalidLocationConstraint"):
        _create(s3, "elsewhere", "the-moon")
    _create(s3, "dublin-disks", "eu-west-1")
    s3.delete_bucket(Bucket="dublin-disks")


def test_us_east_1_says_ok_again(s3: Any, bucket: str) -> None:
    s3.create_bucket(Bucket=bucket)


def test_a_full_bucket_stays(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=bucket)


def test_buckets_are_listed_in_pages(s3: Any) -> None:
    for number in range(3):
        s3.create_bucket(Bucket=f"paged-{number}")
    pages = s3.get_paginator("list_buckets").paginate(
        Prefix="paged-", PaginationConfig={"PageSize": 2}
    )
    found = [bucket["Name"] for page in pages for bucket in page["Buckets"]]
    assert found == [f"paged-{number}" for number in range(3)]
    for name in found:
        s3.delete_bucket(Bucket=name)


def test_ownership_and_acl_at_birth(s3: Any) -> None:
    with pytest.raises(ClientError, match="InvalidBucketAclWithObjectOwnership"):
        s3.create_bucket(Bucket="public-disks", ACL="public-read")
    s3.create_bucket(Bucket="public-disks", ACL="public-read", ObjectOwnership="ObjectWriter")
    grants = s3.get_bucket_acl(Bucket="public-disks")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "READ"]
    s3.delete_bucket(Bucket="public-disks")


def test_a_url_of_version_2_names_no_region(service: Any, s3: Any) -> None:
    answer = httpx.put(s3.generate_presigned_url("create_bucket", Params={"Bucket": "presigned"}))
    assert answer.status_code == 200
    assert service.buckets.get("presigned").region == "us-east-1"
    s3.delete_bucket(Bucket="presigned")
