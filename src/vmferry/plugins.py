# SPDX-License-Identifier: Apache-2.0
"""The only discovery in the house: a plug-in is a module of a folder that exports one constant.

A new format, store, action, job or command is one new file. No list is edited anywhere, nothing
registers itself as a side effect of an import, and a module or a package counts alike, so growth
does not move callers.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, TypeVar

from vmferry.errors import SetupError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")


def find(package: ModuleType, constant: str, kind: type[T]) -> dict[str, T]:
    """Import every public module of ``package`` and return its constants by module name.

    Args:
        package: The plural folder, such as ``vmferry.formats``.
        constant: The name that every module exports, such as ``FORMAT``.
        kind: The class that the constant must have; its ``name`` attribute must equal the module's
            name (actions: the CamelCase of it).

    Raises:
        SetupError: A module lacks the constant, or it has another class or another name.
    """
    found: dict[str, T] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        name = module_info.name
        if name.startswith("_"):
            continue
        where = f"{package.__name__}.{name}"
        plugin = getattr(importlib.import_module(where), constant, None)
        if not isinstance(plugin, kind):
            raise SetupError(f"{where}: {constant} is {plugin!r}, expected a {kind.__name__}")
        declared = str(getattr(plugin, "name", ""))
        if snake(declared) != name:
            raise SetupError(
                f"{where}: {constant}.name is {declared!r}, expected the module's name"
            )
        found[name] = plugin
    return found


def snake(name: str) -> str:
    """Return ``ImportSnapshot`` as ``import_snapshot``; names in snake case stay as they are."""
    out = [f"_{c.lower()}" if c.isupper() else c for c in name.replace("-", "_")]
    return "".join(out).lstrip("_")
