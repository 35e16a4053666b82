# SPDX-License-Identifier: Apache-2.0
"""Hostile XML bodies."""

from __future__ import annotations

import pytest

from vmferry.api.protocol.models import operation
from vmferry.api.protocol.parse.xml import MOST_BYTES, json_value, root, structure
from vmferry.errors import ApiError

BOMB = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Delete>&b;</Delete>'
)
FILE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Quiet>&x;</Quiet></Delete>'


@pytest.mark.parametrize(
    "body",
    [b"", b"<a", b"<a></b>", BOMB, FILE, b"<a>\x00</a>", b"<a>" * 3000, b" " * (MOST_BYTES + 1)],
)
def test_what_is_not_plain_xml_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="The XML you provided was not well-formed") as caught:
        root(body)
    assert (caught.value.code, caught.value.status) == ("MalformedXML", 400)


def test_values_of_the_wrong_type_and_missing_ones_are_refused() -> None:
    shape = operation("s3", "DeleteObjects").input_shape.members["Delete"]
    for body, hint in (
        (b"<Delete><Object/></Delete>", "Key is missing in Object"),
        (b"<Delete/>", "Object is missing in Delete"),
        (b"<Delete><Object><Key>a</Key></Object><Quiet>x</Quiet></Delete>", "Quiet is x"),
    ):
        with pytest.raises(ApiError) as caught:
            structure(shape, root(body))
        assert hint in caught.value.hint


def test_namespaces_comments_and_unknown_elements_do_not_matter() -> None:
    shape = operation("s3", "DeleteObjects").input_shape.members["Delete"]
    body = (
        b'<x:Delete xmlns:x="http://s3.amazonaws.com/doc/2006-03-01/"><!-- c --><x:Other/>'
        b"<x:Object><x:Key>a&lt;<![CDATA[&]]>b</x:Key></x:Object></x:Delete>"
    )
    assert structure(shape, root(body)) == {"Objects": [{"Key": "a<&b"}]}


def test_json_in_a_header() -> None:
    assert json_value("eyJhIjoxfQ==") == {"a": 1}
    for text in ("x", "eA=="):
        with pytest.raises(ApiError, match="not base64 of JSON"):
            json_value(text)
