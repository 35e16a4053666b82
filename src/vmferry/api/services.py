# SPDX-License-Identifier: Apache-2.0
"""The rooms that API actions may use, handed over by the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.catalog import Images, Snapshots, Tags
    from vmferry.catalog.buckets import Buckets
    from vmferry.config import Config
    from vmferry.identity import Identity
    from vmferry.jobs._rooms import Rooms
    from vmferry.tasks import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the daemon has wired.

    Attributes:
        config: The settings.
        identity: Accounts, access keys and roles.
        images: The images' records.
        snapshots: The snapshots' records.
        tags: Tags of any resource.
        buckets: The buckets' records.
        tasks: The task engine.
        rooms: What jobs use; actions need it to find objects.
        collect: Asks for a garbage collection soon.
    """

    config: Config
    identity: Identity
    images: Images
    snapshots: Snapshots
    tags: Tags
    buckets: Buckets
    tasks: Tasks
    rooms: Rooms
    collect: Callable[[], None]
