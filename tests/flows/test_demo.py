# SPDX-License-Identifier: Apache-2.0
"""The demo from its first line to its last: what it proves, what it refuses, what it leaves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.guests.drawing import draw, load
from tests.house.tree import ROOT
from tools.make_guest.appliance import make_ova
from tools.make_guest.progress import Progress
from tools.make_guest.recipe import Recipe

if TYPE_CHECKING:
    from tests.fixtures.guest import DebianGuest

DEMO = [sys.executable, str(ROOT / "tools" / "demo")]

SILENCE_S = 2.0
"""How long a reader may be left without a sign of life (issue 2)."""


def small_ova(guest: str, folder: Path) -> Path:
    """Return an OVA of some MiB with a drawn guest; mke2fs and qemu-img write it."""
    folder.mkdir()
    (disk,) = draw(load(guest), folder)
    return make_ova(Recipe(size=disk.stat().st_size), disk, folder, Progress())


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small machine that can be imported."""
    return small_ova("debian-12", tmp_path_factory.mktemp("machine") / "work")


def environment(place: Path, ova: Path | str = "") -> dict[str, str]:
    """Return our environment with everything that could lead the demo astray."""
    place.mkdir(exist_ok=True)
    return os.environ | {
        "OVA": str(ova),
        "TMPDIR": str(place),
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "VMFERRY_STATE_DIR": "/nonexistent",
        "http_proxy": "http://127.0.0.1:9",
    }


def demo(place: Path, ova: Path | str, *options: str) -> tuple[int, str, str]:
    """Run the demo; return its status, what it said, and what it complained of."""
    done = subprocess.run(
        [*DEMO, *options],
        env=environment(place, ova),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.oracle
def test_a_machine_comes_back_and_can_be_kept(machine: Path, tmp_path: Path) -> None:
    status, said, complaint = demo(tmp_path / "place", machine, "--keep")
    assert (status, complaint) == (0, "")
    for text in (
        "$ vmferry check my-server-vm.ova || test $? -le 2\n  vmferry   warn\n",
        "plan      /etc/fstab, fstab: line ",
        "-unmodified\n",
        "$ aws iam create-role --role-name vmimport",
        '    "S3Key": "vms/my-server-vm.ova"\n',
        "Description  |  AWS-VMImport service: Linux - Debian - 6.1.0-10-amd64",
        '"SnapshotId": "snap-',
        "--disk-image-format RAW",
        "--disk-image-format VMDK",
        "No errors were found on the image.",
        "Images are identical.",
    ):
        assert text in said
    last = said.rstrip().splitlines()[-1]
    assert re.fullmatch(
        r"proved: 17 MiB of disk from an OVA of \S+ \wiB came back bit for bit: "
        r"RAW export = qemu-img convert \(SHA-256 [0-9a-f]{16}…\), "
        r"VMDK export passes qemu-img check and compare; "
        r"import \S+ s, export RAW \S+ s, VMDK \S+ s, all in \d+ s",
        last,
    ), last
    assert "\x1b" not in said
    (kept,) = (tmp_path / "place").iterdir()
    assert f"$ vmferry serve --state-dir {kept / 'state'}" in said
    assert (kept / "state" / "credentials").is_file()
    assert (kept / "exports").is_dir()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is no whole tar archive: empty file"),
        (b"PK\3\4" + bytes(2000), "is no whole tar archive: "),
    ],
)
def test_what_is_no_ova_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    ova = tmp_path / "my.ova"
    if content is not None:
        ova.write_bytes(content)
    status, _, complaint = demo(tmp_path / "place", ova)
    assert status == 1
    assert complaint.startswith(f"demo: OVA={ova}: {message}")
    assert complaint.count("\n") == 1
    assert list((tmp_path / "place").iterdir()) == []


def test_a_truncated_ova_is_refused(machine: Path, tmp_path: Path) -> None:
    ova = tmp_path / "my.ova"
    ova.write_bytes(machine.read_bytes()[:100_000])
    status, _, complaint = demo(tmp_path / "place", ova)
    assert (status, complaint) == (
        1,
        f"demo: OVA={ova}: is no whole tar archive: unexpected end of data\n",
    )


@pytest.mark.slow
def test_a_machine_without_system_fails_with_the_services_words(tmp_path: Path) -> None:
    ova = small_ova("no-os", tmp_path / "work")
    status, said, complaint = demo(tmp_path / "place", ova)
    assert status == 1
    assert complaint.startswith("demo: the task ended as deleted: ClientError: ")
    assert complaint.count("\n") == 1
    assert "proved" not in said
    assert list((tmp_path / "place").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(
    machine: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        DEMO,
        env=environment(tmp_path / "place", machine),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        address = ""
        for line in process.stdout:
            address = address or line.partition("is ready at ")[2].partition(". ")[0]
            if line.startswith("$ aws"):
                break
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert complaint == "demo: interrupted; the service was ended\n"
    assert list((tmp_path / "place").iterdir()) == []
    port = int(address.rpartition(":")[2])
    assert f":{port:04X} 00000000:0000 0A" not in Path("/proc/net/tcp").read_text()


@pytest.mark.slow
@pytest.mark.oracle
def test_the_real_guest_comes_back_and_nothing_is_silent(
    debian_guest: DebianGuest, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        DEMO,
        env=environment(tmp_path / "place"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = threading.Timer(600, process.terminate)
    end.start()
    silences, lines, before = [], [], time.monotonic()
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            silences.append((time.monotonic() - before, line))
            before = time.monotonic()
            lines.append(line)
    end.cancel()
    assert process.returncode == 0, "".join(lines[-20:])
    assert list((tmp_path / "place").iterdir()) == []
    assert lines[-1].startswith("proved: 3 GiB of disk from an OVA of ")
    # The machine is shared; a loaded one may stretch a tick.
    assert max(silences)[0] < 2 * SILENCE_S, max(silences)
