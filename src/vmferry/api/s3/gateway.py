# SPDX-License-Identifier: Apache-2.0
"""The bucket gateway: authenticate, route, authorise, answer or pass on.

It stands in front of ``rclone serve s3`` (or an external S3) and is the only one that callers see.
It authenticates by itself, and before it reads a byte of the body: bodies are streamed, and a
caller that waits for ``100 Continue`` then never sends what would be refused.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/; design.md 5.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from vmferry.api.protocol.errors import error_response
from vmferry.api.protocol.http import Request, Response
from vmferry.api.protocol.parse import parse
from vmferry.api.protocol.serialise import serialise
from vmferry.api.protocol.signature import identify, unknown_key, verify, version2
from vmferry.api.s3 import acl, payload, permission, settings, subresources, wire
from vmferry.api.s3.ask import Ask
from vmferry.api.s3.buckets import BucketActions
from vmferry.api.s3.conditions import NotModifiedError
from vmferry.api.s3.decoding import Decoder
from vmferry.api.s3.external import forward
from vmferry.api.s3.listing import Listing
from vmferry.api.s3.multipart import Multipart
from vmferry.api.s3.objects import Objects
from vmferry.api.s3.routing import locate, operation
from vmferry.errors import ApiError, VmferryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection
    from datetime import datetime
    from pathlib import Path

    from vmferry.api.protocol.signature import Credential
    from vmferry.api.s3.payload import Receive
    from vmferry.api.s3.routing import Target
    from vmferry.api.s3.upstream import Upstream
    from vmferry.catalog.buckets import Buckets
    from vmferry.model.bucket import Bucket
    from vmferry.model.identity import AccessKey, Principal

    Handler = Callable[[Ask, dict[str, Any]], Awaitable[dict[str, Any] | Response | wire.Relay]]

log = structlog.get_logger("vmferry.s3")

STREAMED: Final = frozenset({"PutObject", "UploadPart"})
"""Operations whose body is an object's bytes; every other body is a small document."""

WITHOUT_BUCKET: Final = ("CreateBucket", "ListBuckets")


class Gateway:
    """See the module.

    Args:
        buckets: The records.
        upstream: Where objects are.
        access_key: Finds a key by its id.
        canonical_id: Finds an account's canonical id.
        clock: The time, in UTC.
        base_hosts: Host names whose sub-domains are buckets.
    """

    def __init__(
        self,
        *,
        buckets: Buckets,
        upstream: Upstream,
        access_key: Callable[[str], AccessKey | None],
        canonical_id: Callable[[str], str],
        clock: Callable[[], datetime],
        base_hosts: Collection[str] = ("localhost",),
    ) -> None:
        self._buckets = buckets
        self._upstream = upstream
        self._access_key = access_key
        self._canonical_id = canonical_id
        self._clock = clock
        self._base_hosts = base_hosts
        self._handlers: dict[str, Handler] = {}
        if upstream.root is not None:
            self._handlers = self._own(upstream.root)

    def _own(self, root: Path) -> dict[str, Handler]:
        objects = Objects(self._upstream, root, self._readable)
        multipart, listing = Multipart(objects), Listing(self._upstream, root)
        bucket = BucketActions(self._buckets, self._upstream, root, self._clock)
        return {
            "AbortMultipartUpload": multipart.abort,
            "CompleteMultipartUpload": multipart.complete,
            "CopyObject": objects.copy,
            "CreateBucket": bucket.create,
            "CreateMultipartUpload": multipart.create,
            "DeleteBucket": bucket.delete,
            "DeleteObject": objects.delete,
            "DeleteObjects": objects.delete_many,
            "GetObject": objects.get,
            "HeadObject": objects.get,
            "ListBuckets": bucket.list,
            "ListMultipartUploads": listing.uploads,
            "ListObjects": listing.objects,
            "ListObjectsV2": listing.objects,
            "ListParts": listing.parts,
            "PutObject": objects.put,
            "UploadPart": multipart.part,
            "UploadPartCopy": multipart.part_copy,
        }

    async def handle(self, scope: wire.Scope, receive: Receive, send: wire.Send) -> None:
        """Answer one HTTP request (ASGI)."""
        request_id = secrets.token_hex(8).upper()
        request = wire.request_of(scope)
        incoming = wire.Incoming(request, receive)
        began, audit = time.monotonic(), log.bind(request=request_id, service="s3")
        try:
            ask = await self._ask(request, incoming, request_id)
            audit = audit.bind(action=ask.model.name, caller=ask.caller.arn)
            answer = await self._answer(ask)
        except payload.ClientGoneError:
            return
        except NotModifiedError as error:
            answer = Response(error.status, {})
        except VmferryError as error:
            if error.status >= 500:
                log.warning("s3 request failed", path=request.path[:256], reason=error.message)
            answer = error_response("s3", error, request_id, resource=request.path)
        audit.info(
            "call",
            path=request.path[:256],
            status=wire.status(answer),
            ms=round((time.monotonic() - began) * 1000, 1),
        )
        if isinstance(answer, wire.Relay):
            await wire.relay(send, answer, request_id)
        else:
            more = {**wire.marks(request_id), **incoming.closing()}
            await wire.reply(send, answer, more, head=request.method == "HEAD")

    async def close(self) -> None:
        """Close the connections to upstream."""
        await self._upstream.close()

    async def _ask(self, request: Request, receive: Receive, request_id: str) -> Ask:
        target = locate(request.headers.get("host", ""), request.path, self._base_hosts)
        request, key, credential = await self._authenticate(request, target)
        return Ask(
            request=request,
            target=target,
            model=operation(request.method, target, request.query, request.headers),
            key=key,
            credential=credential,
            request_id=request_id,
            receive=receive,
        )

    async def _answer(self, ask: Ask) -> Response | wire.Relay:
        if self._upstream.root is None:
            return await forward(ask, self._upstream)
        answer = await self._answer_own(ask)
        if isinstance(answer, dict):
            return serialise(ask.model, answer, ask.request_id)
        return answer

    async def _authenticate(
        self, request: Request, target: Target
    ) -> tuple[Request, AccessKey, Credential | None]:
        presigned = version2.read(request)
        if presigned is not None:
            key = await self._key(presigned.access_key)
            # A bucket alone is signed with a slash behind it, however it was asked for.
            path = target.path if target.key else f"{target.path.rstrip('/')}/"
            version2.verify(presigned, path, key.secret, now=self._clock())
            return presigned.request, key, None
        try:
            credential = identify(request)
        except ApiError as error:
            if error.code == "MissingAuthenticationToken":
                raise permission.denied() from error
            raise
        key = await self._key(credential.access_key)
        verify(request, credential, key.secret, now=self._clock())
        return request, key, credential

    async def _key(self, name: str) -> AccessKey:
        key = await asyncio.to_thread(self._access_key, name)
        if key is None:
            raise unknown_key("s3")
        return key

    async def _answer_own(self, ask: Ask) -> dict[str, Any] | Response | wire.Relay:
        name = ask.model.name
        if name in WITHOUT_BUCKET:
            return await self._handlers[name](ask, await self._params(ask))
        bucket = await asyncio.to_thread(self._bucket, ask.target.bucket)
        permission.check(name, ask.caller, bucket, ask.target.key)
        if name not in self._handlers and name not in settings.SETTINGS:
            return subresources.answer(name)
        if bucket.ownership == settings.ENFORCED and ask.target.key:
            _check_object_acl(ask)
        params = await self._params(ask)
        if name in self._handlers:
            return await self._handlers[name](ask, params)
        setting = settings.Setting(
            bucket=bucket,
            owner=self._canonical_id(bucket.account),
            params=params,
            headers=ask.request.headers,
            buckets=self._buckets,
        )
        return await asyncio.to_thread(settings.SETTINGS[name], setting)

    async def _params(self, ask: Ask) -> dict[str, Any]:
        body = b""
        if ask.model.name not in STREAMED and ask.request.method in ("PUT", "POST"):
            body = await payload.document(ask.receive, Decoder(ask))
        request = ask.request
        whole = Request(request.method, ask.target.path, request.query, request.headers, body)
        return parse(ask.model, whole)

    def _bucket(self, name: str) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            raise ApiError("NoSuchBucket", "The specified bucket does not exist", status=404)
        return bucket

    def _readable(self, bucket: str, key: str, caller: Principal) -> Bucket:
        found = self._bucket(bucket)
        permission.check("GetObject", caller, found, key)
        return found


def _check_object_acl(ask: Ask) -> None:
    canned = ask.request.headers.get("x-amz-acl", "bucket-owner-full-control")
    grants = {n: t for n, t in ask.request.headers.items() if n.startswith("x-amz-grant-")}
    if canned != "bucket-owner-full-control" or acl.asked(grants):
        raise settings.no_acl()
