# SPDX-License-Identifier: Apache-2.0
"""Byte stores: places that keep objects by key. Sources, block segments and exports alike.

One module each, found by ``plugins.find``; a URL's scheme chooses it: ``file:///folder``,
``s3://bucket``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vmferry import plugins
from vmferry.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.model.bytes import ByteStore, StoredObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach an S3 that is not ours; plain values, so that worker processes can have it.

    Attributes:
        endpoint: The URL, ``""`` when there is none.
        region: What requests are signed for.
    """

    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One kind of byte store.

    Attributes:
        name: The module's name.
        scheme: Of the URLs that it serves.
        connect: Takes what follows ``scheme://`` and the access; returns the store.
    """

    name: str
    scheme: str
    connect: Callable[[str, Access], ByteStore]


@functools.cache
def _by_scheme() -> dict[str, Store]:
    from vmferry import stores

    return {store.scheme: store for store in plugins.find(stores, "STORE", Store).values()}


def connect(url: str, access: Access | None = None) -> ByteStore:
    """Return the store at ``url``.

    Raises:
        SourceError: No store serves the scheme.
    """
    scheme, _, rest = url.partition("://")
    store = _by_scheme().get(scheme)
    if store is None:
        raise SourceError(
            f"url: scheme {scheme!r} is not served, expected one of {', '.join(_by_scheme())}",
            aws_text="ClientError: Invalid S3 source location",
        )
    return store.connect(rest, access or Access())


def split(url: str) -> tuple[str, str]:
    """Return the store's URL and the key in it: ``s3://bucket/a/b`` is ``a/b`` of ``s3://bucket``."""
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        root, _, key = rest.rpartition("/")
        return f"file://{root or '/'}", key
    root, _, key = rest.partition("/")
    return f"{scheme}://{root}", key


def open_source(url: str, access: Access | None = None) -> StoredObject:
    """Return the object at ``url`` for reading: ``file:///folder/name`` or ``s3://bucket/key``.

    Raises:
        SourceError: There is no such object, or it cannot be read.
    """
    root, key = split(url)
    return connect(root, access).open(key)
