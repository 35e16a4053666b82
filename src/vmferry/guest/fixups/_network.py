# SPDX-License-Identifier: Apache-2.0
"""What the fix-ups of the network share: which cards there are, and how a line is disabled.

Source: systemd.net-naming-scheme(7) and biosdevname(1) for the names that cards get.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Final

from vmferry.guest.network.wicked import BY_ADDRESS, FOLDER, PREFIX
from vmferry.model.fixup import Network

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts, Interface

RULES: Final = "/etc/udev/rules.d/70-vmferry-net.rules"
"""Where ``network_names`` writes which card has which name; it runs before those that ask here."""

CARD: Final = re.compile(r"(?:eth|em)\d{1,3}|p\d{1,3}p\d{1,3}|en[a-z][0-9a-z]{1,12}")
"""Names that a kernel, systemd or biosdevname gives to a card; others are given by an address."""

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,15}")
"""What is written into rules and files: IFNAMSIZ is 16, and a dot or colon makes no card's name."""

OWN_NAME: Final = re.compile(r'\bNAME="([A-Za-z0-9_-]{1,15})"')
VLAN: Final = re.compile(r"vlan\d{1,4}|.+\.\d{1,4}")
NO_CARD: Final = re.compile(
    r"(?:lo|dummy|tun|tap|wg|veth|docker|virbr|lxcbr|lxdbr|podman|cni|ppp|sit|gre|ipip|ib)\d{0,4}"
    r"(?:-nic)?|(?:wl|ww)[0-9a-z]{1,13}"
)
"""What a guest makes for itself; an address there is no address of the network outside."""

DRIVERS: Final = frozenset(("virtio_net", "ena", "e1000", "e1000e", "ixgbevf", "vif"))
"""Of cards that a machine can have after the move."""

FROM_RELEASE: Final = re.compile(r"\d{1,4}")

NAMERS: Final = ("80-net-setup-link.rules", "80-net-name-slot.rules")
GENERATOR: Final = "75-persistent-net-generator.rules"
UDEV: Final = ("/lib/udev/rules.d", "/usr/lib/udev/rules.d")
MASKS: Final = (
    *(f"/etc/udev/rules.d/{name}" for name in NAMERS),
    "/etc/systemd/network/99-default.link",
)
KERNEL_NAMES: Final = "net.ifnames=0"

DISABLED: Final = "# disabled by vmferry: "


def to_dhcp(choices: Choices) -> bool:
    """Tell whether static addresses become DHCP."""
    return choices.network is Network.DHCP


def disabled(line: str) -> str:
    """Return a line as a comment at its own indent."""
    bare = line.lstrip(" \t")
    return f"{line[: len(line) - len(bare)]}{DISABLED}{bare}"


def is_disabled(line: str) -> bool:
    """Tell whether ``disabled`` made the line."""
    return line.lstrip(" \t").startswith(DISABLED.rstrip())


def major(facts: GuestFacts) -> int:
    """Return the first number of the distribution's version, 0 if it has none."""
    found = FROM_RELEASE.match(facts.version)
    return int(found[0]) if found else 0


def is_vlan(name: str) -> bool:
    """Tell whether a name is that of a tagged network, which does not come along."""
    return VLAN.fullmatch(name) is not None


def note_vlan(draft: Draft, name: str) -> None:
    """Say that a tagged network is left without an address: DHCP there would hold the start up."""
    draft.note(f"{name} is a VLAN, which is not there any more: it has no address")


def was_static(name: str) -> str:
    """Return why an interface's addresses are taken away."""
    return f"{name} had a static address of another network"


def is_inside(name: str) -> bool:
    """Tell whether a name is that of the guest's own networks, whose addresses stay."""
    return NO_CARD.fullmatch(name) is not None


def has_predictable_names(draft: Draft, facts: GuestFacts) -> bool:
    """Tell whether the guest names cards by their place, and not as the kernel counts them.

    Debian 8, Ubuntu 14.04 and SLES 12 have the rules of both; with the generator of persistent
    names the first card is ``eth0``.
    """
    options = [entry.options.split() for entry in facts.boot_entries if entry.default]
    if options and all(KERNEL_NAMES in words for words in options):
        return False
    if any(draft.target(path) == "/dev/null" for path in MASKS):
        return False
    has = {
        name
        for name in (*NAMERS, GENERATOR)
        if any(draft.exists(f"{folder}/{name}") for folder in UDEV)
    }
    return bool(has) and GENERATOR not in has


def cards(
    draft: Draft, facts: GuestFacts, choices: Choices, pinned: Collection[str] = ()
) -> list[str]:
    """Return the names of cards that the guest's files configure, the first card first.

    Args:
        draft: Its rules say which is the first, once they are written.
        facts: What the files configure.
        choices: The first of ``macs`` is that of the first card.
        pinned: Names that rules give by an address, of whatever form.
    """
    known: dict[str, list[Interface]] = {}
    own = OWN_NAME.findall(draft.text(RULES) or "")
    for name, each in _named(facts.interfaces):
        if CARD.fullmatch(name) or (
            NAME.fullmatch(name) and each.name and (each.mac or name in (*pinned, *own))
        ):
            known.setdefault(name, []).append(each)
    predictable = has_predictable_names(draft, facts)

    def order(name: str) -> tuple[object, ...]:
        macs = {each.mac for each in known[name] if each.mac}
        return (
            own.index(name) if name in own else len(own),
            not macs & set(choices.macs[:1]),
            all(each.method == "none" for each in known[name]),
            predictable == name.startswith("eth"),
            _natural(name),
        )

    return sorted(known, key=order)


def _named(interfaces: Iterable[Interface]) -> Iterator[tuple[str, Interface]]:
    """Yield interfaces and their names: what an ifcfg file has, or will have for an address."""
    found = list(interfaces)
    sources = {each.source for each in found}
    free = (f"eth{number}" for number in count() if f"{FOLDER}/{PREFIX}eth{number}" not in sources)
    for each in found:
        suffix = each.source.rpartition(f"/{PREFIX}")[2]
        yield each.name or (next(free) if suffix.startswith(BY_ADDRESS) else suffix), each


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which ``ens192`` comes before ``ens1000`` and ``eth2`` before ``eth10``."""
    return [
        (int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d{1,9})", name)
    ]
