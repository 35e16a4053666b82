# SPDX-License-Identifier: Apache-2.0
"""What S3 remembers of an object beside its bytes: ETag, content type and the user's metadata.

rclone keeps these in memory and forgets them when it ends, and would read a whole object to answer
its MD5. So they are an extended attribute of the file: JSON, with the size and the time of the file
they belong to. A file that was changed or put there behind our back (an export that was moved into
its bucket) no longer matches; it then has an ETag made of its time and size, with the ``-`` by
which clients know that it is no MD5. So it is with every file where the file system has no extended
attributes.

Source: xattr(7); https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = structlog.get_logger("vmferry.s3")

NAME: Final = "user.vmferry.s3"

DEFAULT_TYPE: Final = "binary/octet-stream"

KEPT: Final = (
    "cache-control", "content-disposition", "content-encoding", "content-language",
    "content-type", "expires", "x-amz-website-redirect-location",
)  # fmt: skip

META: Final = "x-amz-meta-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """One object's attributes.

    Attributes:
        etag: Without quotes.
        size: Bytes.
        mtime_ns: Last change of the file, nanoseconds since 1970.
        headers: Lower-case names; what a GET answers beside the bytes.
    """

    etag: str
    size: int
    mtime_ns: int
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def modified(self) -> datetime:
        """When the file was last changed."""
        return datetime.fromtimestamp(self.mtime_ns // 10**6 / 1000, UTC)

    def answered(self) -> dict[str, str]:
        """Return the headers of a GET or HEAD."""
        return {"content-type": DEFAULT_TYPE, **self.headers, "etag": f'"{self.etag}"'}


def from_request(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an upload that are kept with the object."""
    kept = {name: text for name, text in headers.items() if name in KEPT or name.startswith(META)}
    # aws-chunked was the coding of the upload, not of the object.
    coding = [c.strip() for c in kept.pop("content-encoding", "").split(",")]
    left = ",".join(c for c in coding if c and c != "aws-chunked")
    return {**kept, "content-encoding": left} if left else kept


def load(path: Path) -> Attributes | None:
    """Return the attributes of an object's file, or ``None`` if there is no such file."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    known = _stored(path)
    if (known.get("size"), known.get("mtime_ns")) == (status.st_size, status.st_mtime_ns):
        return Attributes(
            etag=str(known["etag"]),
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            headers=dict(known["headers"]),
        )
    made = hashlib.sha256(f"{status.st_mtime_ns}:{status.st_size}".encode()).hexdigest()[:32]
    return Attributes(etag=f"{made}-1", size=status.st_size, mtime_ns=status.st_mtime_ns)


def store(path: Path, etag: str, headers: Mapping[str, str]) -> None:
    """Keep the attributes with the file and make file and name survive a power cut.

    rclone does not fsync, so this is what an acknowledged upload rests on.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        document = {
            "etag": etag,
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "headers": dict(headers),
        }
        try:
            os.setxattr(fd, NAME, json.dumps(document).encode())
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.ENOSPC, errno.E2BIG, errno.ERANGE):
                raise
            log.warning("an object's attributes cannot be kept", reason=error.strerror)
        os.fsync(fd)
    finally:
        os.close(fd)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _stored(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(os.getxattr(path, NAME, follow_symlinks=False))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
