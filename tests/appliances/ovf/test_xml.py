# SPDX-License-Identifier: Apache-2.0
"""XML: nothing is resolved or fetched, and there is a limit to all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.appliances.recipes import ovf

from vmferry.appliances.ovf.xml import attribute, child, children, parse_envelope, text
from vmferry.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

LAUGHS = "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "lol"}">' for number in range(12)
)


def refusal(data: bytes) -> str:
    with pytest.raises(FormatError) as caught:
        parse_envelope(data)
    assert caught.value.aws_text.startswith(
        "ClientError: Disk validation failed [OVF file parsing error: "
    )
    return caught.value.message


def test_elements_are_found_by_local_names() -> None:
    root = parse_envelope(ovf())
    references = child(root, "References")
    assert references is not None
    (file,) = children(references, "File", "Other")
    assert attribute(file, "href") == "disk1.vmdk"
    assert attribute(file, "size") == ""
    assert text(root, "References") == ""
    assert child(root, "Nothing") is None


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    heads = [
        f'<!DOCTYPE Envelope [<!ENTITY x SYSTEM "file://{secret}">]>',
        '<!DOCTYPE Envelope [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        '<!DOCTYPE Envelope SYSTEM "http://127.0.0.1:9/x.dtd">',
        f"<!DOCTYPE Envelope [{LAUGHS}]>",
        f'<!DOCTYPE Envelope [<!ENTITY % x SYSTEM "file://{secret}"> %x;]>',
    ]
    for head in heads:
        for more in ("", "<Info>&x;</Info>", "<Info>&l11;</Info>"):
            message = refusal(ovf(more=more, head=head))
            assert "secret" not in message.replace(str(secret), "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-7"])
def test_other_encodings_hide_no_document_type(encoding: str) -> None:
    head = f"<!DOCTYPE Envelope [{LAUGHS}]>"
    text = ovf(more="<Info>&l11;</Info>", head=head).decode().replace("UTF-8", encoding)
    assert refusal(text.encode(encoding)).startswith(("ovf: description is no XML", "ovf: descrip"))


def test_nothing_is_included(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{tmp_path}/secret"/>'
    root = parse_envelope(ovf(more=f"<Info>{include}</Info>"))
    info = child(root, "Info")
    assert info is not None
    assert "".join(str(text) for text in info.itertext()) == ""


def test_instructions_and_comments_are_no_content() -> None:
    root = parse_envelope(ovf(more='<?xml-stylesheet href="http://127.0.0.1/x"?><!-- x -->'))
    assert child(root, "VirtualSystem") is not None


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("<a/>" * 51_000, "ovf: description: found more than 50000 elements"),
        (
            f"<a {' '.join(f'a{n}=' + chr(34) * 2 for n in range(170_000))}/>",
            "ovf: description: found an element with 170000 attributes",
        ),
    ],
    ids=["elements", "attributes"],
)
def test_many_elements_or_attributes_take_no_second(more: str, message: str) -> None:
    """All of them fit into the longest description; the attributes took two minutes."""
    started = time.process_time()
    assert refusal(ovf(more=more)) == message
    assert time.process_time() - started < 1


def test_depth_and_length_have_limits() -> None:
    deep = "<a>" * 70 + "</a>" * 70
    assert refusal(ovf(more=deep)) == "ovf: description: found more than 64 levels of elements"
    deeper = "<a>" * 100_000 + "</a>" * 100_000
    assert refusal(ovf(more=deeper)).startswith("ovf: description is no XML: ")
    long = ovf(more="<a/>" * (1 << 20))
    assert refusal(long) == f"ovf: description: found {len(long)} bytes, expected at most 2097152"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ovf: description is no XML: "),
        (b"\0\1\2", "ovf: description is no XML: "),
        (b"<Envelope>", "ovf: description is no XML: "),
        (b"<Envelope/>", "ovf: root element: found Envelope, expected Envelope of OVF 1 or 2"),
        (ovf(namespace="http://www.vmware.com/schema/ovf/1/envelope"), "ovf: root element: found"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "ovf: description is no XML: "),
        ("<a>ü</a>".encode("latin-1"), "ovf: description is no XML: "),
    ],
)
def test_what_is_no_ovf(data: bytes, message: str) -> None:
    assert refusal(data).startswith(message)
