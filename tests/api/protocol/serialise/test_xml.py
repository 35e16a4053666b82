# SPDX-License-Identifier: Apache-2.0
"""XML that always parses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from vmferry.api.protocol.models import operation
from vmferry.api.protocol.serialise import xml


@given(st.text(st.characters()))
def test_any_text_makes_an_element_that_parses(text: str) -> None:
    document = xml.element("a", xml.escape(text))
    got = etree.fromstring(document.encode()).text or ""
    assert got == "".join(c for c in text if _is_char(c))


def _is_char(char: str) -> bool:
    # XML 1.0, section 2.2.
    code = ord(char)
    return (
        code in (0x9, 0xA, 0xD)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or code >= 0x10000
    )


def test_an_empty_element_is_short() -> None:
    assert xml.element("statusMessage", "") == "<statusMessage/>"
    assert xml.element("a", "", attributes=' x="1"') == '<a x="1"/>'


def test_absent_members_and_none_are_absent() -> None:
    shape = operation("ec2", "DescribeImportImageTasks").output_shape
    assert xml.members(shape, {}) == ""
    assert xml.members(shape, {"NextToken": None}) == ""
    assert xml.members(shape, {"ImportImageTasks": []}) == "<importImageTaskSet/>"


def test_members_come_in_the_models_order() -> None:
    shape = operation("ec2", "DescribeImportImageTasks").output_shape
    result = {"NextToken": "n", "ImportImageTasks": [{"Tags": [], "ImportTaskId": "i"}]}
    assert xml.members(shape, result) == (
        "<importImageTaskSet><item><importTaskId>i</importTaskId><tagSet/></item>"
        "</importImageTaskSet><nextToken>n</nextToken>"
    )


def test_an_attribute_is_escaped() -> None:
    shape = operation("s3", "GetBucketAcl").output_shape.members["Grants"].member.members["Grantee"]
    assert xml.attributes(shape, {"Type": 'a"b\n'}) == (
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="a&quot;b&#xA;"'
    )
