# SPDX-License-Identifier: Apache-2.0
"""A child that inherits what it is given, complains boundedly, and ends with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from vmferry.compute.process import LONGEST_COMPLAINT, read_complaint, start_mortal

PARENT = """
import time
from vmferry.compute.process import start_mortal
print(start_mortal(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""


def test_descriptors_and_the_end_of_a_long_complaint() -> None:
    reader, writer = os.pipe()
    script = f"echo inherited >/dev/fd/{writer}; seq 0 2999 >&2"
    process = start_mortal(["sh", "-c", script], [writer])
    os.close(writer)
    with process, open(reader, "rb") as inherited:  # noqa: PTH123 - a descriptor
        assert inherited.read() == b"inherited\n"
        said = ""
        while process.poll() is None:
            said = read_complaint(process, said)
            time.sleep(0.01)
        said = read_complaint(process, said)
        assert process.returncode == 0
    assert said.endswith("\n2998\n2999\n")
    assert len(said) == LONGEST_COMPLAINT


def test_silence_is_not_waited_for() -> None:
    process = start_mortal(["sleep", "60"])
    with process:
        assert read_complaint(process, "before") == "before"
        process.kill()


def test_it_ends_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10
    stat = Path(f"/proc/{child}/stat")
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
