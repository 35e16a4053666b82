# SPDX-License-Identifier: Apache-2.0
"""What is kept beside an object's bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from vmferry.api.s3.attributes import NAME, from_request, load, store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk.vmdk"
    path.write_bytes(b"data")
    try:
        os.setxattr(path, NAME, b"{}")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    return path


def test_they_come_back(file: Path) -> None:
    store(file, "abc", {"content-type": "a/b", "x-amz-meta-x": "ü"})
    found = load(file)
    assert found is not None
    assert (found.etag, found.size) == ("abc", 4)
    assert found.answered() == {"content-type": "a/b", "x-amz-meta-x": "ü", "etag": '"abc"'}


def test_a_changed_file_has_an_etag_of_its_own(file: Path) -> None:
    store(file, "abc", {"content-type": "a/b"})
    file.write_bytes(b"other")
    found = load(file)
    assert found is not None
    assert found.etag.endswith("-1")
    assert found.answered()["content-type"] == "binary/octet-stream"


def test_damaged_attributes_are_none(file: Path) -> None:
    os.setxattr(file, NAME, b"not json")
    found = load(file)
    assert found is not None
    assert found.etag.endswith("-1")


def test_folders_links_and_nothing_are_no_objects(file: Path) -> None:
    (file.parent / "link").symlink_to(file)
    assert load(file.parent / "link") is None
    assert load(file.parent) is None
    assert load(file / "below") is None


def test_the_coding_of_the_upload_is_not_kept() -> None:
    headers = {"content-encoding": "aws-chunked,gzip", "x-amz-meta-a": "b", "host": "x"}
    assert from_request(headers) == {"content-encoding": "gzip", "x-amz-meta-a": "b"}
    assert from_request({"content-encoding": "aws-chunked"}) == {}
