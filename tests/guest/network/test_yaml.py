# SPDX-License-Identifier: Apache-2.0
"""The YAML reader against PyYAML, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from vmferry.errors import FormatError
from vmferry.guest.network._yaml import parse

SUBIQUITY = """\
# This is the network config written by 'subiquity'
network:
  ethernets:
    ens33:
      dhcp4: false  # a comment
      addresses:
      - 192.0.2.10/24
      - "2001:db8::1/64":
          label: "maas # not a comment"
          lifetime: 0
      nameservers:
        addresses: [192.0.2.53, 2001:db8::53,
          192.0.2.54]
        search: []
      routes:
      - to: default
        via: 192.0.2.1
      -   to: 10.0.0.0/8
          via: 192.0.2.2
      match: {macaddress: "00:0c:29:ab:cd:ef", name: 'en*', it: it's}
    empty:
  version: 2
"""

DOCUMENTS = (
    SUBIQUITY,
    "---\na: b\n...\n",
    "{a: [b, {c: d}], e: , f}",
    "[a, 'b ''c', \"d\\n\\x41\\u00e9\"]",
    "a:\n- - b\n  - c\n- d\n",
    "a: b\n   c\n   d\n",
    "'a b': 1\n\"c: d\": 2\n",
    "a: http://x:1/#y\n",
    "a: [\n  b,\n  c,\n]\n",
    "-\n  a: b\n-\n  - c\n",
    "plain",
    "a: 'x''y' # z\n",
    "a:   b  \n",
)


def _base(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but text


@pytest.mark.oracle
@pytest.mark.parametrize("text", DOCUMENTS)
def test_reads_as_pyyaml(text: str) -> None:
    assert parse(text) == _base(text)


WORDS = st.text(st.sampled_from("ab0.:-/#'\" ,[]{}é~&*!|>%@`\\?"), max_size=8)
VALUES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(WORDS.filter(bool), inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.oracle
@settings(max_examples=300, deadline=None)
@given(VALUES, st.sampled_from([True, False, None]), st.sampled_from([2, 4]))
def test_reads_what_pyyaml_writes(value: Any, flow: bool | None, indent: int) -> None:
    text = yaml.safe_dump(
        value, default_flow_style=flow, indent=indent, width=10_000, allow_unicode=True
    )
    assert parse(text) == value


@settings(deadline=None)
@given(st.text(st.sampled_from("ab: -[]{},'\"#\n"), max_size=60))
def test_reads_or_refuses_anything(text: str) -> None:
    try:
        parse(text)
    except FormatError as error:
        assert error.message.startswith("line ")  # noqa: PT017 - much of it is no YAML


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x b\n", "line 1: found an anchor, which is not read here"),
        ("a: b\nc: *x\n", "line 2: found an alias, which is not read here"),
        ("a: !!binary x\n", "line 1: found a tag, which is not read here"),
        ("? a\n: b", "line 1: found an explicit key, which is not read here"),
        ("a: |\n  b\n", "line 1: found a block, which is not read here"),
        ("a: [*x]\n", "line 1: scalar: found '*', expected text"),
        ("a: [b\n", "line 1: a value that does not end"),
        ("a: [b] c\n", "line 1: text after a value: found ' c'"),
        ("a: ['b]\n", "line 1: a quote that does not end"),
        ("a: {b [c]}\n", "line 1: separator: found '[', expected a comma or }"),
        ("a: b\nc\n", "line 2: found no key"),
        ("  a: b\nc: d\n", "line 2: found a line that belongs nowhere"),
        ("- " * 30 + "a", "line 1: found more than 20 levels"),
        ("a: " + "[" * 30, "line 1: found more than 20 levels"),
    ],
)
def test_refuses_by_line(text: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse(text)
    assert caught.value.message == message


def test_bombs_take_no_time() -> None:
    for text in ("[\n" * 30_000, "a: '" + "''" * 30_000, "a:\n" * 20_000, "- a: b\n" * 9_000):
        try:
            parse(text)
        except FormatError as error:
            assert error.message  # noqa: PT017 - some are good
