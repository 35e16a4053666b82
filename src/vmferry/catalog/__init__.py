# SPDX-License-Identifier: Apache-2.0
"""The catalog: images, snapshots, buckets and tags; filters and paging. Records only, no bytes."""

from vmferry.catalog.images import Images
from vmferry.catalog.snapshots import Snapshots
from vmferry.catalog.tags import Tags

__all__ = ["Images", "Snapshots", "Tags"]
