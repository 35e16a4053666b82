# SPDX-License-Identifier: Apache-2.0
"""Working KVM is told from broken, by machines that we draw; the answer is remembered."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from vmferry.compute import accelerator
from vmferry.compute.accelerator import (
    KVM,
    TCG_ARGUMENTS,
    default_cache,
    emulation,
    find_qemu,
    probe,
    refusal,
)
from vmferry.errors import SetupError

VERSION = "QEMU emulator version 7.2.22"


def draw(folder: Path, behaviour: str) -> Path:
    """Write a QEMU that does ``behaviour`` when it is started, and counts its starts."""
    program = folder / accelerator.QEMU
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "{VERSION}" && exit\n'
        f"echo >>{folder}/starts\n{behaviour}\n"
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose QEMU is drawn and whose /dev/kvm may be opened."""
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(accelerator, "DEVICE", device)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def starts(host: Path) -> int:
    log = host / "starts"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_working_kvm_is_remembered(host: Path) -> None:
    draw(host, "printf RPLST; exit 99")
    assert probe(host / "cache") == KVM
    assert probe(host / "cache") == KVM
    assert starts(host) == 1
    assert KVM.arguments == ("-accel", "kvm", "-cpu", "host")
    assert (KVM.patience, KVM.why) == (1, "")
    assert [path.name for path in (host / "cache").iterdir()] == ["accelerator.json"]


def test_broken_kvm_is_remembered_with_its_reason(host: Path) -> None:
    draw(host, f"echo '{host}/{accelerator.QEMU}: failed to set MSR 0x10a' >&2; exit 134")
    why = "the probe did not reach real mode: QEMU ended with 134, failed to set MSR 0x10a"
    for _ in range(2):
        assert probe(host / "cache") == emulation(why)
    assert starts(host) == 1
    assert emulation(why).arguments == ("-accel", "tcg,thread=multi", "-cpu", "max")
    assert emulation(why).patience == 4


@pytest.mark.parametrize("change", ["boot", "kernel", "qemu"])
def test_another_boot_kernel_or_qemu_is_probed_anew(host: Path, change: str) -> None:
    draw(host, "printf RPLST; exit 99")
    probe(host / "cache")
    note = host / "cache" / "accelerator.json"
    document = json.loads(note.read_text())
    document["host"][change] = "another"
    document["refusal"] = "stale"
    note.write_text(json.dumps(document))
    assert probe(host / "cache") == KVM
    assert starts(host) == 2


@pytest.mark.parametrize("text", ["", "[]", '{"host": 5}', "\udcff", '{"host":'])
def test_a_damaged_memory_is_none(host: Path, text: str) -> None:
    draw(host, "printf RPLST; exit 99")
    note = host / "cache" / "accelerator.json"
    note.parent.mkdir()
    note.write_bytes(text.encode(errors="surrogateescape"))
    assert probe(host / "cache") == KVM


def test_a_cache_that_cannot_be_written_does_not_matter(host: Path) -> None:
    draw(host, "printf RPLST; exit 99")
    (host / "cache").touch()
    assert probe(host / "cache") == KVM


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ("printf RPL; exit 0", "the probe did not reach SSE instructions: QEMU ended with 0"),
        ("exit 1", "the probe did not reach real mode: QEMU ended with 1"),
        ("printf RPLS; exec sleep 9", "the probe did not reach timer interrupts within 2 s"),
        ("printf RPLST; exit 3", "the probe did not reach its end: QEMU ended with 3"),
    ],
)
def test_where_it_stops(host: Path, behaviour: str, why: str) -> None:
    deadline_s = 2 if "sleep" in behaviour else 60
    assert refusal(draw(host, behaviour), ("-accel", "kvm"), deadline_s=deadline_s) == why


def test_without_a_device_nothing_is_started(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(host, "exit 99")
    accelerator.DEVICE.unlink()
    assert probe(host / "cache").why == f"{accelerator.DEVICE} does not exist"
    accelerator.DEVICE.touch()
    real = os.access
    monkeypatch.setattr(
        "os.access", lambda path, mode: path != accelerator.DEVICE and real(path, mode)
    )
    assert probe(host / "cache").why == f"{accelerator.DEVICE} may not be used by this user"
    assert starts(host) == 0
    assert not (host / "cache").exists()


def test_without_qemu(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(host))
    with pytest.raises(SetupError, match=r"^compute: the program qemu-system-x86_64 was not") as e:
        probe(host / "cache")
    assert e.value.hint == "Install it: apt-get install qemu-system-x86"


def test_a_qemu_that_does_not_run(host: Path) -> None:
    draw(host, "exit 99").write_text("#!/bin/sh\nexit 7\n")
    with pytest.raises(SetupError, match=r"does not run: .*exit status 7"):
        probe(host / "cache")


def test_where_the_answer_is_kept() -> None:
    assert default_cache({"XDG_CACHE_HOME": "/x"}) == Path("/x/vmferry")
    assert default_cache({"HOME": "/h"}) == Path("/h/.cache/vmferry")


@pytest.mark.oracle
def test_the_real_probe_passes_under_emulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured: 0.3 s. What KVM cannot do on a host, TCG can: the sector itself is right."""
    if shutil.which(accelerator.QEMU) is None:
        pytest.skip(f"{accelerator.QEMU} is not installed")
    assert refusal(find_qemu(), TCG_ARGUMENTS, deadline_s=60) == ""
    # Without SSE its instructions are undefined, as where KVM cannot emulate them.
    without = (*TCG_ARGUMENTS[:-1], "max,-sse,-sse2,-fxsr")
    assert refusal(find_qemu(), without, deadline_s=60).startswith(
        "the probe did not reach SSE instructions: "
    )
