# SPDX-License-Identifier: Apache-2.0
"""Byte stores: places that keep objects by key. Sources, block segments and exports alike.

One module each, found by ``plugins.find``; a URL's scheme chooses it: ``file:///folder``,
``s3://bucket``. The web (``https://host/path``) keeps nothing for us: it has objects only.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vmferry import plugins
from vmferry.errors import SourceError
from vmferry.stores._reach import Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vmferry.model.bytes import ByteStore, StoredObject


__all__ = ["Access", "Reach", "Store", "connect", "open_source", "split"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach what is not ours; plain values, so that worker processes can have it.

    Attributes:
        endpoint: The URL of an S3, ``""`` when there is none.
        region: What requests are signed for.
        reach: Which hosts a web URL may lead to.
    """

    endpoint: str = ""
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    reach: Reach = field(default_factory=Reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One kind of byte store; it has one of ``connect`` and ``open``.

    Attributes:
        name: The module's name.
        schemes: Of the URLs that it serves.
        connect: Takes what follows ``scheme://`` and the access; returns the store.
        open: Takes an object's URL and the access, where nothing can be kept; returns the object.
    """

    name: str
    schemes: tuple[str, ...]
    connect: Callable[[str, Access], ByteStore] | None = None
    open: Callable[[str, Access], StoredObject] | None = None


@functools.cache
def _by_scheme() -> dict[str, Store]:
    from vmferry import stores

    found = plugins.find(stores, "STORE", Store).values()
    return {scheme: store for store in found for scheme in store.schemes}


def connect(url: str, access: Access | None = None) -> ByteStore:
    """Return the store at ``url``.

    Raises:
        SourceError: No store serves the scheme.
    """
    scheme, _, rest = url.partition("://")
    store = _by_scheme().get(scheme)
    if store is None or store.connect is None:
        serving = (name for name, store in _by_scheme().items() if store.connect is not None)
        raise _not_served(url, serving)
    return store.connect(rest, access or Access())


def _not_served(url: str, serving: Iterable[str]) -> SourceError:
    scheme, separator, _ = url.partition("://")
    scheme = scheme if separator else ""
    return SourceError(
        f"url: scheme {scheme!r} is not served, expected one of {', '.join(serving)}",
        aws_text="ClientError: Invalid S3 source location",
    )


def split(url: str) -> tuple[str, str]:
    """Return the store's URL and the key in it: ``s3://bucket/a/b`` is ``a/b`` of ``s3://bucket``."""
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        root, _, key = rest.rpartition("/")
        return f"file://{root or '/'}", key
    root, _, key = rest.partition("/")
    return f"{scheme}://{root}", key


def open_source(url: str, access: Access | None = None) -> StoredObject:
    """Return the object at ``url``: ``file:///folder/name``, ``s3://bucket/key``, ``https://…``.

    Raises:
        SourceError: There is no such object, or it cannot be read.
    """
    store = _by_scheme().get(url.partition("://")[0])
    if store is None:
        raise _not_served(url, _by_scheme())
    if store.open is not None:
        return store.open(url, access or Access())
    root, key = split(url)
    return connect(root, access).open(key)
