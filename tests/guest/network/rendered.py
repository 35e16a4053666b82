# SPDX-License-Identifier: Apache-2.0
"""What a renderer says of files, in rows that are easy to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.guest.trees import tree_of

from vmferry.guest.settings import Settings

if TYPE_CHECKING:
    from vmferry.guest.network import Renderer

Row = tuple[str, str, tuple[str, ...], str]


def rendered(renderer: Renderer, files: dict[str, str | bytes]) -> list[Row]:
    """Return name, method, addresses and MAC of every interface; nothing may be damaged."""
    settings = Settings(tree_of(files))
    found = list(renderer.read(settings))
    assert settings.damage == []
    for each in found:
        assert each.renderer == renderer.name
        assert each.source.removeprefix("/") in files
    return [(each.name, each.method, each.addresses, each.mac) for each in found]


def complaints(renderer: Renderer, files: dict[str, str | bytes]) -> list[str]:
    """Return what is said to be damaged."""
    settings = Settings(tree_of(files))
    list(renderer.read(settings))
    return settings.damage
