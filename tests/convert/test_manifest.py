# SPDX-License-Identifier: Apache-2.0
"""What a manifest promises ends the work beside which it is checked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from vmferry.appliances import Digest
from vmferry.convert import verified
from vmferry.errors import FormatError, SourceError
from vmferry.model.disk import DiskLocation
from vmferry.stores import Access

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"content" * 1000
GOOD = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def location(tmp_path: Path) -> DiskLocation:
    (tmp_path / "disk").write_bytes(b"before" + CONTENT)
    return DiskLocation(
        url=f"file://{tmp_path}/disk",
        format="raw",
        offset=6,
        label="disk1.vmdk",
        compression="gzip",
    )


def test_a_good_file(location: DiskLocation) -> None:
    with verified([(location, GOOD)], Access()):
        pass


def test_another_file(location: DiskLocation) -> None:
    other = Digest("sha256", "0" * 64)
    with (
        pytest.raises(FormatError, match=r"sha256 of disk1\.vmdk: found"),
        verified([(location, GOOD), (location, other)], Access()),
    ):
        pass


def test_the_failure_of_the_work_comes_first(location: DiskLocation) -> None:
    with (
        pytest.raises(SourceError, match="the work"),
        verified([(location, Digest("sha256", "0" * 64))], Access()),
    ):
        raise SourceError("the work")


def test_nothing_to_check_starts_nothing() -> None:
    with verified([], Access()):
        pass
