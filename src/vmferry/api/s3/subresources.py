# SPDX-License-Identifier: Apache-2.0
"""Sub-resources that no bucket here has: the documented answer for "not configured".

Without these, rclone would answer ``?cors`` with a listing of the bucket, and Terraform, which
reads them all after creating a bucket, would take that for a configuration.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the pages of the
operations.
"""

from __future__ import annotations

from typing import Any, Final

from vmferry.errors import ApiError

ABSENT: Final = {
    "GetBucketCors": ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    "GetBucketLifecycleConfiguration": (
        "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist",
    ),
    "GetBucketReplication": (
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found",
    ),
    "GetBucketTagging": ("NoSuchTagSet", "The TagSet does not exist"),
    "GetBucketWebsite": (
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    ),
    "GetObjectLockConfiguration": (
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
    ),
    "GetPublicAccessBlock": (
        "NoSuchPublicAccessBlockConfiguration",
        "The public access block configuration was not found",
    ),
}  # fmt: skip
"""Operation: code and text of its 404."""

EMPTY: Final[dict[str, dict[str, Any]]] = {
    "DeleteBucketCors": {},
    "DeleteBucketLifecycle": {},
    "DeleteBucketReplication": {},
    "DeleteBucketTagging": {},
    "DeleteBucketWebsite": {},
    "DeleteObjectTagging": {},
    "DeletePublicAccessBlock": {},
    "GetBucketAccelerateConfiguration": {},
    "GetBucketLogging": {},
    "GetBucketNotificationConfiguration": {},
    "GetBucketRequestPayment": {"Payer": "BucketOwner"},
    "GetBucketVersioning": {},
    "GetObjectTagging": {"TagSet": []},
    "ListBucketAnalyticsConfigurations": {"IsTruncated": False},
    "ListBucketIntelligentTieringConfigurations": {"IsTruncated": False},
    "ListBucketInventoryConfigurations": {"IsTruncated": False},
    "ListBucketMetricsConfigurations": {"IsTruncated": False},
}
"""Operation: the members of its empty answer."""


def answer(name: str) -> dict[str, Any]:
    """Return what an operation answers for a bucket that has none of it.

    Raises:
        ApiError: The 404 of ``ABSENT``; ``NotImplemented`` (501) for what is not provided here.
    """
    if name in ABSENT:
        code, text = ABSENT[name]
        raise ApiError(code, text, status=404)
    if name in EMPTY:
        return dict(EMPTY[name])
    raise ApiError(
        "NotImplemented",
        "A header or query you provided implies functionality that is not implemented.",
        status=501,
        hint=f"vmferry's buckets do not provide {name}",
    )
