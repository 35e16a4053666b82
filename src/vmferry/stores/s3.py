# SPDX-License-Identifier: Apache-2.0
"""Any S3: objects by ranged GET, exports by multipart upload. botocore speaks the protocol.

An upload of the same key is one task's alone: a key of an export has the task's id.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from vmferry.errors import SourceError, StorageFullError
from vmferry.model.bytes import check_inside
from vmferry.stores import Access, Store
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SMALLEST_PART: Final = 16 * MIB
"""S3 takes 10,000 parts of 5 MiB to 5 GiB; 16 MiB parts reach 156 GiB before they must grow."""

MOST_PARTS: Final = 10_000

BROKEN_BODIES: Final = 2
"""How often a body may break off before a read fails."""

Client = Any
"""botocore builds its clients at run time; they have no types."""

Body = Any
"""A stream that has ``read`` and ``close``."""

Answer = Any
"""What a client's method returns: the output shape as a dictionary."""


class S3Source:
    """One object, read by ranges; the ETag pins it, so that a replaced object is noticed."""

    def __init__(self, client: Client, bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self.name = f"s3://{bucket}/{key}"
        head = _call(client.head_object, self.name, Bucket=bucket, Key=key)
        self.size = int(head["ContentLength"])
        self.version = str(head["ETag"])

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises ``SourceError``."""
        check_inside(self, offset, length)
        if not length:
            return b""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        for _ in range(BROKEN_BODIES):
            # botocore tries a request again, but not a body that breaks off, and an import of a
            # large disk reads many.
            with suppress(HTTPClientError, IncompleteReadError):
                return bytes(self._body(offset, length).read())
        return bytes(_call(self._body(offset, length).read, self.name))

    def _body(self, offset: int, length: int) -> Body:
        return _call(self._get, self.name, offset=offset, length=length)

    def _get(self, offset: int, length: int) -> Body:
        answer = self._client.get_object(
            Bucket=self._bucket,
            Key=self._key,
            Range=f"bytes={offset}-{offset + length - 1}",
            IfMatch=self.version,
        )
        # Before a byte is read: an endpoint that knows no Range would send all of a large object.
        if answer["ContentLength"] != length:
            answer["Body"].close()
            raise SourceError(
                f"{self.name}: {answer['ContentLength']} bytes come for {length} at byte {offset}",
                hint="The S3 endpoint does not honour Range",
            )
        return answer["Body"]


class S3Store:
    """See ``model.bytes.ByteStore``; one bucket of an S3."""

    def __init__(self, bucket: str, access: Access) -> None:
        self._bucket = bucket
        self._client = _client(access, os.getpid())

    def open(self, key: str) -> S3Source:
        """Return the object for reading; raises ``SourceError`` if it is missing."""
        return S3Source(self._client, self._bucket, key)

    def size(self, key: str) -> int | None:
        """Return the object's size, or ``None``."""
        try:
            return self.open(key).size
        except _MissingError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Store ``data``; the service acknowledged it when this returns."""
        _call(self._client.put_object, key, Bucket=self._bucket, Key=key, Body=data)

    def delete(self, key: str) -> None:
        """Remove the object; harmless when there is none."""
        _call(self._client.delete_object, key, Bucket=self._bucket, Key=key)

    def list(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with ``prefix``, sorted."""
        keys: list[str] = []
        where = {"Bucket": self._bucket, "Prefix": prefix}
        while True:
            page = _call(self._client.list_objects_v2, f"s3://{self._bucket}", **where)
            keys += (item["Key"] for item in page.get("Contents", []))
            if not page.get("IsTruncated"):
                return sorted(keys)
            where["ContinuationToken"] = page["NextContinuationToken"]

    def adopt(self, key: str, file: Path, tick: Callable[[int], None]) -> None:
        """Upload ``file`` in parts, then remove it; an interrupted upload leaves no object."""
        size = file.stat().st_size
        step = max(SMALLEST_PART, -(-size // MOST_PARTS))
        upload = self._create(key)
        tags = []
        try:
            with file.open("rb") as source:
                for number, offset in enumerate(range(0, max(size, 1), step), 1):
                    tags.append(self.send(key, upload, number, source.read(step)))
                    tick(min(offset + step, size))
            self._complete(key, upload, tags)
        except BaseException:
            # What stopped the upload is the news, not that an endpoint that is gone cannot abort.
            with suppress(SourceError, StorageFullError):
                self._abort(key, upload)
            raise
        file.unlink(missing_ok=True)

    def begin(self, key: str) -> str:
        """Begin an upload and return its id."""
        self.abandon(key)
        return self._create(key)

    def send(self, key: str, upload: str, number: int, body: bytes | bytearray) -> str:
        """Send a part and return its ETag."""
        where = {"Bucket": self._bucket, "Key": key, "UploadId": upload}
        try:
            answer = _call(self._client.upload_part, key, **where, PartNumber=number, Body=body)
        except SourceError:
            # Some take no part twice, and we do not know what a killed process has sent.
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            if self._tags(where).get(number) != digest:
                raise
            return f'"{digest}"'
        return str(answer["ETag"])

    def _tags(self, where: dict[str, str]) -> dict[int, str]:
        """Return the ETags of the parts that are there, none if the endpoint does not say."""
        with suppress(SourceError):
            pages = self._client.get_paginator("list_parts").paginate(**where)
            return {
                int(part["PartNumber"]): str(part["ETag"]).strip('"')
                for page in _call(lambda: list(pages), where["Key"])
                for part in page.get("Parts", [])
            }
        return {}

    def join(self, key: str, upload: str, tags: Sequence[str]) -> None:
        """Make the object of its parts; harmless when it was made before."""
        try:
            self._complete(key, upload, tags)
        except _MissingError:
            if self.size(key) is None:
                raise
        self.abandon(key)

    def abandon(self, key: str) -> None:
        """Abort every upload of ``key`` that is under way."""
        where = {"Bucket": self._bucket, "Prefix": key}
        while True:
            try:
                page = _call(self._client.list_multipart_uploads, key, **where)
            except _MissingError:
                return  # rclone's word for an empty list
            for item in page.get("Uploads", []):
                if item["Key"] == key:
                    with suppress(_MissingError):
                        self._abort(key, item["UploadId"])
            if not page.get("IsTruncated"):
                return
            where["KeyMarker"] = page["NextKeyMarker"]
            where["UploadIdMarker"] = page["NextUploadIdMarker"]

    def encryption(self) -> str:
        """Return the algorithm that the bucket encrypts with, ``""`` if it does not say.

        Raises:
            SourceError: There is no such bucket, or it may not be asked.
        """
        name = f"s3://{self._bucket}"
        _call(self._client.head_bucket, name, Bucket=self._bucket)
        with suppress(SourceError):
            answer = _call(self._client.get_bucket_encryption, name, Bucket=self._bucket)
            for rule in answer["ServerSideEncryptionConfiguration"].get("Rules", []):
                return str(rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm"))
        return ""

    def _create(self, key: str) -> str:
        where = {"Bucket": self._bucket, "Key": key}
        return str(_call(self._client.create_multipart_upload, key, **where)["UploadId"])

    def _complete(self, key: str, upload: str, tags: Sequence[str]) -> None:
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
        where = {"Bucket": self._bucket, "Key": key, "UploadId": upload}
        whole = {"MultipartUpload": {"Parts": parts}}
        _call(self._client.complete_multipart_upload, key, **where, **whole)

    def _abort(self, key: str, upload: str) -> None:
        where = {"Bucket": self._bucket, "Key": key, "UploadId": upload}
        _call(self._client.abort_multipart_upload, key, **where)


@lru_cache(maxsize=4)
def _client(access: Access, _process: int) -> Client:
    """Return the client of a process: making one takes 200 ms, and one serves all threads.

    A fork's own is another: two processes on one connection would read each other's answers.
    """
    from botocore.config import Config
    from botocore.session import Session

    if not access.endpoint:
        raise SourceError("s3: no endpoint is configured for s3:// URLs")
    return Session().create_client(
        "s3",
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _call(method: Callable[..., Answer], what: str, **arguments: object) -> Answer:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return method(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("InsufficientCapacity", "XMinioStorageFull"):
            raise StorageFullError(f"{what}: the S3 endpoint is full ({code})") from error
        raise _refused(what, code) from error
    except BotoCoreError as error:
        raise SourceError(f"{what}: the S3 endpoint cannot be reached: {error}") from error


class _MissingError(SourceError):
    """There is no such object or bucket."""


def _refused(what: str, code: str) -> SourceError:
    if code in ("412", "PreconditionFailed"):
        return SourceError(
            f"{what}: another object has taken its place ({code})",
            hint="The object was changed while it was read; start the task again",
        )
    if code in ("404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload"):
        return _MissingError(
            f"{what}: it does not exist ({code})",
            hint="Check the bucket and the key",
            aws_text="ClientError: Invalid S3 source location",
        )
    return SourceError(f"{what}: the S3 endpoint refused: {code}")


STORE = Store(name="s3", schemes=("s3",), connect=S3Store)
