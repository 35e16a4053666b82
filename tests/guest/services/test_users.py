# SPDX-License-Identifier: Apache-2.0
"""Users with keys, and passwd files without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.guest.trees import tree_of

from vmferry.guest.services.users import with_keys
from vmferry.guest.settings import Settings

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
admin:x:1000:1000:,,,:/home/admin:/bin/bash
twin:x:1001:1000::/home/admin:/bin/bash
empty:x:1002:1000::/home/empty:/bin/sh
climber:x:1003:1000::../../../home/climber:/bin/sh
broken:x
"""


def test_finds_users_with_keys() -> None:
    tree = tree_of(
        {
            "etc/passwd": PASSWD,
            "root/.ssh/authorized_keys": "# none\n\n",
            "home/admin/.ssh/authorized_keys": "# mine\nssh-ed25519 AAAA admin\n",
            "home/empty/.ssh/authorized_keys": "",
            "home/climber/.ssh/authorized_keys2": "ssh-rsa AAAA",
        }
    )
    assert with_keys(Settings(tree)) == ("admin", "climber")


def test_a_passwd_of_a_million_lines_is_a_sentence() -> None:
    settings = Settings(tree_of({"etc/passwd": "u:x:1:1::/h:/bin/sh\n" * 1_000_000}))
    assert with_keys(settings) == ()
    assert settings.damage == ["/etc/passwd: found 20000000 bytes, expected at most 1048576"]


def test_only_some_homes_are_looked_at() -> None:
    lines = "".join(f"u{number}:x:1:1::/home/u{number}:/bin/sh\n" for number in range(600))
    keys = {f"home/u{number}/.ssh/authorized_keys": "ssh-rsa A" for number in (499, 500)}
    settings = Settings(tree_of({"etc/passwd": lines, **keys}))
    assert with_keys(settings) == ("u499",)
    assert settings.damage == ["/etc/passwd: found 600 homes, only the first 500 are looked at"]


@given(st.text(max_size=200))
def test_reads_anything(text: str) -> None:
    with_keys(Settings(tree_of({"etc/passwd": text})))
