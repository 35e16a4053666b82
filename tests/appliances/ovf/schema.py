# SPDX-License-Identifier: Apache-2.0
"""What DSP8023 1.1.0 asks of a description, restated: names, their order, and what is required.

CIM's elements stand in the order of the alphabet (its schemas are made from MOF that way). Elements
of other namespaces are allowed after the standard's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

OVF: Final = "http://schemas.dmtf.org/ovf/envelope/1"

ORDER: Final = {
    "Envelope": ["References", "DiskSection?", "NetworkSection?", "VirtualSystem"],
    "References": ["File*"],
    "DiskSection": ["Info", "Disk*"],
    "NetworkSection": ["Info", "Network+"],
    "VirtualSystem": [
        "Info", "Name?", "OperatingSystemSection?", "VirtualHardwareSection", "ProductSection*",
    ],
    "OperatingSystemSection": ["Info", "Description?"],
    "VirtualHardwareSection": ["Info", "System?", "Item*"],
    "ProductSection": [
        "Info", "Product?", "Vendor?", "Version?", "FullVersion?", "ProductUrl?", "VendorUrl?",
    ],
}  # fmt: skip

REQUIRED: Final = {
    "File": {"id", "href"},
    "Disk": {"diskId", "capacity"},
    "Network": {"name"},
    "VirtualSystem": {"id"},
    "OperatingSystemSection": {"id"},
}
ALLOWED: Final = {
    "Envelope": {"version"},
    "File": {"id", "href", "size", "compression", "chunkSize"},
    "Disk": {
        "diskId", "fileRef", "parentRef", "capacity", "capacityAllocationUnits", "format",
        "populatedSize",
    },
    "Network": {"name"},
    "VirtualSystem": {"id"},
    "OperatingSystemSection": {"id", "version"},
}  # fmt: skip
REQUIRED_OF_ITEMS: Final = {"ElementName", "InstanceID", "ResourceType"}


def violations(data: bytes) -> list[str]:
    """Return what is wrong with a description; nothing if it follows the schema."""
    root = etree.fromstring(data)
    if root.tag != f"{{{OVF}}}Envelope":
        return [f"root is {root.tag}"]
    return [*_elements(root), *_references(root)]


def _elements(element: etree._Element) -> Iterator[str]:
    name = etree.QName(element).localname
    own = [child for child in element if etree.QName(child).namespace == OVF]
    if name in ("System", "Item"):
        yield from _cim(element)
        return
    yield from _attributes(element, name)
    yield from _order(name, [etree.QName(child).localname for child in own])
    others = list(element)[len(own) :]
    if any(child in others for child in own):
        yield f"{name}: an element of another namespace stands before the standard's own"
    for child in own:
        yield from _elements(child)


def _order(name: str, found: list[str]) -> Iterator[str]:
    left = list(found)
    for rule in ORDER.get(name, []):
        wanted, sign = (rule[:-1], rule[-1]) if rule[-1] in "?*+" else (rule, "1")
        count = 0
        while left[:1] == [wanted]:
            left.pop(0)
            count += 1
        if count < (sign in "1+") or (count > 1 and sign in "1?"):
            yield f"{name}: {count} of {wanted}"
    if left:
        yield f"{name}: {left[0]} is out of its order"


def _attributes(element: etree._Element, name: str) -> Iterator[str]:
    names = {etree.QName(str(key)).localname for key in element.attrib}
    own = {key for key in names if f"{{{OVF}}}{key}" in element.attrib}
    if missing := REQUIRED.get(name, set()) - own:
        yield f"{name}: no {sorted(missing)}"
    if more := own - ALLOWED.get(name, set()):
        yield f"{name}: {sorted(more)} is no attribute of the standard"


def _cim(element: etree._Element) -> Iterator[str]:
    cim = [etree.QName(child) for child in element]
    names = [name.localname for name in cim if str(name.namespace).startswith("http://schemas.dm")]
    if names != sorted(set(names)):
        yield f"{etree.QName(element).localname}: {names} are not in the order of the alphabet"
    if etree.QName(element).localname == "Item" and (missing := REQUIRED_OF_ITEMS - set(names)):
        yield f"Item: no {sorted(missing)}"


def _references(root: etree._Element) -> Iterator[str]:
    """What a schema cannot say: names that are used are there, and are there once."""
    items = [
        {etree.QName(child).localname: child.text for child in item}
        for item in root.iter(f"{{{OVF}}}Item")
    ]
    ids = [item["InstanceID"] for item in items if "InstanceID" in item]
    if len(set(ids)) != len(ids):
        yield f"InstanceID: {ids} are not one each"
    places = [(item["Parent"], item["AddressOnParent"]) for item in items if "Parent" in item]
    if not {parent for parent, _ in places} <= set(ids):
        yield f"Parent: {places} are not among {ids}"
    if len(set(places)) != len(places):
        yield f"two disks at one address: {places}"
    networks = {element.get(f"{{{OVF}}}name") for element in root.iter(f"{{{OVF}}}Network")}
    connected = {item["Connection"] for item in items if "Connection" in item}
    if networks != connected:
        yield f"networks {networks}, connected {connected}"
