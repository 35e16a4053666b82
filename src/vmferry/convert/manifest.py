# SPDX-License-Identifier: Apache-2.0
"""What an appliance's manifest promises of its disks, checked while they are converted."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from vmferry.convert.locations import open_file
from vmferry.convert.workers import forked, receive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from vmferry.appliances import Digest
    from vmferry.model.disk import DiskLocation
    from vmferry.stores import Access


@contextmanager
def verified(promises: Sequence[tuple[DiskLocation, Digest]], access: Access) -> Iterator[None]:
    """Read the files beside the block, in a process of its own, and end the block by their digests.

    Args:
        promises: Disks and what their files must have.
        access: How to reach them.

    Raises:
        FormatError: A file is not the one that the manifest was made for.
        SourceError: A file cannot be read.
    """
    if not promises:
        yield
        return
    with forked(1, partial(_verify, promises, access)) as (checker,):
        yield
        receive(checker)


def _verify(
    promises: Sequence[tuple[DiskLocation, Digest]], access: Access, connection: Connection
) -> None:
    from vmferry.appliances import verify_digest

    for location, digest in promises:
        verify_digest(open_file(replace(location, compression=""), access), digest)
    connection.send(None)
