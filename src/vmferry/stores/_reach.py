# SPDX-License-Identifier: Apache-2.0
"""Which hosts a URL may lead to, when somebody else than the operator named it.

Whoever can have the service fetch a URL can have it fetch the metadata of its cloud, the printer
next door or its own database. So a caller's URL leads to public addresses, or to hosts that the
operator allows; the addresses are looked up once, judged here, and connected to as they were
judged, so that a name that changes its address in between (DNS rebinding) gains nothing. Spellings
(``0x7f.1``, ``2130706433``, ``::ffff:127.0.0.1``) do not matter: what is judged is the address.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 4291 2.5.5 (mapped addresses),
RFC 3056 (6to4), RFC 6052 2.1 (NAT64), RFC 4380 (Teredo), RFC 6598 (shared address space).
Written out, because ``ipaddress.is_global`` changes with the patch version of Python, calls
multicast global, and looks into no embedded address.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

NOT_PUBLIC_4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; also the metadata of Alibaba Cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by number; inside Azure it is the host of the machine
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocols; also the metadata of Oracle Cloud
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

PUBLIC_6: Final = IPv6Network("2000::/3")
"""All that IANA has given out as global unicast; the metadata of AWS (fd00:ec2::) lies outside."""

NOT_PUBLIC_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, Teredo, ORCHID
        "2001:db8::/32",
        "3fff::/20",
    )
)

EMBEDDED: Final = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, as a network without IPv4 spells public hosts
    (IPv6Network("2002::/16"), 80),  # 6to4
)
"""Where an IPv6 address means an IPv4 address, and how many bits stand after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which hosts URLs may lead to; the default is for URLs that callers of the API name.

    Attributes:
        anywhere: To any host, by the system's resolver and proxy; for the user's own machine.
        hosts: Names, in lower case, that the operator allows whatever their addresses are.
    """

    anywhere: bool = False
    hosts: tuple[str, ...] = ()

    def permitted(self, host: str, addresses: Iterable[str]) -> list[str]:
        """Return those of ``addresses``, which ``host`` has, that may be connected to."""
        if self.anywhere or host.lower().rstrip(".") in self.hosts:
            return list(addresses)
        return [address for address in addresses if is_public(address)]


def is_public(address: str) -> bool:
    """Tell whether ``address`` is of the public internet; ``False`` if it is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        for network, after in EMBEDDED:
            if parsed in network:
                return _is_public_4(IPv4Address(int(parsed) >> after & 0xFFFFFFFF))
        return parsed in PUBLIC_6 and not any(parsed in network for network in NOT_PUBLIC_6)
    return _is_public_4(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in NOT_PUBLIC_4)
