# SPDX-License-Identifier: Apache-2.0
"""Make, remove and list our own buckets: a record and a folder.

The record is written before the folder is made and removed after it is gone, so a crash in between
leaves a bucket that its owner can create or delete again, and never a folder that nobody owns.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html and its neighbours.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.protocol import models
from vmferry.api.protocol.http import Response
from vmferry.api.protocol.serialise import serialise
from vmferry.api.s3 import acl, settings
from vmferry.api.s3.objects import checked
from vmferry.api.s3.wire import whole
from vmferry.errors import ApiError
from vmferry.model.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from vmferry.api.s3.ask import Ask
    from vmferry.api.s3.upstream import Upstream
    from vmferry.catalog.buckets import Buckets

CLASSIC: Final = "us-east-1"
"""The region without a LocationConstraint, whose endpoint makes buckets of any region."""

MOST_LISTED: Final = 10_000

_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+){1,3}-\d{1,2}")


class BucketActions:
    """See the module."""

    def __init__(
        self,
        buckets: Buckets,
        upstream: Upstream,
        root: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._buckets = buckets
        self._upstream = upstream
        self._root = root
        self._clock = clock

    async def create(self, ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
        """CreateBucket."""
        bucket = Bucket(
            name=ask.target.bucket,
            account=ask.caller.account,
            region=_region(ask, params),
            ownership=_ownership(params),
            acl=_acl(ask, _ownership(params)),
            created=self._clock().replace(tzinfo=None, microsecond=0),
        )
        await asyncio.to_thread(self._make, bucket)
        return {"Location": f"/{bucket.name}"}

    def _make(self, bucket: Bucket) -> None:
        try:
            self._buckets.create(bucket)
        except ApiError as error:
            # Scripts of twenty years create their bucket again: us-east-1 alone says 200.
            if error.code != "BucketAlreadyOwnedByYou" or bucket.region != CLASSIC:
                raise
        (self._root / bucket.name).mkdir(mode=0o700, exist_ok=True)

    async def delete(self, ask: Ask, _params: dict[str, Any]) -> Response:
        """DeleteBucket."""
        name = ask.target.bucket
        try:
            await whole(await checked(await self._upstream.send("DELETE", f"/{name}", "", {}, b"")))
        except ApiError as error:
            if error.code != "NoSuchBucket":
                raise
        await asyncio.to_thread(self._buckets.delete, name)
        return Response(204, {})

    async def list(self, ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
        """ListBuckets."""
        prefix, after = params.get("Prefix", ""), params.get("ContinuationToken", "")
        most = int(params.get("MaxBuckets", MOST_LISTED))
        found = [
            {"Name": bucket.name, "CreationDate": bucket.created, "BucketRegion": bucket.region}
            for bucket in await asyncio.to_thread(self._buckets.list, ask.caller.account)
            if bucket.name.startswith(prefix)
            and bucket.name > after
            and params.get("BucketRegion", bucket.region) == bucket.region
        ]
        answer: dict[str, Any] = {
            "Buckets": found[:most],
            "Owner": {"ID": ask.caller.canonical_id},
        }
        if len(found) > most > 0:
            answer["ContinuationToken"] = found[most - 1]["Name"]
        return answer


def _region(ask: Ask, params: dict[str, Any]) -> str:
    constraint = params.get("CreateBucketConfiguration", {}).get("LocationConstraint", "")
    constraint = {"EU": "eu-west-1"}.get(constraint, constraint)
    if constraint and _REGION.fullmatch(constraint) is None:
        raise ApiError(
            "InvalidLocationConstraint", "The specified location-constraint is not valid"
        )
    signed = ask.credential.region if ask.credential else CLASSIC
    if signed in (CLASSIC, constraint):
        return constraint or CLASSIC
    raise ApiError(
        "IllegalLocationConstraintException",
        f"The {constraint or 'unspecified'} location constraint is incompatible for the region "
        "specific endpoint this request was sent to.",
    )


def _ownership(params: dict[str, Any]) -> str:
    ownership = str(params.get("ObjectOwnership", settings.ENFORCED))
    if ownership not in settings.OWNERSHIPS:
        raise ApiError("InvalidArgument", f"Invalid x-amz-object-ownership header: {ownership}")
    return ownership


def _acl(ask: Ask, ownership: str) -> str:
    if not acl.asked(ask.request.headers) or ask.request.headers.get("x-amz-acl") == "private":
        return ""
    if ownership == settings.ENFORCED:
        raise ApiError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
    asked = acl.from_request(ask.request.headers, None, ask.caller.canonical_id)
    return serialise(models.operation("s3", "GetBucketAcl"), asked, "").body.decode()
