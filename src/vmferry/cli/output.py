# SPDX-License-Identifier: Apache-2.0
"""For whom a command answers."""

from __future__ import annotations

from enum import StrEnum


class Output(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"
