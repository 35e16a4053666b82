# SPDX-License-Identifier: Apache-2.0
"""URLs: which store, which key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry import stores
from vmferry.errors import SourceError
from vmferry.stores.directory import DirectoryStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "root", "key"),
    [
        ("s3://bucket/a/b.vmdk", "s3://bucket", "a/b.vmdk"),
        ("s3://bucket/a//b/", "s3://bucket", "a//b/"),
        ("s3://bucket", "s3://bucket", ""),
        ("file:///state/buckets/disks/a b.ova", "file:///state/buckets/disks", "a b.ova"),
        ("file:///a?b#c%20d", "file:///", "a?b#c%20d"),
    ],
)
def test_a_url_is_a_store_and_a_key(url: str, root: str, key: str) -> None:
    assert stores.split(url) == (root, key)


@pytest.mark.parametrize("url", ["ftp://host/disk.vmdk", "disk.vmdk", "", "FILE:///a"])
def test_a_scheme_that_nobody_serves(url: str) -> None:
    text = r"^url: scheme '.*' is not served, expected one of file, s3$"
    with pytest.raises(SourceError, match=text) as caught:
        stores.connect(url)
    assert caught.value.aws_text == "ClientError: Invalid S3 source location"


def test_an_object_by_its_url(tmp_path: Path) -> None:
    assert isinstance(stores.connect(f"file://{tmp_path}"), DirectoryStore)
    (tmp_path / "100% a?b").write_bytes(b"data")
    assert stores.open_source(f"file://{tmp_path}/100% a?b").read_at(1, 3) == b"ata"
    with pytest.raises(SourceError, match=r"^b: cannot be read: it does not exist$"):
        stores.open_source(f"file://{tmp_path}/a/b")
    with pytest.raises(SourceError, match=r"^key: '' has an empty"):
        stores.open_source(f"file://{tmp_path}/")
