# SPDX-License-Identifier: Apache-2.0
"""Checks before a task; roles, buckets and objects are seen in the actions' own tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vmferry.api.actions.ec2._checks import ObjectName, one_of, request_digest
from vmferry.errors import ApiError


@pytest.mark.parametrize(
    ("container", "bucket", "key"),
    [
        ({"Url": "s3://b/k"}, "b", "k"),
        ({"Url": "S3://b/a/b%20c d"}, "b", "a/b%20c d"),
        ({"UserBucket": {"S3Bucket": "b", "S3Key": "k"}}, "b", "k"),
    ],
)
def test_an_object_is_named_by_url_or_bucket(
    container: dict[str, object], bucket: str, key: str
) -> None:
    assert one_of(container) == ObjectName(bucket=bucket, key=key)


def test_a_snapshot_is_no_object() -> None:
    assert one_of({"SnapshotId": "snap-1"}) is None


@pytest.mark.parametrize(
    ("container", "code"),
    [
        ({}, "MissingParameter"),
        ({"Url": ""}, "MissingParameter"),
        ({"Url": "s3://b/k", "SnapshotId": "s"}, "InvalidParameterCombination"),
        ({"Url": "b/k"}, "InvalidParameter"),
        ({"Url": "file:///etc/passwd"}, "InvalidParameter"),
        ({"Url": "s3:///k"}, "InvalidParameter"),
        ({"UserBucket": {"S3Key": "k"}}, "InvalidParameter"),
    ],
)
def test_anything_else_is_refused(container: dict[str, object], code: str) -> None:
    with pytest.raises(ApiError) as caught:
        one_of(container)
    assert caught.value.code == code


def test_a_digest_is_of_all_but_the_token() -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    params = {"a": 1, "b": {"c": [when]}, "ClientToken": "t"}
    same = {"b": {"c": [when]}, "a": 1, "ClientToken": "u", "DryRun": True}
    assert request_digest(params) == request_digest(same)
    assert request_digest(params) != request_digest({**params, "a": 2})
    assert request_digest(params) != request_digest({"a": 1})
