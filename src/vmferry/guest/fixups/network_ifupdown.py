# SPDX-License-Identifier: Apache-2.0
"""ifupdown's interfaces get their addresses by DHCP.

A static stanza becomes one of DHCP, IPv6 by the router's advertisement; what belongs to the old
network (addresses, gateways, name servers, routes) is disabled. Aliases and further addresses have
no meaning then and are disabled whole. A bridge or bond stays what it is; a VLAN is not there any
more and gets no address, for DHCP would hold the start up. A card beyond the first comes up when it
appears.

Source: interfaces(5); aws-behaviour.md, 11-R, line 959.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups import Fixup, _network
from vmferry.guest.network import ifupdown
from vmferry.guest.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts

IFACE: Final = re.compile(r"([ \t]*iface[ \t]+\S+[ \t]+inet6?[ \t]+)static\b(.*)", re.DOTALL)
OLD: Final = frozenset(
    (
        *("address", "netmask", "network", "broadcast", "gateway", "pointopoint", "scope"),
        *("dns-nameserver", "dns-nameservers", "autoconf", "accept_ra"),
    )
)
"""Options that belong to a static address; the last two forbid what ``inet6 auto`` does."""

SPOOF: Final = "hwaddress"
COMMANDS: Final = frozenset(("up", "pre-up", "post-up", "down", "pre-down", "post-down"))
ROUTES: Final = re.compile(
    r"\broute\b|\bip\b.{0,40}\b(?:ro|rule|ru|addr|address|neigh)\b|\bifconfig\b"
)
"""Commands that fail in another network; ifup gives up an interface when one does."""

NO_PORTS: Final = ("bridge_ports", "bridge-ports")
TAGGED: Final = ("vlan-raw-device", "vlan_raw_device", "vlan-id")

NO_AUTO6: Final = {"debian": 7, "ubuntu": 12}
"""Releases before these have an ifupdown before 0.7, which knows no ``inet6 auto``."""


@dataclass(slots=True)
class _Stanza:
    """An ``iface`` stanza; each line is the numbers of its physical lines."""

    name: str
    family: str
    method: str
    head: range
    options: list[tuple[str, str, range]] = field(default_factory=list)

    @property
    def is_inside(self) -> bool:
        """Whether it is a network that ends in the guest, a bridge without ports among them."""
        ports = [value for key, value, _ in self.options if key in NO_PORTS]
        return _network.is_inside(self.name) or ports in (["none"], [""])

    @property
    def is_vlan(self) -> bool:
        """Whether it is a tagged network."""
        return _network.is_vlan(self.name) or any(key in TAGGED for key, _, _ in self.options)


@dataclass(frozen=True, slots=True)
class _Known:
    """What all files together say."""

    others: frozenset[str]
    by_dhcp: set[str]
    has_inet: frozenset[str]
    method6: str


class _File:
    """One file's lines, and what is done to them."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.reasons: list[str] = []
        self.stanzas: list[_Stanza] = []
        self.autos: list[range] = []
        stanza = None
        for numbers in self._logical():
            word, *words = self._words(numbers)
            if word == "iface":
                stanza = _begun(words, numbers)
                self.stanzas += [stanza] if stanza else []
            elif word in ifupdown.ENDS or word.startswith("allow-"):
                stanza = None
                self.autos += [numbers] if word == "auto" else []
            elif stanza is not None:
                stanza.options.append((word, " ".join(words), numbers))

    def _logical(self) -> Iterator[range]:
        start = 0
        for number, line in enumerate(self.lines):
            if line.endswith("\\") and not line.lstrip().startswith("#"):
                continue
            numbers, start = range(start, number + 1), number + 1
            words = self._words(numbers)
            if words and not words[0].startswith("#"):
                yield numbers

    def _words(self, numbers: range) -> list[str]:
        return " ".join(self.lines[number].rstrip("\\") for number in numbers).split()

    def disable(self, numbers: range) -> None:
        """Make comments of lines."""
        for number in numbers:
            if not _network.is_disabled(self.lines[number]):
                self.lines[number] = _network.disabled(self.lines[number].rstrip("\\"))

    def mend(self, known: _Known, draft: Draft) -> None:
        """Turn what is static into DHCP."""
        gone = set()
        for stanza in self.stanzas:
            if stanza.is_inside:
                continue
            for key, value, numbers in stanza.options:
                if key == SPOOF and ":" in value:
                    self.disable(numbers)
                    self.reasons.append(f"{stanza.name} had the address of another card")
            if stanza.method == "static":
                gone |= self._mend(stanza, known, draft)
        for numbers in self.autos:
            self._start(numbers, known.others, gone)

    def _mend(self, stanza: _Stanza, known: _Known, draft: Draft) -> set[str]:
        """Mend a stanza; return the name if nothing is left of it."""
        is_alias = ":" in stanza.name
        if is_alias or (stanza.family == "inet" and stanza.name in known.by_dhcp):
            for numbers in (stanza.head, *(numbers for _, _, numbers in stanza.options)):
                self.disable(numbers)
            self.reasons.append(f"{stanza.name} has no second address by DHCP")
            return {stanza.name} if is_alias else set()
        method = "dhcp" if stanza.family == "inet" else known.method6
        if stanza.is_vlan:
            method = "manual"
            _network.note_vlan(draft, stanza.name)
        elif stanza.family == "inet":
            known.by_dhcp.add(stanza.name)
        self._turn(stanza, method)
        if stanza.family == "inet6" and not stanza.is_vlan and stanza.name not in known.has_inet:
            first = stanza.head.start
            self.lines[first] = f"iface {stanza.name} inet dhcp\n\n{self.lines[first]}"
        return set()

    def _turn(self, stanza: _Stanza, method: str) -> None:
        head = stanza.head.start
        self.lines[head] = IFACE.sub(rf"\g<1>{method}\g<2>", self.lines[head], count=1)
        for key, value, numbers in stanza.options:
            if key in OLD or (key in COMMANDS and ROUTES.search(value)):
                self.disable(numbers)
        self.reasons.append(_network.was_static(stanza.name))

    def _start(self, numbers: range, others: frozenset[str], gone: set[str]) -> None:
        """Let only what is there be started: ``auto`` fails for a card that is not."""
        _, *names = self._words(numbers)
        later = [name for name in names if name in others]
        kept = [name for name in names if name not in others and name not in gone]
        if len(numbers) > 1 or kept == names:
            return
        line = self.lines[numbers.start]
        words = [f"auto {' '.join(kept)}"] * bool(kept)
        words += [f"allow-hotplug {' '.join(later)}"] * bool(later)
        indent = line[: len(line) - len(line.lstrip())]
        if words:
            self.lines[numbers.start] = "\n".join(indent + each for each in words)
        else:
            self.disable(numbers)
        if later:
            self.reasons.append(f"{', '.join(later)} may not be there")


def _begun(words: list[str], head: range) -> _Stanza | None:
    if len(words) < 3 or words[0] == "lo" or words[1] not in ("inet", "inet6"):
        return None
    return _Stanza(words[0], words[1], words[2], head)


def plan(draft: Draft, facts: GuestFacts, choices: Choices) -> None:
    """Mend the files that interfaces are configured by."""
    if not _network.to_dhcp(choices):
        return
    paths = [path for path, _ in ifupdown.files(Settings(draft.tree))]
    files = {path: _File(text) for path in paths if (text := draft.text(path)) is not None}
    stanzas = [stanza for file in files.values() for stanza in file.stanzas]
    inet = [stanza for stanza in stanzas if stanza.family == "inet"]
    no_auto6 = 0 < _network.major(facts) < NO_AUTO6.get(facts.distribution, 0)
    known = _Known(
        frozenset(_network.cards(draft, facts, choices)[1:]),
        {stanza.name for stanza in inet if stanza.method == "dhcp"},
        frozenset(stanza.name for stanza in inet),
        "manual" if no_auto6 else "auto",
    )
    for path, file in files.items():
        file.mend(known, draft)
        if file.reasons:
            draft.write(path, "\n".join(file.lines), "; ".join(dict.fromkeys(file.reasons)))


FIXUP = Fixup(
    name="network_ifupdown",
    summary="let the interfaces of ifupdown get their addresses by DHCP",
    plan=plan,
)
