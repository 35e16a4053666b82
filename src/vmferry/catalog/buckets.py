# SPDX-License-Identifier: Apache-2.0
"""Bucket records, and where an object of our own buckets is on disk.

A bucket is a row here and a folder below the bucket root; the row is the authority, a folder
without one is not a bucket. An object is a regular file whose path below the bucket's folder is its
key, byte for byte in UTF-8, so that jobs read it without asking anybody. What a path cannot keep
faithfully is refused instead of being bent:

    key                                       why it is refused
    empty, more than 1024 bytes               S3's own limits (KeyTooLongError)
    ``a//b``, ``/a``, ``a/``, ``.``, ``..``   a path has no such parts; two keys would be one file
    a part of more than 255 bytes             NAME_MAX
    U+0000 to U+001F, U+007F, U+201B          NUL ends a path; rclone (1.75.2) fails at the other
                                              control characters and writes U+201B twice
    a part beginning with ``.rclone_temp_``   rclone hides them and keeps its unfinished uploads so

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html and
…/bucketnamingrules.html; ``rclone serve s3 --help`` (Object names, Cleaning up temporary objects).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError as DuplicateRow

from vmferry.database.tables import buckets
from vmferry.errors import ApiError, SourceError
from vmferry.model.bucket import Bucket
from vmferry.units import KIB

if TYPE_CHECKING:
    from pathlib import Path

    from lxml import etree
    from sqlalchemy import Engine

UNFINISHED: Final = ".rclone_temp_"
"""How rclone's unfinished uploads begin; they never hold acknowledged data."""

_MAX_KEY = KIB
_MAX_PART = 255
_UNFAITHFUL = re.compile("[\0-\x1f\x7f\u201b]")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# AWS reserves ``amzn-s3-demo-`` too; here it is free, so that the guide's commands run as written.
_RESERVED_STARTS = ("xn--", "sthree-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def valid_name(name: str) -> bool:
    """Say whether ``name`` may be a bucket's name; such a name is also a safe folder name."""
    return (
        _NAME.fullmatch(name) is not None
        and ".." not in name
        and _ADDRESS.fullmatch(name) is None
        and not name.startswith(_RESERVED_STARTS)
        and not name.endswith(_RESERVED_ENDS)
    )


def key_refusal(key: str) -> str:
    """Return why a file cannot carry this key, or ``""`` if it can."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "the key is not UTF-8"
    if not key or size > _MAX_KEY:
        return f"the key has {size} bytes, expected 1 to {_MAX_KEY}"
    if _UNFAITHFUL.search(key):
        return "the key contains a control character or U+201B, which no file's name keeps here"
    for part in key.split("/"):
        if part in ("", ".", ".."):
            return f"the key has the part {part!r} between slashes, which a file's path cannot keep"
        if len(part.encode()) > _MAX_PART:
            return f"the key has a part of more than {_MAX_PART} bytes between slashes"
        if part.startswith(UNFINISHED):
            return f"the key has a part that begins with {UNFINISHED}, which is reserved"
    return ""


def object_path(root: Path, bucket: str, key: str) -> Path:
    """Return the file of an object; whether it exists is the caller's to find out.

    Args:
        root: The folder of all buckets.
        bucket: A bucket's name.
        key: The object's key, decoded.

    Raises:
        SourceError: No object can have this name; the path would not be inside the bucket.
    """
    reason = key_refusal(key) if valid_name(bucket) else "the bucket's name is not valid"
    if reason:
        raise SourceError(
            f"s3://{bucket[:63]}: no such object can exist: {reason}",
            aws_text="ClientError: Invalid S3 source location",
        )
    return root.joinpath(bucket, *key.split("/"))


def grants(bucket: Bucket) -> frozenset[tuple[str, str]]:
    """Return (canonical id or group URI, permission) of a bucket's stored ACL.

    Empty for the default, which is FULL_CONTROL for the owner and nobody else, and where
    ``BucketOwnerEnforced`` switches ACLs off.
    """
    if not bucket.acl or bucket.ownership == "BucketOwnerEnforced":
        return frozenset()
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(bucket.acl.encode(), parser)
    return frozenset(
        (_child(grant, "ID") or _child(grant, "URI"), _child(grant, "Permission"))
        for grant in root.iter("{*}Grant")
    )


class Buckets:
    """The records of the buckets."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> Bucket | None:
        """Return a bucket's record, whoever owns it."""
        with self._engine.connect() as connection:
            row = connection.execute(select(buckets).where(buckets.c.name == name)).first()
        return None if row is None else Bucket(**row._mapping)

    def list(self, account: str) -> list[Bucket]:
        """Return an account's buckets by name."""
        query = select(buckets).where(buckets.c.account == account).order_by(buckets.c.name)
        with self._engine.connect() as connection:
            return [Bucket(**row._mapping) for row in connection.execute(query)]

    def create(self, bucket: Bucket) -> None:
        """Add a record.

        Raises:
            ApiError: ``InvalidBucketName``, ``BucketAlreadyOwnedByYou`` or ``BucketAlreadyExists``.
        """
        if not valid_name(bucket.name):
            raise ApiError("InvalidBucketName", "The specified bucket is not valid.")
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(buckets).values(**_row(bucket)))
        except DuplicateRow as error:
            other = self.get(bucket.name)
            if other is not None and other.account == bucket.account:
                raise ApiError("BucketAlreadyOwnedByYou", _OWNED, status=409) from error
            raise ApiError("BucketAlreadyExists", _TAKEN, status=409) from error

    def update(self, name: str, **documents: str) -> None:
        """Replace documents of a record: ``ownership``, ``policy``, ``acl``, ``encryption``."""
        with self._engine.begin() as connection:
            connection.execute(update(buckets).where(buckets.c.name == name).values(**documents))

    def delete(self, name: str) -> None:
        """Remove a record; harmless when there is none."""
        with self._engine.begin() as connection:
            connection.execute(delete(buckets).where(buckets.c.name == name))


_OWNED = "Your previous request to create the named bucket succeeded and you already own it."
_TAKEN = (
    "The requested bucket name is not available. The bucket namespace is shared by all users of "
    "the system. Please select a different name and try again."
)


def _child(grant: etree._Element, name: str) -> str:
    found = next(grant.iter("{*}" + name), None)
    return "" if found is None else str(found.text or "")


def _row(bucket: Bucket) -> dict[str, object]:
    return {name: getattr(bucket, name) for name in buckets.columns.keys()}  # noqa: SIM118
