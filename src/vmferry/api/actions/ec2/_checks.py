# SPDX-License-Identifier: Apache-2.0
"""What is checked before a task is accepted: dry run, tags, role, bucket, object.

Source: aws-behaviour.md 1.4, 1.7, 2.2, 11-N and 11-T. Every check that needs no copy is made
here, so that a caller hears of a wrong name at once and not from a task.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vmferry.catalog import tags
from vmferry.errors import ApiError, SourceError
from vmferry.stores import open_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vmferry.api.actions import Call
    from vmferry.model.identity import Role

DEFAULT_ROLE: Final = "vmimport"

READ_BUCKET: Final = ("s3:GetBucketLocation", "s3:ListBucket")
READ_OBJECT: Final = ("s3:GetObject",)
WRITE_BUCKET: Final = ("s3:GetBucketLocation", "s3:ListBucket", "s3:GetBucketAcl")
WRITE_OBJECT: Final = ("s3:GetObject", "s3:PutObject")
"""What the guide's role policy gives the service for import and export buckets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectName:
    """An object that a request names."""

    bucket: str
    key: str


def check_dry_run(call: Call) -> None:
    """End a dry run after every check has passed."""
    if call.params.get("DryRun"):
        raise ApiError(
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
            status=412,
        )


def task_tags(call: Call, resource_type: str) -> dict[str, str]:
    """Return the tags of the request, which must all be for ``resource_type``."""
    out: dict[str, str] = {}
    for item in call.params.get("TagSpecifications", []):
        kind = item.get("ResourceType", resource_type)
        if kind != resource_type:
            raise ApiError(
                "InvalidParameterValue",
                f"'{kind}' is not a valid taggable resource type for this operation.",
                hint=f"Use {resource_type}",
            )
        out.update(tags.parse(item.get("Tags", [])))
    return out


def request_digest(params: Mapping[str, Any]) -> str:
    """Return the digest of what a repeated ``ClientToken`` must come with: all but the token."""
    rest = {k: v for k, v in params.items() if k not in ("ClientToken", "DryRun")}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()


def one_of(container: Mapping[str, Any]) -> ObjectName | None:
    """Return the object of a disk container, or ``None`` if it names a snapshot.

    Raises:
        ApiError: Not exactly one of ``Url``, ``UserBucket`` and ``SnapshotId``, or a URL we do not
            read.
    """
    given = [name for name in ("Url", "UserBucket", "SnapshotId") if container.get(name)]
    if len(given) != 1:
        raise ApiError(
            "InvalidParameterCombination" if given else "MissingParameter",
            f"The disk container has {' and '.join(given) or 'no source'}, "
            "expected exactly one of Url, UserBucket and SnapshotId",
        )
    if given == ["SnapshotId"]:
        return None
    if given == ["UserBucket"]:
        bucket = container["UserBucket"]
        return _named(bucket.get("S3Bucket", ""), bucket.get("S3Key", ""))
    url = str(container["Url"])
    scheme, _, rest = url.partition("://")
    if scheme.lower() != "s3":
        raise ApiError(
            "InvalidParameter",
            f"Invalid S3 source location: {url.partition('?')[0]}",
            hint="Use s3://bucket/key",
        )
    name, _, key = rest.partition("/")
    return _named(name, key)


def _named(bucket: str, key: str) -> ObjectName:
    if not bucket or not key:
        raise ApiError(
            "InvalidParameter",
            f"Invalid S3 source location: bucket '{bucket}', key '{key}', expected both",
        )
    return ObjectName(bucket=bucket, key=key)


def task_arn(call: Call, task_id: str) -> str:
    """Return what the service says of itself when it assumes a role (``aws:SourceArn``)."""
    return f"arn:aws:vmie:{call.region}:{call.owner.account}:{task_id}"


def check_role(call: Call, source_arn: str) -> Role:
    """Return the role that the service acts as; raises AWS's one text, with the exact cause."""
    name = call.params.get("RoleName") or DEFAULT_ROLE
    return call.services.identity.service_role(call.owner.account, call.region, name, source_arn)


def check_access(call: Call, role: Role, resource: str, actions: Sequence[str]) -> None:
    """Refuse unless the role may do all ``actions`` on ``resource`` (an ARN)."""
    context = {"aws:SourceAccount": call.owner.account, "aws:RequestedRegion": call.region}
    for action in actions:
        call.services.identity.require(role, action, resource, context)


def check_bucket(call: Call, name: str) -> None:
    """Refuse a bucket that does not exist, is another account's, or lies in another region."""
    if call.services.config.buckets.endpoint:
        return
    bucket = call.services.buckets.get(name)
    if bucket is None or bucket.account != call.owner.account:
        raise ApiError(
            "InvalidParameter",
            f"Invalid S3 source location: there is no bucket {name} in this account",
        )
    if bucket.region != call.region:
        raise ApiError(
            "InvalidParameter",
            "The given S3 object is not local to the region. "
            f"The object must be located in {call.region}.",
            hint=f"The bucket {name} is in {bucket.region}",
        )


def check_object(call: Call, role: Role, name: ObjectName) -> None:
    """Refuse an object that the role may not read or that does not exist."""
    check_bucket(call, name.bucket)
    check_access(call, role, f"arn:aws:s3:::{name.bucket}", READ_BUCKET)
    check_access(call, role, f"arn:aws:s3:::{name.bucket}/{name.key}", READ_OBJECT)
    try:
        rooms = call.services.rooms
        open_source(rooms.object_url(name.bucket, name.key), rooms.access)
    except SourceError as error:
        raise ApiError(
            "InvalidParameter",
            f"Invalid S3 source location: s3://{name.bucket}/{name.key}: {error.message}",
        ) from error
