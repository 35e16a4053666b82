# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads of our own buckets.

rclone writes the parts in the order of their numbers into one unfinished file and keeps what comes
early in memory, so an upload of any size needs no second copy; its limits are that a part cannot be
replaced once it was written, and that uploads end with the process. UploadPartCopy, which rclone
takes for an empty part (1.75.2), reads the source and uploads it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html; ``rclone serve s3
--help`` (Multipart uploads).
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from vmferry.api.protocol.http import Response
from vmferry.api.s3 import attributes, conditions, payload
from vmferry.api.s3.decoding import Decoder
from vmferry.api.s3.objects import checked
from vmferry.api.s3.routing import encode
from vmferry.api.s3.wire import whole
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from vmferry.api.s3.ask import Ask
    from vmferry.api.s3.objects import Objects

MOST_UPLOADS: Final = 10_000
"""Uploads whose headers are remembered; rclone itself ends an idle one after a day."""

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})")


class Multipart:
    """See the module."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._headers: OrderedDict[str, dict[str, str]] = OrderedDict()

    async def create(self, ask: Ask, _params: dict[str, Any]) -> dict[str, Any]:
        """CreateMultipartUpload."""
        self._objects.path(ask)
        headers = {"content-length": "0"}
        answer = await self._objects.send("POST", ask, "uploads", headers, b"")
        upload = _text(await whole(answer), "UploadId")
        self._headers[upload] = attributes.from_request(ask.request.headers)
        while len(self._headers) > MOST_UPLOADS:
            self._headers.popitem(last=False)
        return {"Bucket": ask.target.bucket, "Key": ask.target.key, "UploadId": upload}

    async def part(self, ask: Ask, params: dict[str, Any]) -> Response:
        """UploadPart."""
        length = payload.length_of(ask.request.headers)
        decoder = Decoder(ask)
        async with aclosing(self._objects.upload(ask, decoder)) as body:
            etag = await self._part(ask, params, length, await payload.proven(body, length))
        return Response(200, {"etag": etag, **decoder.checksums})

    async def part_copy(self, ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
        """UploadPartCopy."""
        bucket, key, found = self._objects.source(ask)
        headers, length = _range(params.get("CopySourceRange", ""), found.size)
        path = f"/{bucket}/{encode(key)}"
        source = await checked(await self._objects.upstream.send("GET", path, "", headers, b""))
        try:
            etag = await self._part(ask, params, length, _copied(source))
        finally:
            await source.aclose()
        return {"CopyPartResult": {"ETag": etag, "LastModified": found.modified}}

    async def _part(
        self, ask: Ask, params: dict[str, Any], length: int, body: AsyncIterator[bytes] | bytes
    ) -> str:
        number = int(params["PartNumber"])
        if not 1 <= number <= 10_000:
            raise ApiError(
                "InvalidArgument",
                "Part number must be an integer between 1 and 10000, inclusive",
            )
        query = f"partNumber={number}&uploadId={_id(params)}"
        headers = {"content-length": str(length)}
        answer = await self._objects.send("PUT", ask, query, headers, body)
        await whole(answer)
        return str(answer.headers["etag"])

    async def complete(self, ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
        """CompleteMultipartUpload."""
        path = self._objects.path(ask)
        conditions.check_write(attributes.load(path), ask.request.headers)
        upload = _id(params)
        body = _document(params.get("MultipartUpload", {}).get("Parts", []))
        headers = {"content-length": str(len(body))}
        async with self._objects.lock(path):
            answer = await self._objects.send("POST", ask, f"uploadId={upload}", headers, body)
            etag = _text(await whole(answer), "ETag").strip('"')
            kept = self._headers.pop(upload, {})
            await asyncio.to_thread(attributes.store, path, etag, kept)
        return {
            "Bucket": ask.target.bucket,
            "Key": ask.target.key,
            "ETag": f'"{etag}"',
            "Location": f"http://{ask.request.headers.get('host', '')}{ask.target.path}",
        }

    async def abort(self, ask: Ask, params: dict[str, Any]) -> Response:
        """AbortMultipartUpload."""
        upload = _id(params)
        await whole(await self._objects.send("DELETE", ask, f"uploadId={upload}", {}, b""))
        self._headers.pop(upload, None)
        return Response(204, {})


def _id(params: dict[str, Any]) -> str:
    upload = str(params["UploadId"])
    if re.fullmatch(r"[0-9A-Za-z._-]{1,200}", upload) is None:
        raise ApiError("NoSuchUpload", "The specified multipart upload does not exist.", status=404)
    return upload


def _document(parts: list[dict[str, Any]]) -> bytes:
    numbers = [int(part.get("PartNumber", 0)) for part in parts]
    if not numbers:
        raise ApiError("MalformedXML", "You must specify at least one part")
    if numbers != sorted(set(numbers)):
        raise ApiError(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        )
    if numbers != list(range(1, len(numbers) + 1)):
        raise ApiError(
            "InvalidPart",
            "The parts of an upload are numbered 1, 2, 3 and so on here, without a gap",
        )
    root = etree.Element("CompleteMultipartUpload")
    for part in parts:
        entry = etree.SubElement(root, "Part")
        etree.SubElement(entry, "PartNumber").text = str(part["PartNumber"])
        etree.SubElement(entry, "ETag").text = str(part.get("ETag", ""))
    return etree.tostring(root)


def _range(text: str, size: int) -> tuple[dict[str, str], int]:
    if not text:
        return {}, size
    match = _RANGE.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise ApiError(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first "
            "and last are the zero-based offsets of the first and last bytes to copy",
        )
    if int(match[2]) >= size:
        raise ApiError(
            "InvalidArgument", f"Range specified is not valid for source object of size: {size}"
        )
    return {"range": text}, int(match[2]) - int(match[1]) + 1


async def _copied(source: httpx.Response) -> AsyncIterator[bytes]:
    async for piece in source.aiter_raw(payload.PIECE):
        yield piece


def _text(body: bytes, name: str) -> str:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    found = root.findtext(f"{{*}}{name}")
    if not found:
        code = root.findtext("{*}Code") or "InternalError"
        raise ApiError(code, "We encountered an internal error. Please try again.", status=500)
    return str(found)
