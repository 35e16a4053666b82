# SPDX-License-Identifier: Apache-2.0
"""Buckets: what we record beside the objects themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One bucket's record; documents are kept as they were sent, ``""`` when never set.

    Attributes:
        region: The LocationConstraint, ``us-east-1`` when none was given.
        ownership: ``BucketOwnerEnforced`` (default), ``BucketOwnerPreferred`` or ``ObjectWriter``.
        policy: JSON.
        acl: XML, empty for the default (owner has FULL_CONTROL).
        encryption: XML, empty for the default (SSE-S3).
    """

    name: str
    account: str
    region: str
    created: datetime
    ownership: str = "BucketOwnerEnforced"
    policy: str = ""
    acl: str = ""
    encryption: str = ""
