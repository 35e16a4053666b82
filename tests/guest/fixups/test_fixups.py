# SPDX-License-Identifier: Apache-2.0
"""Which fix-ups the operator's words mean."""

from __future__ import annotations

import pytest

from vmferry.errors import SetupError
from vmferry.guest.fixups import all_fixups, chosen

NAMES = tuple(each.name for each in all_fixups())


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("all",), NAMES),
        (("none",), ()),
        ((), ()),
        (("fstab",), ("fstab",)),
        (("all", "-fstab"), tuple(name for name in NAMES if name != "fstab")),
        (("-fstab", "fstab"), ("fstab",)),
        (("all", "-all"), ()),
    ],
)
def test_words(words: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert chosen(words) == names


def test_an_unknown_one_is_named_with_those_that_are_known() -> None:
    with pytest.raises(SetupError, match=r"'-fstap' is unknown, expected all, none or .*fstab"):
        chosen(("all", "-fstap"))
