# SPDX-License-Identifier: Apache-2.0
"""What a person names on the command line: a file, an object of an S3, an object of the web."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vmferry.errors import SetupError, SourceError

if TYPE_CHECKING:
    from vmferry.stores import Access

METAVAR: Final = "FILE|s3://BUCKET/KEY|https://HOST/PATH"
HELP: Final = (
    "A disk or an OVA. Objects are read from the S3 of VMFERRY_S3_ENDPOINT with "
    "VMFERRY_S3_ACCESS_KEY and VMFERRY_S3_SECRET_KEY. A URL can be a presigned one."
)


def resolve(word: str) -> tuple[str, Access]:
    """Return the URL of what ``word`` names, and how to reach it.

    Raises:
        SourceError: There is no such file, or nothing is read by that scheme.
        SetupError: No S3 is configured.
    """
    from vmferry import config, stores

    scheme, separator, _ = word.partition("://")
    if not separator:
        try:
            path = Path(word).resolve(strict=True)
        except OSError as error:
            raise SourceError(f"{word}: cannot be read: {error.strerror}") from error
        return f"file://{path.parent}/{path.name}", stores.Access()
    if scheme in ("http", "https"):
        return word, stores.Access(reach=stores.Reach(anywhere=True))
    if scheme != "s3":
        raise SourceError(
            f"{word}: {scheme}:// is not read, expected a file, s3://BUCKET/KEY or https://",
            hint="Download the object and name the file",
        )
    buckets = config.load().buckets
    if not buckets.endpoint:
        raise SetupError(
            f"{word}: no S3 is configured",
            hint="Set VMFERRY_S3_ENDPOINT, VMFERRY_S3_ACCESS_KEY and VMFERRY_S3_SECRET_KEY",
        )
    return word, stores.Access(**asdict(buckets))
