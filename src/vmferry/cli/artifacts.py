# SPDX-License-Identifier: Apache-2.0
"""What commands write: the format that a person names, and what is told of it at the end."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from vmferry.cli.options import Output
from vmferry.errors import FormatError
from vmferry.units import human

if TYPE_CHECKING:
    from vmferry.convert import Converted

SUFFIXES: Final = {"img": "raw", "bin": "raw", "dd": "raw", "vpc": "vhd"}
"""Names of files that say a format in another word."""

OVA: Final = "ova"


class Compression(StrEnum):
    """How hard a VMDK is deflated; other formats have nothing to try."""

    FAST = "fast"
    NORMAL = "normal"
    BEST = "best"


FormatOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--format",
        help="raw, vmdk, vhd, vhdx or ova; the file's suffix says it otherwise.",
        show_default=False,
    ),
]
KindOption: TypeAlias = Annotated[
    str, typer.Option(help="Of a VHD: dynamic or fixed (for Azure).", show_default="dynamic")
]
CompressionOption: TypeAlias = Annotated[
    Compression, typer.Option(help="How small a VMDK becomes, and how slowly.")
]
ForceOption: TypeAlias = Annotated[bool, typer.Option(help="Replace the file if it exists.")]


def wanted_format(command: str, named: str, target: str, kind: str) -> str:
    """Return the format to write.

    Args:
        command: Whose refusals these are.
        named: The option, ``""`` where the name of the target says it.
        target: A path or a URL.
        kind: Of the format, ``""`` for its first.

    Raises:
        FormatError: It is not one that is written.
    """
    from vmferry.formats import all_formats

    suffix = PurePath(target).suffix[1:].lower()
    wanted = (named or SUFFIXES.get(suffix, suffix)).lower()
    known = {name: each.writers for name, each in all_formats().items() if each.writers}
    if wanted != OVA and wanted not in known:
        raise FormatError(
            f"{command}: format to write, {'as named' if named else f'by the name of {target}'}",
            found=repr(wanted),
            expected=" or ".join((*sorted(known), OVA)),
            hint="Name it with --format",
        )
    if kind and kind not in known.get(wanted, {}):
        raise FormatError(
            f"{command}: kind of {wanted}",
            found=repr(kind),
            expected=" or ".join(known.get(wanted, {})) or "none",
        )
    return wanted


def tell(written: Converted, target: str, wanted: str, seconds: float, output: Output) -> None:
    """Say what was written, for people or for programs."""
    if output is Output.JSON:
        found = {
            "target": target,
            "format": wanted,
            "file_size": written.size,
            "virtual_size": written.virtual_size,
            "data": written.data,
            "seconds": round(seconds, 3),
        }
        typer.echo(json.dumps(found, indent=2))
        return
    rate = human(int(written.data / max(seconds, 1e-3)))
    typer.echo(
        f"{target}: {wanted}, {human(written.size)}; a disk of {human(written.virtual_size)} with "
        f"{human(written.data)} of data in {seconds:.1f} s ({rate}/s)"
    )
