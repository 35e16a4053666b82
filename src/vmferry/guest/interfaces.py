# SPDX-License-Identifier: Apache-2.0
"""What a guest's network configurations say, of every program that could be the one that runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from vmferry.guest import network
from vmferry.guest.network import LONGEST_NAME, Renderer
from vmferry.plugins import find

if TYPE_CHECKING:
    from vmferry.guest.settings import Settings
    from vmferry.model.guest import Interface

RENDERERS: Final = tuple(find(network, "RENDERER", Renderer).values())
MOST_INTERFACES: Final = 250


def read(settings: Settings) -> tuple[Interface, ...]:
    """Return what is configured; of very much the first ``MOST_INTERFACES``, and a complaint."""
    found = [
        replace(interface, name=interface.name[:LONGEST_NAME])
        for renderer in RENDERERS
        for interface in islice(renderer.read(settings), MOST_INTERFACES + 1)
    ]
    if len(found) > MOST_INTERFACES:
        settings.complain(
            f"network: found more than {MOST_INTERFACES} interfaces, the others are not told"
        )
    return tuple(found[:MOST_INTERFACES])
