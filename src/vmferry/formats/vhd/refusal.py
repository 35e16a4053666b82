# SPDX-License-Identifier: Apache-2.0
"""The errors of the VHD parser, with AWS's texts for them.

AWS says ``Footers not identical`` of a disk whose two footers differ and of a differencing disk;
for everything else it has the text that is the default of ``FormatError``.

Source: shared text ``aws-behaviour.md`` 2.3 (L2645 of the guide) and 11-D (L261).
"""

from __future__ import annotations

from typing import Final

from vmferry.errors import FormatError

AWS_FOOTERS: Final = "ClientError: Footers not identical"


def damaged(
    what: str,
    where: int | None = None,
    *,
    found: object = None,
    expected: object = None,
    hint: str = "Export the disk once more",
    aws_text: str = "",
) -> FormatError:
    """Return the error for a structure that contradicts itself, the file, or what is read."""
    return FormatError(
        f"vhd: {what}",
        where=where,
        found=found,
        expected=expected,
        hint=hint,
        aws_text=aws_text,
    )
