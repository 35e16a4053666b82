# SPDX-License-Identifier: Apache-2.0
"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class Output(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"


OutputOption: TypeAlias = Annotated[Output, typer.Option(help="For people or for programs.")]

JobsOption: TypeAlias = Annotated[
    int, typer.Option(min=0, help="Processes.", show_default="one per core")
]
"""0 is one per core."""

StateDirOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="Of the service [VMFERRY_STATE_DIR].", show_default=False)
]
