# SPDX-License-Identifier: Apache-2.0
"""Objects of our own buckets: their bytes go through rclone, their attributes stay with the file.

What rclone 1.75.2 would do wrong is done here: it ignores conditions, forgets attributes when it
ends, answers InternalError for a key that a file system cannot have, and does not fsync.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from weakref import WeakValueDictionary

from lxml import etree

from vmferry.api.protocol.http import Response
from vmferry.api.s3 import attributes, conditions, payload
from vmferry.api.s3.decoding import Decoder
from vmferry.api.s3.routing import encode
from vmferry.api.s3.wire import Relay, whole
from vmferry.catalog.buckets import key_refusal, object_path
from vmferry.errors import ApiError, StorageFullError
from vmferry.units import human

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
    from pathlib import Path

    import httpx

    from vmferry.api.s3.ask import Ask
    from vmferry.api.s3.attributes import Attributes
    from vmferry.api.s3.upstream import Upstream
    from vmferry.model.bucket import Bucket

PASSED: Final = ("accept-ranges", "content-length", "content-range", "last-modified")
"""What a GET answers of rclone's headers; it would add the request's own x-amz headers."""

OVERRIDES: Final = {
    f"Response{''.join(word.capitalize() for word in name.split('-'))}": name
    for name in ("cache-control", "content-disposition", "content-encoding", "content-language",
                 "content-type", "expires")
}  # fmt: skip
"""Parameters of GetObject and the headers that they replace."""

TAKEN: Final = (
    "Another key is in the way: a key cannot be both an object and the beginning of other keys "
    "before a slash here"
)


class Objects:
    """See the module.

    Args:
        upstream: rclone.
        root: The folder of all buckets.
        readable: Refuses what the caller may not read; for the source of a copy.
    """

    def __init__(self, upstream: Upstream, root: Path, readable: Callable[..., Bucket]) -> None:
        self.upstream = upstream
        self._root = root
        self._readable = readable
        self._locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    def path(self, ask: Ask) -> Path:
        """Return the file of the asked key, for writing.

        Raises:
            ApiError: ``KeyTooLongError``, ``InvalidArgument``: no file can be that key.
        """
        reason = key_refusal(ask.target.key)
        if reason.endswith("1 to 1024"):
            raise ApiError("KeyTooLongError", "Your key is too long", hint=reason)
        if reason:
            raise ApiError("InvalidArgument", f"This key cannot be stored here: {reason}")
        path = object_path(self._root, ask.target.bucket, ask.target.key)
        bucket = self._root / ask.target.bucket
        parents = path.parents[: len(path.relative_to(bucket).parts) - 1]
        if path.is_dir() or any(parent.is_file() for parent in parents):
            raise ApiError("InvalidArgument", TAKEN)
        return path

    def find(self, bucket: str, key: str) -> Attributes:
        """Return an object's attributes.

        Raises:
            ApiError: ``NoSuchKey``.
        """
        if not key_refusal(key):
            found = attributes.load(object_path(self._root, bucket, key))
            if found is not None:
                return found
        raise ApiError("NoSuchKey", "The specified key does not exist.", status=404)

    def lock(self, path: Path) -> asyncio.Lock:
        """Return the lock of a key: between rclone's rename and our attributes, one at a time."""
        return self._locks.setdefault(path, asyncio.Lock())

    async def get(self, ask: Ask, params: dict[str, Any]) -> Relay:
        """GetObject and HeadObject."""
        found = self.find(ask.target.bucket, ask.target.key)
        conditions.check_read(found, ask.request.headers)
        wanted = {n: ask.request.headers[n] for n in ("range",) if n in ask.request.headers}
        answer = await self.send(ask.request.method, ask, "", wanted, b"")
        headers = {n: answer.headers[n] for n in PASSED if n in answer.headers}
        headers.update(found.answered())
        headers.update({name: params[p] for p, name in OVERRIDES.items() if p in params})
        return Relay(headers={n: str(text) for n, text in headers.items()}, upstream=answer)

    async def put(self, ask: Ask, _params: dict[str, Any]) -> Response:
        """PutObject."""
        path = self.path(ask)
        conditions.check_write(attributes.load(path), ask.request.headers)
        decoder = Decoder(ask)
        lock = self.lock(path)
        async with AsyncExitStack() as stack:
            body = self.upload(ask, decoder, lambda: stack.enter_async_context(lock))
            await stack.enter_async_context(aclosing(body))
            length = payload.length_of(ask.request.headers)
            headers = {"content-length": str(length)}
            answer = await self.send("PUT", ask, "", headers, await payload.proven(body, length))
            await whole(answer)
            etag = answer.headers["etag"].strip('"')
            kept = attributes.from_request(ask.request.headers)
            await asyncio.to_thread(attributes.store, path, etag, kept)
        return Response(200, {"etag": f'"{etag}"', **decoder.checksums})

    def upload(
        self,
        ask: Ask,
        decoder: Decoder,
        before_last: Callable[[], Awaitable[object]] | None = None,
    ) -> AsyncGenerator[bytes]:
        """Return the pieces of the asked body.

        Raises:
            ApiError: ``MissingContentLength``, ``EntityTooLarge``.
            StorageFullError: It would not fit on the disk.
        """
        length = payload.length_of(ask.request.headers)
        free = shutil.disk_usage(self._root).free
        if length >= free:
            raise StorageFullError(
                f"{human(length)} are to be stored, {human(free)} are free",
                hint="Free space on the disk that holds the state directory",
            )
        return payload.pieces(ask.receive, decoder, length, before_last=before_last)

    async def delete(self, ask: Ask, _params: dict[str, Any]) -> Response:
        """DeleteObject: harmless when there is none."""
        await self.remove(ask, ask.target.key)
        return Response(204, {})

    async def delete_many(self, ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
        """DeleteObjects."""
        wanted = params["Delete"].get("Objects", [])
        if not 1 <= len(wanted) <= 1000:
            raise ApiError("MalformedXML", "A request deletes 1 to 1000 objects")
        deleted, errors = [], []
        for entry in wanted:
            key = entry.get("Key", "")
            try:
                await self.remove(ask, key)
            except ApiError as error:
                errors.append({"Key": key, "Code": error.code, "Message": error.message})
            else:
                deleted.append({"Key": key})
        return {"Deleted": [] if params["Delete"].get("Quiet") else deleted, "Errors": errors}

    async def remove(self, ask: Ask, key: str) -> None:
        """Delete one object; a folder or a name that cannot exist is never passed on."""
        try:
            self.find(ask.target.bucket, key)
        except ApiError:
            return
        path = f"/{ask.target.bucket}/{encode(key)}"
        await whole(await checked(await self.upstream.send("DELETE", path, "", {}, b"")))

    async def copy(self, ask: Ask, _params: dict[str, Any]) -> dict[str, Any]:
        """CopyObject."""
        bucket, key, found = self.source(ask)
        path = self.path(ask)
        replace = ask.request.headers.get("x-amz-metadata-directive", "COPY") == "REPLACE"
        same = (bucket, key) == (ask.target.bucket, ask.target.key)
        if same and not replace:
            raise ApiError(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself "
                "without changing the object's metadata, storage class, website redirect location "
                "or encryption attributes.",
            )
        kept = attributes.from_request(ask.request.headers) if replace else found.headers
        async with self.lock(path):
            if not same:
                headers = {"x-amz-copy-source": f"/{bucket}/{encode(key)}", "content-length": "0"}
                await whole(await self.send("PUT", ask, "", headers, b""))
            await asyncio.to_thread(attributes.store, path, found.etag, kept)
        changed = self.find(ask.target.bucket, ask.target.key).modified
        return {"CopyObjectResult": {"ETag": f'"{found.etag}"', "LastModified": changed}}

    def source(self, ask: Ask) -> tuple[str, str, Attributes]:
        """Return bucket, key and attributes of the source of a copy.

        Raises:
            ApiError: ``InvalidArgument``, ``AccessDenied``, ``NoSuchKey``, ``PreconditionFailed``.
        """
        text = ask.request.headers["x-amz-copy-source"].partition("?versionId=")[0]
        bucket, _, key = unquote(text).removeprefix("/").partition("/")
        if not bucket or not key:
            raise ApiError("InvalidArgument", "Invalid copy source object key")
        self._readable(bucket, key, ask.caller)
        found = self.find(bucket, key)
        conditions.check_read(found, ask.request.headers, prefix=conditions.COPY)
        return bucket, key, found

    async def send(
        self,
        method: str,
        ask: Ask,
        query: str,
        headers: Mapping[str, str],
        body: AsyncIterable[bytes] | bytes,
    ) -> httpx.Response:
        """Ask rclone about the asked key; refusals raise ``ApiError``."""
        path = f"/{ask.target.bucket}/{encode(ask.target.key)}"
        return await checked(await self.upstream.send(method, path, query, headers, body))


async def checked(answer: httpx.Response) -> httpx.Response:
    """Return a good answer, raise a refusal as ``ApiError`` with rclone's code."""
    if answer.status_code < 300:
        return answer
    body = await whole(answer)
    code = text = ""
    if body:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
        code, text = (root.findtext(f"{{*}}{name}") or "" for name in ("Code", "Message"))
    status = answer.status_code
    code = code or {404: "NoSuchKey", 416: "InvalidRange"}.get(status, "InternalError")
    raise ApiError(code, TEXTS.get(code, text or code), status=status)


TEXTS: Final = {
    "BucketNotEmpty": "The bucket you tried to delete is not empty.",
    "InternalError": "We encountered an internal error. Please try again.",
    "InvalidPart": (
        "One or more of the specified parts could not be found. The part might not have been "
        "uploaded, or the specified entity tag might not have matched the part's entity tag."
    ),
    "InvalidPartOrder": (
        "The list of parts was not in ascending order. Parts must be ordered by part number."
    ),
    "InvalidRange": "The requested range is not satisfiable",
    "NoSuchUpload": (
        "The specified multipart upload does not exist. The upload ID might be invalid, or the "
        "multipart upload might have been aborted or completed."
    ),
}
"""S3's words where rclone only repeats the code."""
