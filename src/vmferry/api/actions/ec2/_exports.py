# SPDX-License-Identifier: Apache-2.0
"""What is checked before an export is accepted: what goes out, how many at once, and where to.

Source: the guide's considerations for both exports, aws-behaviour.md 11-W and 11-X. Texts that
nobody has seen from AWS name the rule, the value and the limit.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions.ec2 import _checks
from vmferry.api.actions.ec2._canonical import canonical_user
from vmferry.api.s3 import policy
from vmferry.catalog.buckets import grants
from vmferry.errors import ApiError, SourceError
from vmferry.identity import Decision
from vmferry.model.identity import Principal
from vmferry.stores.s3 import S3Store
from vmferry.units import GIB, human

if TYPE_CHECKING:
    from vmferry.api.actions import Call
    from vmferry.model.bucket import Bucket
    from vmferry.model.catalog import Image, Snapshot

JOBS: Final = ("export_image", "export_instance")
"""They share the limit: AWS counts conversion tasks, whatever they convert."""

OWN_LICENCE: Final = frozenset({"RunInstances", "RunInstances:00g0", "RunInstances:0800"})
"""Linux, Red Hat and Windows that their owner has licensed; every other operation is AWS's.

Source: EC2 User Guide, "AMI billing information fields".
"""

ONE_BY_ONE: Final = threading.Lock()
"""Held from the count to the start, or requests of the same moment would count the same tasks."""


def check_count(call: Call) -> None:
    """Refuse when the account has as many exports under way in the region as it may."""
    limit = call.services.config.export.limit
    under_way = [
        task
        for task in call.services.tasks.records.unfinished()
        if task.job in JOBS and task.owner == call.owner
    ]
    if len(under_way) >= limit:
        raise ApiError(
            "ResourceLimitExceeded",
            f"Too many export tasks in progress. The limit is {limit} for this region.",
            hint="Wait for one of them or cancel it",
        )


def snapshots_of(call: Call, image: Image) -> list[Snapshot]:
    """Return the snapshots of an image that may be exported, in the order of its devices.

    Raises:
        ApiError: It is encrypted, has AWS's software, a snapshot that is gone, or a disk that is
            too large.
    """
    unrestricted = call.services.config.export.unrestricted
    if not unrestricted and any(device.encrypted for device in image.devices):
        raise _encrypted(image)
    if image.usage_operation not in OWN_LICENCE:
        raise ApiError(
            "NotExportable",
            f"The image ID provided ({image.id}) has software that AWS licenses "
            f"({image.usage_operation}) and is not exportable.",
        )
    found = [_snapshot(call, image, device.snapshot_id) for device in image.devices]
    if unrestricted:
        return found
    if any(snapshot.encrypted for snapshot in found):
        raise _encrypted(image)
    for device, snapshot in zip(image.devices, found, strict=True):
        _check_size(call, image, max(snapshot.size, device.volume_size_gib * GIB))
    return found


def _encrypted(image: Image) -> ApiError:
    return ApiError(
        "InvalidParameter",
        f"The image ID ({image.id}) provided has encrypted EBS block devices "
        "and is not exportable.",
    )


def _snapshot(call: Call, image: Image, snapshot_id: str) -> Snapshot:
    try:
        return call.services.snapshots.find(call.owner, snapshot_id)
    except ApiError as error:
        raise ApiError(
            "NotExportable",
            f"The snapshot ID ({snapshot_id}) of the image {image.id} neither is owned by current "
            "user nor had been previously imported through VMIE.",
        ) from error


def _check_size(call: Call, image: Image, size: int) -> None:
    limit = call.services.config.export.max_disk
    if size > limit:
        raise ApiError(
            "NotExportable",
            f"The image ID provided ({image.id}) has a volume of {-(-size // GIB)} GiB, more than "
            f"{human(limit)}, and is not exportable.",
        )


def check_destination(call: Call, bucket: str) -> None:
    """Refuse a bucket of another account or region, and one that is encrypted with SSE-KMS."""
    _checks.check_bucket(call, bucket)
    if "aws:kms" in _encryption(call, bucket):
        raise ApiError(
            "InvalidParameter",
            f"The S3 bucket {bucket} is encrypted with SSE-KMS, which is not supported.",
        )


def _encryption(call: Call, bucket: str) -> str:
    """Return what says how a bucket is encrypted, whoever keeps it."""
    if not call.services.config.buckets.endpoint:
        record = call.services.buckets.get(bucket)
        return record.encryption if record else ""
    try:
        return S3Store(bucket, call.services.rooms.access).encryption()
    except SourceError as error:
        raise ApiError(
            "InvalidParameter", f"Invalid S3 export location: {error.message}"
        ) from error


def check_grants(call: Call, bucket: Bucket) -> None:
    """Refuse a bucket that VM Import/Export itself may not write: an instance export has no role.

    The region's canonical user needs WRITE and READ_ACP by the ACL, which ``BucketOwnerEnforced``
    switches off, or PutObject and GetBucketAcl by the policy, which then has no say.

    Raises:
        ApiError: ``AuthFailure`` with AWS's own text.
    """
    user = canonical_user(call.region)
    by_acl = {permission for grantee, permission in grants(bucket) if grantee == user}
    granted = "FULL_CONTROL" in by_acl or {"WRITE", "READ_ACP"} <= by_acl
    if bucket.ownership == "BucketOwnerEnforced" or not (granted or _by_policy(bucket, user)):
        raise ApiError(
            "AuthFailure",
            "vm-import-export@amazon.com must have WRITE and READ_ACL permission on the S3 bucket.",
            status=401,
            hint=f"Set BucketOwnerPreferred, and grant WRITE and READ_ACP to id={user}",
        )


def _by_policy(bucket: Bucket, user: str) -> bool:
    arn = f"arn:aws:s3:::{bucket.name}"
    service = Principal(account="", arn="", user_id="", canonical_id=user)
    asked = (("s3:GetBucketAcl", arn), ("s3:PutObject", f"{arn}/export-i-0"))
    return bool(bucket.policy) and all(
        policy.decide(bucket.policy, service, action, resource) is Decision.ALLOW
        for action, resource in asked
    )


def wanted_format(params: dict[str, Any], known: tuple[str, ...]) -> str:
    """Return the format that a request asks for, in capitals, if it is one of ``known``."""
    wanted = str(params["DiskImageFormat"]).upper()
    if wanted not in known:
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter diskImageFormat is invalid. "
            f"Valid value(s): {', '.join(known)}",
        )
    return wanted
