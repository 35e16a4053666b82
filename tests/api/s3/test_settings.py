# SPDX-License-Identifier: Apache-2.0
"""Settings of buckets, as boto3 reads and writes them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

S3 = Any
"""boto3's clients are made at run time."""

OWNER = ("123456789012" * 6)[:64]
EXPORTER = "c4d8eabf8db69dbe46bfe0e517100c554f01200b104d59cd408e777ba442a322"


def test_ownership_controls(s3: S3, bucket: str) -> None:
    def get() -> str:
        rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        return str(rules[0]["ObjectOwnership"])

    assert get() == "BucketOwnerEnforced"
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    assert get() == "BucketOwnerPreferred"
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    with pytest.raises(ClientError, match="OwnershipControlsNotFoundError"):
        get()


def test_the_acl_of_the_guide(s3: S3, bucket: str) -> None:
    grants = {"GrantWrite": f"id={EXPORTER}", "GrantReadACP": f"id={EXPORTER}"}
    with pytest.raises(ClientError, match=r"AccessControlListNotSupported.*does not allow ACLs"):
        s3.put_bucket_acl(Bucket=bucket, **grants)
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    s3.put_bucket_acl(Bucket=bucket, **grants)
    found = s3.get_bucket_acl(Bucket=bucket)
    assert found["Owner"]["ID"] == OWNER
    assert [(g["Grantee"]["ID"], g["Permission"]) for g in found["Grants"]] == [
        (EXPORTER, "WRITE"),
        (EXPORTER, "READ_ACP"),
    ]
    s3.put_bucket_acl(
        Bucket=bucket, AccessControlPolicy={"Owner": found["Owner"], "Grants": found["Grants"]}
    )
    assert s3.get_bucket_acl(Bucket=bucket)["Grants"] == found["Grants"]
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert [g["Permission"] for g in s3.get_bucket_acl(Bucket=bucket)["Grants"]] == ["FULL_CONTROL"]


def test_encryption(s3: S3, bucket: str) -> None:
    def get() -> str:
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        return str(found["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])

    def put(algorithm: str) -> None:
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    assert get() == "AES256"
    put("aws:kms")
    assert get() == "aws:kms"
    with pytest.raises(ClientError, match="MalformedXML"):
        put("rot13")
    s3.delete_bucket_encryption(Bucket=bucket)
    assert get() == "AES256"


def test_a_policy_with_canonical_users(s3: S3, bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
        f'{{"CanonicalUser": "{EXPORTER}"}}, "Action": ["s3:PutObject", "s3:GetBucketAcl"], '
        f'"Resource": ["arn:aws:s3:::{bucket}", "arn:aws:s3:::{bucket}/*"]}}]}}'
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    with pytest.raises(ClientError, match="MalformedPolicy"):
        s3.put_bucket_policy(Bucket=bucket, Policy="{}")
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)


def test_a_bucket_has_a_region(s3: S3, bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "us-east-1"
