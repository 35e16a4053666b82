# SPDX-License-Identifier: Apache-2.0
"""Listings of our own buckets: rclone's, with the ETags that are kept with the files.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from lxml import etree

from vmferry.api.protocol.http import Response
from vmferry.api.s3 import attributes
from vmferry.api.s3.objects import checked
from vmferry.api.s3.wire import whole
from vmferry.catalog.buckets import key_refusal, object_path
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.api.s3.ask import Ask
    from vmferry.api.s3.upstream import Upstream

PASSED: Final = (
    "list-type", "prefix", "delimiter", "max-keys", "marker", "start-after", "continuation-token",
    "encoding-type", "fetch-owner", "uploads", "key-marker", "upload-id-marker", "max-uploads",
    "uploadId", "part-number-marker", "max-parts",
)  # fmt: skip


class Listing:
    """See the module."""

    def __init__(self, upstream: Upstream, root: Path) -> None:
        self._upstream = upstream
        self._root = root

    async def objects(self, ask: Ask, params: dict[str, Any]) -> Response | dict[str, Any]:
        """ListObjects and ListObjectsV2."""
        if params.get("Delimiter", "/") not in ("", "/"):
            raise ApiError(
                "NotImplemented", "The only delimiter that is provided here is /", status=501
            )
        prefix = params.get("Prefix", "")
        if any(part in ("", ".", "..") for part in prefix.split("/")[:-1]) or prefix in (".", ".."):
            # No key begins so, and rclone would make another folder of it.
            return _nothing(ask, params)
        body = await self._ask(ask, f"/{ask.target.bucket}")
        counted = ("list-type", "2") in parse_qsl(ask.request.query)
        return _xml(
            await asyncio.to_thread(self._completed, ask.target.bucket, body, counted=counted)
        )

    async def uploads(self, ask: Ask, params: dict[str, Any]) -> Response | dict[str, Any]:
        """ListMultipartUploads."""
        try:
            return _xml(await self._ask(ask, f"/{ask.target.bucket}"))
        except ApiError as error:
            if error.code != "NoSuchUpload":
                raise
            # rclone (1.75.2) refuses where there is none; S3 answers an empty list.
            return {
                "Bucket": ask.target.bucket, "Prefix": params.get("Prefix", ""),
                "IsTruncated": False,
            }  # fmt: skip

    async def parts(self, ask: Ask, _params: dict[str, Any]) -> Response:
        """ListParts."""
        return _xml(await self._ask(ask, ask.target.path))

    async def _ask(self, ask: Ask, path: str) -> bytes:
        pairs = [
            pair for pair in parse_qsl(ask.request.query, keep_blank_values=True)
            if pair[0] in PASSED
        ]  # fmt: skip
        query = urlencode(pairs, quote_via=quote)
        return await whole(await checked(await self._upstream.send("GET", path, query, {}, b"")))

    def _completed(self, bucket: str, body: bytes, *, counted: bool) -> bytes:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        root = etree.fromstring(body, parser)
        coded = root.findtext("{*}EncodingType") == "url"
        for entry in root.iter("{*}Contents"):
            text = entry.findtext("{*}Key") or ""
            key = unquote(text.replace("+", " ")) if coded else text
            etag = entry.find("{*}ETag")
            if etag is None or key_refusal(key):
                continue
            found = attributes.load(object_path(self._root, bucket, key))
            if found is not None:
                etag.text = f'"{found.etag}"'
        if counted and root.find("{*}KeyCount") is None:
            # rclone leaves a count of nothing out; S3 never does.
            space = etree.QName(root).namespace
            etree.SubElement(root, etree.QName(space, "KeyCount")).text = "0"
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _nothing(ask: Ask, params: dict[str, Any]) -> dict[str, Any]:
    names = ("Prefix", "Delimiter", "EncodingType")
    kept: dict[str, Any] = {name: params.get(name) for name in names}
    return {
        "Name": ask.target.bucket, "MaxKeys": params.get("MaxKeys", 1000), "IsTruncated": False,
        "KeyCount": 0, **kept,
    }  # fmt: skip


def _xml(body: bytes) -> Response:
    return Response(200, {"content-type": "application/xml"}, body)
