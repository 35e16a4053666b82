# SPDX-License-Identifier: Apache-2.0
"""Identifiers: the form that is made, and the forms that are taken (aws-behaviour.md 1.8)."""

from __future__ import annotations

import re

import pytest

from vmferry.model import ids


def test_a_fresh_id_has_seventeen_hex_digits() -> None:
    made = {ids.new("import-ami") for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"import-ami-[0-9a-f]{17}", each) for each in made)
    assert all(ids.valid("import-ami", each) for each in made)


@pytest.mark.parametrize(
    "text",
    ["snap-0123456789abcdef0", "snap-12345678", "snap-0123456789abcdeft", "snap-ffmqxyz1"],
)
def test_the_forms_that_aws_has_used_are_taken(text: str) -> None:
    assert ids.valid("snap", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "snap",
        "snap-",
        "snap-1234567",
        "snap-0123456789abcdef01",
        "snap-0123456789ABCDEF0",
        "snap-0123456789abcdef0\n",
        "ami-0123456789abcdef0",
        "snap-../../etc/passwd",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert not ids.valid("snap", text)
