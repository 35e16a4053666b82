# SPDX-License-Identifier: Apache-2.0
"""Keyfiles keep their comments and their order."""

from __future__ import annotations

import pytest

from vmferry.guest.fixups._keyfile import Keyfile

TEXT = "# head\n[A]\nx=1\n; why\nx=2\n\n[B]\ny = a \\\n  b\n"


@pytest.mark.parametrize(
    ("section", "key", "after"),
    [
        ("A", "x", TEXT.replace("x=2", "x=new")),
        ("A", "z", TEXT.replace("[A]\n", "[A]\nz=new\n")),
        ("B", "y", "# head\n[A]\nx=1\n; why\nx=2\n\n[B]\ny=new\n"),
        ("C", "z", TEXT + "\n[C]\nz=new\n"),
    ],
)
def test_put(section: str, key: str, after: str) -> None:
    file = Keyfile(TEXT)
    file.put(section, key, "new")
    assert file.text == after
    assert file.value(section, key) == "new"


def test_put_where_no_line_ends() -> None:
    file = Keyfile("[A]\nx=1")
    file.put("B", "y", "2")
    assert file.text == "[A]\nx=1\n\n[B]\ny=2"


def test_what_it_says() -> None:
    file = Keyfile(TEXT)
    assert (file.values("A", "x"), file.value("A", "x")) == (["1", "2"], "2")
    assert (file.has("B"), file.has("C")) == (True, False)


def test_disable() -> None:
    file = Keyfile(TEXT)
    assert file.disable(lambda section, _key, _value: section == "B")
    assert file.text == (
        "# head\n[A]\nx=1\n; why\nx=2\n\n# disabled by vmferry: [B]\n"
        "# disabled by vmferry: y = a \n  # disabled by vmferry: b\n"
    )
    assert not Keyfile(file.text).disable(lambda section, _key, _value: section == "B")
