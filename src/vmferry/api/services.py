# SPDX-License-Identifier: Apache-2.0
"""The rooms that API actions may use, handed over by the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vmferry.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the daemon has wired.

    Attributes:
        identity: Accounts, access keys and roles.
    """

    identity: Identity
