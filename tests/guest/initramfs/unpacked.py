# SPDX-License-Identifier: Apache-2.0
"""Real initramfs as folders: unpacked by GNU cpio as Linux does it, changed, packed again."""

from __future__ import annotations

import gzip
import re
import subprocess
import zlib
from typing import TYPE_CHECKING, Final

from vmferry.guest.fixups._modules import name_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

CONF: Final = "conf/initramfs.conf"


END: Final = re.compile(rb"070701[0-9A-Fa-f]{104}TRAILER!!!\0")


def unpack(data: bytes, folder: Path) -> None:
    """Unpack all archives of ``data``, later ones over earlier ones, into ``folder``."""
    folder.mkdir(exist_ok=True)
    while data := data.lstrip(b"\0"):
        if data.startswith(b"\x1f\x8b"):
            member = zlib.decompressobj(31)
            _extract(member.decompress(data), folder)
            data = member.unused_data
        else:
            end = END.search(data)
            assert end is not None, data[:10]
            _extract(data[: end.end()] + bytes(3), folder)
            data = data[end.end() :]


def _extract(archive: bytes, folder: Path) -> None:
    # cpio opens a file through the links on its way, as Linux does.
    done = subprocess.run(
        ["cpio", "-idu", "--quiet", "-H", "newc", "--no-absolute-filenames"],
        input=archive,
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b""), done.stderr[:300]


def without(data: bytes, modules: Collection[str], folder: Path, release: str) -> bytes:
    """Return an initramfs as ``MODULES=dep`` would make it on a machine without ``modules``."""
    unpack(data, folder)
    for path in folder.rglob("*.ko*"):
        if name_of(path.name) in modules:
            path.unlink()
    conf = folder / CONF
    conf.write_text(conf.read_text().replace("\nMODULES=most", "\nMODULES=dep"))
    subprocess.run(["depmod", "-b", folder, release], check=True)
    names = subprocess.run(
        ["find", ".", "-mindepth", "1"], cwd=folder, capture_output=True, check=True
    )
    packed = subprocess.run(
        ["cpio", "-o", "--quiet", "-H", "newc", "-R", "0:0"],
        input=b"\n".join(sorted(names.stdout.splitlines())),
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return gzip.compress(packed.stdout, 1)


def loads(folder: Path, release: str, alias: str) -> list[str]:
    """Return the files that modprobe would load for ``alias``, in their order."""
    done = subprocess.run(
        ["modprobe", "-d", folder, "-S", release, "-n", "--show-depends", alias],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return [line[1].rpartition("/")[2] for line in lines if line[:1] == ["insmod"]]
