# SPDX-License-Identifier: Apache-2.0
"""netplan's YAML files, all of which together are one configuration.

Source: https://netplan.readthedocs.io/en/stable/netplan-yaml/: files are read in the order of their
names, a name in /etc hides the same below /lib; mappings are merged, lists go on, the rest is
replaced. ``match`` says which card a definition is for, its key is then only an identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError
from vmferry.guest.network import Renderer, addresses, mac, method
from vmferry.guest.network._yaml import parse
from vmferry.model.guest import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmferry.guest.network._yaml import Value
    from vmferry.guest.settings import Settings

FOLDERS: Final = ("/etc/netplan", "/usr/lib/netplan", "/lib/netplan")
KINDS: Final = ("ethernets", "bonds", "bridges", "vlans")
TRUE: Final = ("true", "yes", "on", "y")


def read(settings: Settings) -> Iterator[Interface]:
    """Yield the interfaces that all files together define."""
    files: dict[str, str] = {}
    for folder in FOLDERS:
        for name in settings.names(folder):
            if name.endswith(".yaml"):
                files.setdefault(name, f"{folder}/{name}")
    merged: dict[str, dict[str, Value]] = {}
    sources: dict[str, str] = {}
    for _, path in sorted(files.items()):
        for name, definition in _definitions(settings, path):
            merged[name] = _merge(merged.get(name, {}), definition)
            sources[name] = path
    for name, definition in merged.items():
        yield _interface(name, definition, sources[name])


def _definitions(settings: Settings, path: str) -> Iterator[tuple[str, dict[str, Value]]]:
    try:
        network = _mapping(_mapping(parse(settings.text(path))).get("network"))
    except FormatError as error:
        settings.complain(f"{path}: {error.message}")
        return
    for kind in KINDS:
        for name, definition in _mapping(network.get(kind)).items():
            yield name, _mapping(definition)


def _mapping(value: Value | None) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _merge(old: dict[str, Value], new: dict[str, Value]) -> dict[str, Value]:
    merged = {**old, **new}
    for key in old.keys() & new.keys():
        before, after = old[key], new[key]
        if isinstance(before, list) and isinstance(after, list):
            merged[key] = [*before, *after]
        elif isinstance(before, dict) and isinstance(after, dict):
            merged[key] = {**before, **after}
    return merged


def _interface(name: str, definition: dict[str, Value], source: str) -> Interface:
    match = _mapping(definition.get("match"))
    static = addresses(_addresses(definition.get("addresses")))
    dhcp4, dhcp6 = (str(definition.get(key, "")).lower() in TRUE for key in ("dhcp4", "dhcp6"))
    named = definition.get("set-name") or (match.get("name", "") if match else name)
    return Interface(
        name=named if isinstance(named, str) else "",
        renderer=RENDERER.name,
        source=source,
        method=method(dhcp4 or (dhcp6 and not static), static),
        addresses=static,
        mac=mac(str(match.get("macaddress", ""))),
    )


def _addresses(value: Value | None) -> Iterator[str]:
    """Yield the addresses of a list; each may be a mapping of one address to its options."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield from item
        elif isinstance(item, str):
            yield item


RENDERER = Renderer(name="netplan", read=read)
