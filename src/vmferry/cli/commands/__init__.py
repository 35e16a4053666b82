# SPDX-License-Identifier: Apache-2.0
"""Commands: one file each, found by ``plugins.find``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    Attributes:
        name: The module's name, as typed.
        run: A function with Typer's parameters; its docstring is the help.
        example: Shown below the help.
        failed: The status after an error of ours.
    """

    name: str
    run: Callable[..., None]
    example: str
    failed: int = 1
