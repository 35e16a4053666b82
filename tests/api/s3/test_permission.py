# SPDX-License-Identifier: Apache-2.0
"""Who may do what with a bucket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vmferry.api.protocol import models
from vmferry.api.s3.permission import ACTIONS, check
from vmferry.database.engine import now
from vmferry.errors import ApiError
from vmferry.model.bucket import Bucket
from vmferry.model.identity import Principal

OTHER = Principal(
    account="999999999999", arn="arn:aws:iam::999999999999:root", user_id="x", canonical_id="b" * 64
)
OWNER = replace(OTHER, account="123456789012")
ACL = (
    '<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><AccessControlList>'
    f"<Grant><Grantee><ID>{'b' * 64}</ID></Grantee><Permission>WRITE</Permission></Grant>"
    "</AccessControlList></AccessControlPolicy>"
)
BUCKET = Bucket(
    name="disks", account="123456789012", region="us-east-1", created=now(),
    ownership="ObjectWriter", acl=ACL,
)  # fmt: skip


def test_every_name_is_an_operation() -> None:
    assert set(ACTIONS) <= set(models.service("s3").operation_names)


def test_the_owner_may_everything() -> None:
    check("PutBucketPolicy", OWNER, BUCKET, "")


def test_the_list_grants_what_it_says() -> None:
    check("PutObject", OTHER, BUCKET, "x")
    for operation in ("GetObject", "ListObjectsV2", "PutBucketPolicy", "PutBucketAcl"):
        with pytest.raises(ApiError, match="Access Denied"):
            check(operation, OTHER, BUCKET, "x")


def test_enforced_ownership_switches_the_list_off() -> None:
    with pytest.raises(ApiError, match="Access Denied"):
        check("PutObject", OTHER, replace(BUCKET, ownership="BucketOwnerEnforced"), "x")


def test_what_the_policy_denies_no_list_grants() -> None:
    policy = (
        '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", '
        '"Resource": "arn:aws:s3:::disks/secret*"}}'
    )
    bucket = replace(BUCKET, policy=policy)
    check("PutObject", OTHER, bucket, "x")
    with pytest.raises(ApiError, match="Access Denied"):
        check("PutObject", OTHER, bucket, "secret.txt")
