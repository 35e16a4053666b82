# SPDX-License-Identifier: Apache-2.0
"""What DHCP needs of the guest and no edit of a file can give: notes.

A client that the network's program can start, name servers where somebody wrote them by hand, and
addresses on the kernel's command line, which an initramfs takes.

Source: interfaces(5), ifcfg-dhcp(5), resolv.conf(5), dracut.cmdline(7); aws-behaviour.md, 11-K.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network

if TYPE_CHECKING:
    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

CLIENTS: Final = {
    "ifupdown": ("dhclient", "dhcpcd", "pump", "udhcpc"),
    "netplan": ("networkmanager", "systemd-networkd"),
    "network-scripts": ("dhclient", "dhcpcd", "networkmanager", "pump"),
    "networkmanager": ("networkmanager",),
    "systemd-networkd": ("systemd-networkd",),
    "wicked": ("dhclient", "dhcpcd", "wicked"),
}
"""The clients that a program of ``Interface.renderer`` starts or has in itself."""

RESOLVER: Final = "/etc/resolv.conf"
SERVER: Final = re.compile(r"^[ \t]*nameserver[ \t]+([0-9A-Fa-f.:]{2,45})", re.MULTILINE)
MOST_SERVERS: Final = 3
"""As many as resolv.conf(5) has (MAXNS)."""

ADDRESS: Final = re.compile(r"ip=\[?[0-9a-fA-F.:]*[0-9a-fA-F][.:].*|ifname=.+")
LONGEST_WORD: Final = 100


def plan(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Note what is missing."""
    if not _network.to_dhcp(choices):
        return
    renderers = {each.renderer for each in facts.interfaces}
    usable = {client for renderer in renderers for client in CLIENTS.get(renderer, ())}
    if usable and not usable & set(facts.services.dhcp_clients):
        draft.note(
            f"no DHCP client is installed that {' or '.join(sorted(renderers))} can start: "
            f"install {' or '.join(sorted(usable))} before the machine is exported"
        )
    if any(each.method == "static" for each in facts.interfaces):
        _note_servers(draft)
    for entry in facts.boot_entries:
        for word in entry.options.split() if entry.default else ():
            if ADDRESS.fullmatch(word):
                draft.note(f"the kernel's command line has {word[:LONGEST_WORD]}: take it out")


def _note_servers(draft: Draft) -> None:
    """Say what is in a resolv.conf that is a file: who has a link has a program that writes it."""
    if draft.target(RESOLVER) is not None:
        return
    servers = SERVER.findall(draft.text(RESOLVER) or "")[:MOST_SERVERS]
    if servers:
        draft.note(
            f"{RESOLVER} names {', '.join(servers)} and stays as it is: "
            "where no DHCP client writes it, name the new servers there"
        )


FIXUP = Fixup(
    name="network_dhcp",
    summary="say what DHCP needs and the machine lacks",
    plan=plan,
)
