# SPDX-License-Identifier: Apache-2.0
"""Parses the XML of an OVF: nothing is resolved, fetched or expanded, and there is a limit to all.

Elements and attributes are found by their local names: products mix prefixes, and version 2 moves
the same names to other namespaces.

Source: lxml, "Parsing XML and HTML", on ``resolve_entities``, ``no_network`` and ``huge_tree``
(off: at most 256 levels and 10 MB of text).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from vmferry.appliances.refusal import bad_ovf
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_OVF: Final = 2 * MIB
"""The longest of 132 samples has 139 KiB. One MiB of empty elements takes 40 MiB of memory."""

MAX_TEXT: Final = 255
_MAX_DEPTH: Final = 64
_MAX_ELEMENTS: Final = 50_000
_MAX_ATTRIBUTES: Final = 256
"""170,000 attributes of one element, which 2 MiB have room for, took two minutes."""

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAMESPACES: Final = (
    "http://schemas.dmtf.org/ovf/envelope/1",
    "http://schemas.dmtf.org/ovf/envelope/2",
)


def parse_envelope(data: bytes) -> etree._Element:
    """Return the ``Envelope`` of a description.

    Raises:
        FormatError: It is no XML, it has a DTD, it is too long or too deep, or no OVF 1 or 2.
    """
    if len(data) > MAX_OVF:
        raise bad_ovf("description", found=f"{len(data)} bytes", expected=f"at most {MAX_OVF}")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise bad_ovf(f"description is no XML: {str(error)[:200]}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise bad_ovf("description has a document type", expected="none")
    _check_shape(root)
    name = etree.QName(root)
    # vCloud Director forgets the default namespace but declares the prefix.
    namespace = name.namespace or root.nsmap.get("ovf") or ""
    # oVirt's engine has a slash behind it (IOvfBuilder.OVF_URI).
    if name.localname != "Envelope" or namespace.removesuffix("/") not in NAMESPACES:
        raise bad_ovf(
            "root element",
            found=str(root.tag)[:120],
            expected="Envelope of OVF 1 or 2",
            hint="Export the machine in the format OVF 1.1",
        )
    return root


def local_name(element: etree._Element) -> str:
    """Return the element's name without its namespace."""
    return etree.QName(element).localname


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Yield the children with one of these local names."""
    for child in element:
        if local_name(child) in names:
            yield child


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of this local name."""
    return next(children(element, name), None)


def text(element: etree._Element, name: str) -> str:
    """Return the text of the first child of this local name, ``""`` if there is none."""
    found = child(element, name)
    return "" if found is None or found.text is None else found.text.strip()


def attribute(element: etree._Element, name: str) -> str:
    """Return the attribute of this local name, ``""`` if there is none."""
    for key, value in element.attrib.items():
        if etree.QName(key).localname == name:
            return str(value).strip()
    return ""


def legal(words: str) -> str:
    """Replace what no XML document can hold, escaped or not (XML 1.0, section 2.2)."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words)


def _check_shape(root: etree._Element) -> None:
    """Refuse what takes long to look at; lxml's attributes take the square of their number."""
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth, count = depth + 1, count + 1
        if depth > _MAX_DEPTH:
            raise bad_ovf("description", found=f"more than {_MAX_DEPTH} levels of elements")
        if count > _MAX_ELEMENTS:
            raise bad_ovf("description", found=f"more than {_MAX_ELEMENTS} elements")
        if len(element.attrib) > _MAX_ATTRIBUTES:
            raise bad_ovf("description", found=f"an element with {len(element.attrib)} attributes")
