# SPDX-License-Identifier: Apache-2.0
"""Sections and keys: comments, repeats, what is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vmferry.guest.network._ini import Setting, parse, value, values

TEXT = """\
A=outside
[Match]
# Name=x
; Name=y
 Name = eth0 \\
   eth1
[Network]
Address=192.0.2.1/24
Address=
Address=192.0.2.2/24
Address=192.0.2.3/24
broken
[open
"""


def test_reads_settings() -> None:
    settings = parse(TEXT)
    assert settings[0] == Setting("", "A", "outside")
    assert value(settings, "Match", "Name").split() == ["eth0", "eth1"]
    assert values(settings, "Network", "Address") == ["192.0.2.2/24", "192.0.2.3/24"]
    assert value(settings, "Network", "Address") == "192.0.2.3/24"
    assert value(settings, "Network", "DHCP", "no") == "no"


@given(st.text(max_size=200))
def test_reads_anything(text: str) -> None:
    for setting in parse(text):
        assert "\n" not in setting.value
