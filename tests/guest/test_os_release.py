# SPDX-License-Identifier: Apache-2.0
"""os-release is read, never run."""

from __future__ import annotations

import pytest
from tests.guest.trees import tree_of

from vmferry.errors import GuestError
from vmferry.guest.os_release import find, parse, read


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("ID=debian", {"ID": "debian"}),
        ('NAME="Debian GNU/Linux"', {"NAME": "Debian GNU/Linux"}),
        ("NAME='My $Linux'", {"NAME": "My $Linux"}),
        (r'NAME="a \"b\" \$c \\ \`d"', {"NAME": 'a "b" $c \\ `d'}),
        ("  VERSION_ID=12  ", {"VERSION_ID": "12"}),
        ("ID=", {"ID": ""}),
        ('ID=""', {"ID": ""}),
        ("# ID=debian", {}),
        ("ID=$(reboot)", {}),
        ('ID="$HOME"', {}),
        ("ID=`reboot`", {}),
        ("ID=a; reboot", {}),
        ("ID=a b", {}),
        ('ID="open', {}),
        ("export ID=a", {}),
        ("id=a", {}),
    ],
)
def test_parses_as_a_shell_would_without_running(line: str, values: dict[str, str]) -> None:
    assert parse(f"\n{line}\n") == values


def test_the_last_assignment_counts() -> None:
    assert parse("ID=a\nID=b\r\n") == {"ID": "b"}


def test_etc_is_before_usr_lib() -> None:
    assert find(tree_of({})) == ""
    assert find(tree_of({"usr/lib/os-release": "ID=a"})) == "/usr/lib/os-release"
    both = tree_of({"usr/lib/os-release": "ID=a", "etc/os-release": "ID=b"})
    assert read(both, find(both)) == {"ID": "b"}


def test_a_long_file_is_refused() -> None:
    with pytest.raises(GuestError, match="/etc/os-release: found 70000 bytes, expected at most"):
        read(tree_of({"etc/os-release": "#" * 70000}), "/etc/os-release")
