# SPDX-License-Identifier: Apache-2.0
"""The manifest of an OVF package (``.mf``): one digest for each file.

Source: DSP0243 (OVF) 1.1.0 and 2.1.1, section 6, "Manifest": ``SHA256(name.ovf)= hex``. Versions 1
say SHA-1, version 2 SHA-256; real products write SHA-512 too.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.appliances.refusal import bad_archive
from vmferry.errors import FormatError
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.model.bytes import ByteSource

MAX_MANIFEST: Final = MIB
_CHUNK: Final = 4 * MIB
_LINE: Final = re.compile(r"(\w+(?:-\d+)?)\s*\(\s*(.+?)\s*\)\s*=\s*([0-9A-Fa-f]+)")
_BYTES: Final = {"sha1": 20, "sha256": 32, "sha512": 64}


class Digest(NamedTuple):
    """A digest that a manifest promises: ``sha1``, ``sha256`` or ``sha512``, and lower-case hex."""

    algorithm: str
    value: str


def parse_manifest(data: bytes) -> dict[str, Digest]:
    """Return the digests by file name.

    Raises:
        FormatError: A line is not understood, or a file has two digests that differ.
    """
    if len(data) > MAX_MANIFEST:
        raise bad_archive(
            "manifest", found=f"{len(data)} bytes", expected=f"at most {MAX_MANIFEST}"
        )
    digests: dict[str, Digest] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        algorithm = match[1].lower().replace("-", "") if match else ""
        if match is None or len(match[3]) != 2 * _BYTES.get(algorithm, 0):
            raise bad_archive(
                f"manifest line {number}",
                found=repr(line[:100]),
                expected="SHA1, SHA256 or SHA512 (name)= digest",
            )
        digest = Digest(algorithm, match[3].lower())
        name = match[2].removeprefix("./")
        if digests.setdefault(name, digest) != digest:
            raise bad_archive(f"manifest line {number}", found=f"a second digest of {name!r}")
    return digests


def compose_manifest(digests: dict[str, Digest]) -> bytes:
    """Return the manifest of these digests by file name, one line each, in their order."""
    lines = [
        f"{algorithm.upper()}({name})= {value}\n" for name, (algorithm, value) in digests.items()
    ]
    return "".join(lines).encode()


def verify_digest(
    source: ByteSource, digest: Digest, progress: Callable[[int], None] | None = None
) -> None:
    """Read the whole of ``source`` and compare it with its digest.

    Args:
        source: The file; its name is what a refusal calls it.
        digest: What the manifest says.
        progress: Is told the bytes read so far, after every few MiB; it may raise to stop.

    Raises:
        FormatError: The content is not what the manifest was made for.
        SourceError: The object cannot be read.
    """
    # SHA-1 finds transfer errors here, which is all that a manifest without a signature can do.
    hasher = hashlib.new(digest.algorithm, usedforsecurity=False)
    for offset in range(0, source.size, _CHUNK):
        chunk = source.read_at(offset, min(_CHUNK, source.size - offset))
        hasher.update(chunk)
        if progress is not None:
            progress(offset + len(chunk))
    if hasher.hexdigest() != digest.value:
        raise FormatError(
            f"ova: {digest.algorithm} of {source.name}",
            found=hasher.hexdigest(),
            expected=f"{digest.value} as the manifest says",
            hint="The file was changed or cut after the export; export or upload it once more",
            aws_text="ClientError: Disk validation failed [Unsupported OVA format]",
        )
