# SPDX-License-Identifier: Apache-2.0
"""Bucket records and object paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.catalog.buckets import Buckets, key_refusal, object_path, valid_name
from vmferry.database.engine import connect, now
from vmferry.errors import ApiError, SourceError
from vmferry.model.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/state/buckets")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Buckets]:
    engine = connect(f"sqlite:///{tmp_path / 'vmferry.sqlite'}")
    yield Buckets(engine)
    engine.dispose()


def _bucket(name: str = "disks", account: str = "123456789012") -> Bucket:
    return Bucket(name=name, account=account, region="us-east-1", created=now())


def test_a_record_comes_back_as_it_was(records: Buckets) -> None:
    bucket = replace(_bucket(), region="eu-central-1", policy='{"a": 1}', acl="<A/>")
    records.create(bucket)
    assert records.get("disks") == bucket
    assert records.list("123456789012") == [bucket]
    assert records.list("999999999999") == []


def test_documents_are_replaced(records: Buckets) -> None:
    records.create(_bucket())
    records.update("disks", ownership="ObjectWriter", policy="{}")
    found = records.get("disks")
    assert found is not None
    assert (found.ownership, found.policy, found.acl) == ("ObjectWriter", "{}", "")


def test_delete_is_harmless_when_there_is_none(records: Buckets) -> None:
    records.create(_bucket())
    records.delete("disks")
    records.delete("disks")
    assert records.get("disks") is None


@pytest.mark.parametrize(
    ("account", "code"),
    [("123456789012", "BucketAlreadyOwnedByYou"), ("999999999999", "BucketAlreadyExists")],
)
def test_a_name_is_taken_once(records: Buckets, account: str, code: str) -> None:
    records.create(_bucket())
    with pytest.raises(ApiError) as caught:
        records.create(_bucket(account=account))
    assert (caught.value.code, caught.value.status) == (code, 409)


@pytest.mark.parametrize(
    "name",
    ["", "ab", "a" * 64, "Upper", "a_b", "a..b", ".ab", "ab-", "10.0.0.1", "xn--abc", "x-s3alias",
     "..", "a/b", "a\0b", "disks\n"],
)  # fmt: skip
def test_bad_names_are_refused(records: Buckets, name: str) -> None:
    assert not valid_name(name)
    with pytest.raises(ApiError, match=r"The specified bucket is not valid\."):
        records.create(_bucket(name=name))


@pytest.mark.parametrize("name", ["abc", "a" * 63, "my.disks-2", "amzn-s3-demo-import-bucket"])
def test_good_names_are_taken(records: Buckets, name: str) -> None:
    assert valid_name(name)
    records.create(_bucket(name=name))
    assert records.get(name) is not None


@pytest.mark.parametrize(
    "key", ["a", "a/b.vmdk", "ü/€", "100%", "a+b", "c:d", "a\\b", " x ", "a" * 255]
)
def test_a_path_is_the_key(key: str) -> None:
    assert object_path(ROOT, "disks", key).as_posix() == f"/state/buckets/disks/{key}"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "0 bytes, expected 1 to 1024"),
        ("a/" * 513, "1026 bytes, expected 1 to 1024"),
        ("../x", "the part '..'"),
        ("a/../b", "the part '..'"),
        ("./a", "the part '.'"),
        ("a//b", "the part ''"),
        ("/etc/passwd", "the part ''"),
        ("a/", "the part ''"),
        ("a\0b", "a control character"),
        ("a\tb", "a control character"),
        ("\u201ba", "U\\+201B"),
        ("b" * 256, "more than 255 bytes"),
        ("a/.rclone_temp_put_1", "reserved"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_what_a_path_cannot_keep_is_refused(key: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        object_path(ROOT, "disks", key)


def test_a_bad_bucket_has_no_paths() -> None:
    with pytest.raises(SourceError, match="the bucket's name is not valid"):
        object_path(ROOT, "..", "a")


@given(st.text(alphabet=st.sampled_from("./ab\\\0é\u201b"), max_size=20))
def test_no_key_leaves_its_bucket(key: str) -> None:
    if key_refusal(key):
        return
    path = object_path(ROOT, "disks", key)
    assert path.relative_to(ROOT / "disks").as_posix() == key
    assert ".." not in path.parts
