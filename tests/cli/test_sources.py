# SPDX-License-Identifier: Apache-2.0
"""What a person names is found, or refused in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vmferry.cli.sources import resolve
from vmferry.errors import SetupError, SourceError
from vmferry.stores import Access, Reach

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_by_its_real_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real.raw").write_bytes(b"")
    (tmp_path / "link.raw").symlink_to("real.raw")
    monkeypatch.chdir(tmp_path)
    assert resolve("link.raw") == (f"file://{tmp_path.resolve()}/real.raw", Access())


def test_a_missing_file() -> None:
    with pytest.raises(SourceError, match=r"^no/such: cannot be read: No such file or directory$"):
        resolve("no/such")


def test_the_web_is_read_wherever_it_is() -> None:
    url = "https://127.0.0.1/disk.raw?sig=x"
    assert resolve(url) == (url, Access(reach=Reach(anywhere=True)))


def test_an_s3_has_to_be_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VMFERRY_S3_ENDPOINT", raising=False)
    with pytest.raises(SetupError, match="s3://b/k: no S3 is configured"):
        resolve("s3://b/k")
    monkeypatch.setenv("VMFERRY_S3_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("VMFERRY_S3_ACCESS_KEY", "key")
    monkeypatch.setenv("VMFERRY_S3_SECRET_KEY", "secret")
    url, access = resolve("s3://b/k")
    assert (url, access.endpoint, access.access_key) == ("s3://b/k", "http://127.0.0.1:9", "key")


def test_other_schemes() -> None:
    with pytest.raises(SourceError, match="ftp:// is not read, expected a file, s3://BUCKET/KEY"):
        resolve("ftp://host/disk")
