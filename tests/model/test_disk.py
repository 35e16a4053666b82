# SPDX-License-Identifier: Apache-2.0
"""Extents, and the way of a disk's location through JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from vmferry.model.disk import DiskLocation, Extent, ExtentKind


def test_an_extent_ends_before_its_neighbour() -> None:
    assert Extent(512, 1024, ExtentKind.DATA).end == 1536
    assert Extent(512, 0, ExtentKind.ZERO).end == 512


def test_a_location_survives_json() -> None:
    location = DiskLocation(url="s3://bucket/a.ova", format="vmdk", offset=512, length=1 << 40)
    assert DiskLocation(**json.loads(json.dumps(asdict(location)))) == location
