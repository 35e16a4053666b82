# SPDX-License-Identifier: Apache-2.0
"""``vmferry check``: its statuses, its screen and its JSON; no service runs."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, ova, ovf, system
from tests.cli.commands.tap import tapped
from tests.formats.recipes import stream_vmdk
from tests.guest.rules.subjects import facts
from tests.guests import drawing
from tests.house.documents import block

from vmferry.cli.commands.check import Service, examine, run
from vmferry.cli.options import Output
from vmferry.cli.screen import MOST
from vmferry.errors import SourceError
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from tests.fixtures.guest import DebianGuest
    from tests.fixtures.service import RunningService

    from vmferry.model.guest import GuestFacts

PROGRAM = Path(sys.executable).parent / "vmferry"


def _run(*words: object, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "check", *(str(word) for word in words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "COLUMNS": "200", "TERM": "dumb", **environ},
    )


def _keys(service: RunningService, url: str) -> dict[str, str]:
    """Return the settings that read a service's buckets at ``url``."""
    lines = (service.state_dir / "credentials").read_text().splitlines()
    keys = dict(line.split(" = ", 1) for line in lines if " = " in line)
    return {
        "VMFERRY_S3_ENDPOINT": url,
        "VMFERRY_S3_ACCESS_KEY": keys["aws_access_key_id"],
        "VMFERRY_S3_SECRET_KEY": keys["aws_secret_access_key"],
    }


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk whose content nobody knows."""
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(MIB))
    return path


def _screen(
    disk: Path,
    found: GuestFacts,
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    service: Service = Service.VMFERRY,
) -> tuple[int, list[str]]:
    patch.setattr("vmferry.guest.report.inspect", lambda *_: found)
    patch.setenv("COLUMNS", "90")
    import typer

    with pytest.raises(typer.Exit) as caught:
        run(str(disk), service, output=Output.TABLE)
    return caught.value.exit_code, capsys.readouterr().out.splitlines()


def test_a_good_machine(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = _screen(disk, facts(), monkeypatch, capsys)
    assert status == 0
    assert lines[:-1] == [
        "vmferry   accept",
        "aws       accept",
        "guest     Debian GNU/Linux 11 (bullseye), x86_64",
        "kernel    5.10.0-28-amd64",
        "boots     legacy-bios",
        "root      ext4 of 9 GiB (1 GiB free) on disk 0, mbr",
    ]
    assert lines[-1].startswith("read      ")
    assert " of 1 MiB (" in lines[-1]


def test_the_status_is_that_of_the_service(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unlisted = facts(distribution="arch", pretty_name="Arch Linux")
    status, lines = _screen(disk, unlisted, monkeypatch, capsys)
    assert (status, lines[1]) == (0, "aws       refuse")
    status, lines = _screen(disk, unlisted, monkeypatch, capsys, Service.AWS)
    assert status == 2
    assert lines[-4:] == [
        "blocks    operating_system to AWS, 11-E: operating system: found Arch Linux, expected a",
        "          distribution of the guide's table",
        "          AWS says ClientError: Unknown OS / Missing OS files.",
        "          Import its disk with import-snapshot and register an image of it",
    ]


def test_warnings_and_a_hostile_guest_on_one_screen(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    damage = tuple(f"a\nb{number}" for number in range(500))
    hostile = facts(pretty_name="\x1b[2J", damage=damage, free=2 * MIB)
    status, lines = _screen(disk, hostile, monkeypatch, capsys)
    assert status == 1
    assert lines[2] == "guest     \N{REPLACEMENT CHARACTER}[2J, x86_64"
    informs = [line for line in lines if line.startswith("informs")]
    assert len(informs) == MOST["informs"] + 1
    assert informs[0].endswith("a\N{REPLACEMENT CHARACTER}b0")
    assert informs[-1] == "informs   16 more, see --output json"
    assert len(lines) < 24


def test_what_is_no_disk_is_refused(disk: Path) -> None:
    done = _run(disk, "--output", "json")
    assert (done.returncode, done.stderr) == (2, "")
    report = json.loads(done.stdout)
    assert list(report) == [
        *("version", "verdict", "guest", "findings", "bytes_read", "bytes_total", "seconds")
    ]
    assert report["verdict"] == {"vmferry": "refuse", "aws": "refuse"}
    assert report["guest"] is None
    assert report["bytes_total"] == MIB
    assert report["findings"][0]["aws_text"] == (
        "ClientError: No valid partitions. Not a valid volume."
    )


def test_what_cannot_be_read_has_no_report(tmp_path: Path) -> None:
    done = _run(tmp_path / "gone")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "gone: cannot be read: No such file or directory" in done.stderr
    with pytest.raises(SourceError):
        examine(str(tmp_path / "gone"))


def test_a_damaged_appliance_has_a_report(tmp_path: Path) -> None:
    path = tmp_path / "it.ova"
    path.write_bytes(ova([("vm.ovf", b"<Envelope")]))
    (finding,) = examine(str(path)).findings
    assert (finding.id, finding.severity) == ("disk_damaged", "blocks")
    assert finding.aws_text.startswith("ClientError: Disk validation failed [OVF file parsing")


def test_an_appliance_is_looked_at_with_its_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def inspect(disks: list[Any], _child: object) -> GuestFacts:
        seen.extend(disks)
        return facts()

    monkeypatch.setattr("vmferry.guest.report.inspect", inspect)
    path = tmp_path / "it.ova"
    hardware = CONTROLLER + disk_item()
    disk = bytes(stream_vmdk({1: b"x" * 64 * KIB}, 2048))
    path.write_bytes(ova([("vm.ovf", ovf(system(hardware))), ("disk1.vmdk", disk)]))
    report = examine(str(path))
    assert report.findings == ()
    assert [disk.size for disk in seen] == [MIB]
    assert report.bytes_read > 0
    assert report.bytes_total == path.stat().st_size


@pytest.mark.oracle
def test_a_drawn_guest(tmp_path: Path) -> None:
    disks = drawing.draw(drawing.load("debian-12"), tmp_path)
    report = examine(str(disks[0]))
    assert report.guest is not None
    assert report.guest.pretty_name == "Debian GNU/Linux 12 (bookworm)"
    assert report.verdict.vmferry != "refuse"


@pytest.mark.oracle
def test_a_real_appliance_is_read_hardly_at_all(debian_guest: DebianGuest) -> None:
    report = examine(str(debian_guest.ova))
    assert report.guest is not None
    assert report.guest.distribution == "debian"
    # What is read hardly grows with the disk: 3.2 MiB of these 252, 4.4 of the same with 4 GiB.
    assert report.bytes_read < 4 * MIB
    assert report.bytes_read < 0.02 * report.bytes_total
    assert report.seconds < 5


@pytest.mark.oracle
def test_hardly_anything_comes_from_a_bucket(
    service: RunningService, debian_guest: DebianGuest
) -> None:
    service.client("s3").upload_file(str(debian_guest.ova), "bucket-in", "guest.ova")
    with tapped(service.url) as wire:
        done = _run("s3://bucket-in/guest.ova", "--output=json", **_keys(service, wire.url))
    report = json.loads(done.stdout)
    assert report["guest"]["distribution"] == "debian"
    headers = KIB * wire.requests
    assert report["bytes_read"] < wire.received < report["bytes_read"] + headers
    assert wire.received < 0.02 * debian_guest.ova.stat().st_size
    assert wire.requests < 45  # it is 39: each costs milliseconds here and tens of them elsewhere


@pytest.mark.oracle
def test_an_object_of_a_bucket(service: RunningService, tmp_path: Path) -> None:
    (path,) = drawing.draw(drawing.load("rhel-8.9"), tmp_path)
    service.client("s3").upload_file(str(path), "bucket-in", "a/rhel.raw")
    words = ("s3://bucket-in/a/rhel.raw", "--for=aws", "--output=json")
    done = _run(*words, **_keys(service, service.url))
    assert done.stderr == ""
    report = json.loads(done.stdout)
    # A root of 12 MiB is short of space, so it is never more than this.
    assert (done.returncode, report["verdict"]["aws"]) == (1, "warn")
    assert report["guest"]["version"] == "8.9"
    assert report["bytes_total"] == path.stat().st_size


def test_the_block_of_the_operations(debian_guest: DebianGuest, tmp_path: Path) -> None:
    (tmp_path / "my-server-vm.ova").symlink_to(debian_guest.ova)
    for line in block("check").splitlines():
        words = shlex.split(line)
        assert words[:2] == ["vmferry", "check"]
        done = subprocess.run(
            [PROGRAM, *words[1:]], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (1, b""), "a static address is a warning"


def test_the_plan_is_shown(tmp_path: Path) -> None:
    (disk,) = drawing.draw(drawing.load("debian-12"), tmp_path)
    told = _run(disk, "--plan", "--fixups", "fstab")
    assert "plan      /etc/fstab, fstab: line 2: /dev/sda1 has another name" in told.stdout
    assert f"+UUID={drawing.UUID} / ext4 errors=remount-ro 0 1" in told.stdout.splitlines()
    document = json.loads(_run(disk, "--plan", "--fixups", "fstab", "--output", "json").stdout)
    (edit,) = document["plan"]["edits"]
    assert (edit["path"], edit["action"]) == ("/etc/fstab", "write")
    assert "plan" not in json.loads(_run(disk, "--output", "json").stdout)
    assert "plan      nothing is changed" in _run(disk, "--plan", "--fixups", "none").stdout
    refused = _run(disk, "--plan", "--fixups", "fstap")
    assert (refused.returncode, "'fstap' is unknown" in refused.stderr) == (2, True)
