# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the owner's account everything, others what the policy or the ACL grants.

What the policy denies, no ACL grants.
A bucket of another account answers ``AccessDenied`` also where the object does not exist, so that
nobody learns names by asking.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/
how-s3-evaluates-access-control.html; Service Authorization Reference, Amazon S3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.api.s3 import acl, policy
from vmferry.catalog.buckets import grants
from vmferry.errors import ApiError
from vmferry.identity import Decision

if TYPE_CHECKING:
    from vmferry.model.bucket import Bucket
    from vmferry.model.identity import Principal

ACTIONS: Final = {
    "AbortMultipartUpload": ("AbortMultipartUpload", "WRITE"),
    "CompleteMultipartUpload": ("PutObject", "WRITE"),
    "CopyObject": ("PutObject", "WRITE"),
    "CreateMultipartUpload": ("PutObject", "WRITE"),
    "DeleteObject": ("DeleteObject", "WRITE"),
    "DeleteObjects": ("DeleteObject", "WRITE"),
    "GetBucketAcl": ("GetBucketAcl", "READ_ACP"),
    "GetBucketLocation": ("GetBucketLocation", ""),
    "GetObject": ("GetObject", ""),
    "HeadBucket": ("ListBucket", "READ"),
    "HeadObject": ("GetObject", ""),
    "ListMultipartUploads": ("ListBucketMultipartUploads", "READ"),
    "ListObjects": ("ListBucket", "READ"),
    "ListObjectsV2": ("ListBucket", "READ"),
    "ListParts": ("ListMultipartUploadParts", ""),
    "PutBucketAcl": ("PutBucketAcl", "WRITE_ACP"),
    "PutObject": ("PutObject", "WRITE"),
    "UploadPart": ("PutObject", "WRITE"),
    "UploadPartCopy": ("PutObject", "WRITE"),
}
"""Operation: the action of a policy and the permission of a bucket's ACL that allow it.

Operations that are not here are the owner's alone.
"""


def check(operation: str, caller: Principal, bucket: Bucket, key: str) -> None:
    """Refuse what the caller may not do.

    Raises:
        ApiError: ``AccessDenied``.
    """
    if caller.account == bucket.account:
        return
    action, permission = ACTIONS.get(operation, ("", ""))
    resource = f"arn:aws:s3:::{bucket.name}" + (f"/{key}" if key else "")
    said = Decision.IMPLICIT_DENY
    if action and bucket.policy:
        said = policy.decide(bucket.policy, caller, f"s3:{action}", resource)
    if said is Decision.ALLOW:
        return
    if said is Decision.DENY:
        raise denied()
    for grantee in (caller.canonical_id, acl.ALL_USERS, acl.AUTHENTICATED):
        given = grants(bucket)
        if permission and {(grantee, permission), (grantee, "FULL_CONTROL")} & given:
            return
    raise denied()


def denied() -> ApiError:
    """Return S3's plain refusal."""
    return ApiError("AccessDenied", "Access Denied", status=403)
