# SPDX-License-Identifier: Apache-2.0
"""Network configurations. A module here exports ``RENDERER``: one program's files and syntax."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vmferry.guest.settings import Settings
    from vmferry.model.guest import Interface

LOOPBACK: Final = "lo"
LONGEST_NAME: Final = 64
MOST_ADDRESSES: Final = 64
MOST_TEXTS: Final = 1000
MAC: Final = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
STATIC: Final = "static"
DHCP: Final = "dhcp"
NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """One way to configure the network.

    Attributes:
        name: What ``Interface.renderer`` says; with ``_`` for ``-`` the module's name.
        read: Takes the guest's files; yields what they configure, the loopback left out. A MAC
            address counts if the configuration applies to no other card; not one that it sets.
    """

    name: str
    read: Callable[[Settings], Iterable[Interface]]


def mac(text: str) -> str:
    """Return a MAC address in lower case with colons, ``""`` if ``text`` is none."""
    found = text.strip().lower().replace("-", ":")
    return found if MAC.fullmatch(found) else ""


def addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``texts`` that are IP addresses, with the length of their prefix if given.

    A netmask becomes a prefix: ``192.0.2.1/255.255.255.0`` is ``192.0.2.1/24``.
    """
    few = islice(texts, MOST_TEXTS)
    found = (address for text in few if (address := _address(text.strip())))
    return tuple(dict.fromkeys(found))[:MOST_ADDRESSES]


def _address(text: str) -> str:
    try:
        if "/" in text:
            return str(ipaddress.ip_interface(text))
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def masked(address: str, mask: str) -> str:
    """Return ``address`` with ``mask``, a prefix length or a netmask, if it has none of its own."""
    return f"{address}/{mask}" if mask and "/" not in address else address


def method(dhcp: bool, static: Iterable[str]) -> str:
    """Return what ``Interface.method`` is."""
    return DHCP if dhcp else STATIC if any(static) else NONE
