# SPDX-License-Identifier: Apache-2.0
"""README and docs: every shell block runs, and every list is what the program has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import unquote

import pytest
from tests.guests.drawing import draw, load
from tests.house.documents import block, blocks
from tests.house.test_makefile import make
from tests.house.tree import ROOT
from tools.demo.job import EXPORT_IMAGE, IMPORT_IMAGE
from tools.make_guest.appliance import make_ova
from tools.make_guest.progress import Progress
from tools.make_guest.recipe import Recipe

from vmferry import config, plugins
from vmferry.api import actions
from vmferry.api.actions import Action
from vmferry.api.s3 import settings, subresources
from vmferry.api.s3.gateway import Gateway
from vmferry.api.s3.rclone import Rclone
from vmferry.api.s3.upstream import OwnBuckets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.service import RunningService

OPERATIONS = ROOT / "docs" / "operations.md"
API = ROOT / "docs" / "api.md"

START_S = 60
TASK = "import-ami-1234567890abcdef0"
IMAGE = "ami-1234567890abcdef0"


class Reader(NamedTuple):
    """Somebody who follows the README: a folder like a clone, and what was exported so far."""

    folder: Path
    environment: dict[str, str]

    def run(self, text: str) -> str:
        """Run a block as pasted into bash; the first failure ends it."""
        done = subprocess.run(
            ["bash", "-ec", text],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        return done.stdout

    def ask(self, text: str) -> dict[str, Any]:
        """Run a command that answers in JSON."""
        return cast("dict[str, Any]", json.loads(self.run(text)))


@contextmanager
def serving(text: str, folder: Path, environment: dict[str, str]) -> Iterator[Reader]:
    """Run a block whose last command serves; yield the reader in the other terminal."""
    # Bash makes room for the service, so that the signal at the end is the service's alone.
    process = subprocess.Popen(
        ["bash", "-ec", re.sub(r"^(?=vmferry )", "exec ", text, flags=re.MULTILINE)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    late = threading.Timer(START_S, process.terminate)
    late.start()
    try:
        assert process.stdout is not None
        exports: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, content = line.removeprefix("export ").strip().partition("=")
                exports[name] = content
            if "AWS_DEFAULT_REGION" in exports:
                break
        late.cancel()
        assert "AWS_DEFAULT_REGION" in exports, "the service ended, or was not ready in time"
        yield Reader(folder, environment | exports)
    finally:
        late.cancel()
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder where the README's relative paths lead somewhere, with a machine to import."""
    work = tmp_path / "work"
    work.mkdir()
    (disk,) = draw(load("debian-12"), work)
    ova = make_ova(Recipe(size=disk.stat().st_size), disk, work, Progress())
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "tools").symlink_to(ROOT / "tools")
    ova.rename(folder / "my-server-vm.ova")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment without any setting of the developer, and a port that is free."""
    kept = {
        name: content
        for name, content in os.environ.items()
        if not name.startswith(("AWS_", "VMFERRY_"))
    }
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_PAGER": "",
        "VMFERRY_STATE_DIR": str(tmp_path / "state"),
        "VMFERRY_LISTEN": "127.0.0.1:0",
    }


def test_make_knows_the_two_commands() -> None:
    commands = [line.split("#")[0].split() for line in block("two-commands").splitlines()]
    assert commands == [["make", "demo"], ["make", "test"]]
    for _, target in commands:
        assert make("-n", target).splitlines()[-1].startswith(".venv/bin/python ")


@pytest.mark.slow
@pytest.mark.oracle
def test_who_follows_the_documents_gets_there(clone: Path, environment: dict[str, str]) -> None:
    with serving(block("serve"), clone, environment) as reader:
        said = reader.run(block("prepare"))
        assert "upload: ./my-server-vm.ova to s3://amzn-s3-demo-import-bucket/vms/" in said
        wanted, look, export = block("guide").split("\n\n")
        assert wanted == IMPORT_IMAGE
        assert export.strip() == EXPORT_IMAGE.format(image=IMAGE, format="VMDK")
        task = reader.ask(wanted)["ImportTaskId"]
        image = ""
        deadline = time.monotonic() + 60
        while not image:
            (seen,) = reader.ask(look.replace(TASK, task))["ImportImageTasks"]
            assert seen["Status"] in ("active", "completed"), seen
            image = seen.get("ImageId", "")
            assert time.monotonic() < deadline, seen
        exported = reader.ask(export.replace(IMAGE, image))
        assert exported["ExportImageTaskId"].startswith("export-ami-")

    reader.run(block("backup"))
    with serving(block("restore"), clone, environment) as again:
        assert "/clone/restored/" in again.environment["AWS_SHARED_CREDENTIALS_FILE"]
        (found,) = again.ask("aws ec2 describe-images --owners self")["Images"]
        assert found["ImageId"] == image
        assert "vms/my-server-vm.ova" in again.run(
            "aws s3 ls --recursive s3://amzn-s3-demo-import-bucket"
        )


@pytest.mark.slow
def test_an_external_s3_is_used(
    service: RunningService, environment: dict[str, str], tmp_path: Path
) -> None:
    lines = (service.state_dir / "credentials").read_text().splitlines()
    keys = dict(line.split(" = ", 1) for line in lines if " = " in line)
    text = block("external-s3")
    for placeholder, real in (
        ("AKIAIOSFODNN7EXAMPLE", keys["aws_access_key_id"]),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", keys["aws_secret_access_key"]),
        ("https://s3.example.org", service.url),
    ):
        assert text.count(placeholder) == 1
        text = text.replace(placeholder, real)
    with serving(text, tmp_path, environment) as reader:
        reader.run("aws s3 ls s3://bucket-in && echo hello | aws s3 cp - s3://bucket-in/new.txt")
    assert not (tmp_path / "state" / "buckets" / "bucket-in").exists()
    service.client("s3").head_object(Bucket="bucket-in", Key="new.txt")


def test_the_log_goes_where_it_is_sent(tmp_path: Path, environment: dict[str, str]) -> None:
    with serving(block("logs"), tmp_path, environment):
        pass
    assert (tmp_path / "vmferry.log").read_text() == ""


def test_the_settings_are_all_of_them(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", OPERATIONS.read_text(), re.MULTILINE | re.DOTALL)
    document = tomllib.loads(text)
    (tmp_path / "vmferry.toml").write_text(text)
    loaded = config.load(state_dir=tmp_path, environ={})
    default = config.Config(state_dir=tmp_path)
    # The number of workers is that of the cores, which no page can say.
    tasks = replace(default.tasks, workers=document["tasks"]["workers"])
    assert asdict(loaded) == asdict(replace(default, tasks=tasks))
    sections = {field.name for field in fields(config.Config)} - {"state_dir"}
    assert set(document) == sections
    for name in sections:
        assert set(document[name]) == {field.name for field in fields(getattr(default, name))}


def test_the_settings_name_their_flags_and_variables() -> None:
    text = OPERATIONS.read_text()
    program = (ROOT / "src" / "vmferry" / "config.py").read_text()
    assert set(re.findall(r"VMFERRY_[A-Z0-9_]+", text)) == set(
        re.findall(r"VMFERRY_[A-Z0-9_]+", program)
    )
    shown = subprocess.run(
        [sys.executable, "-m", "vmferry", "serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
    ).stdout
    flags = set(re.findall(r"--[a-z0-9-]+", shown)) - {"--help"}
    assert flags == set(re.findall(r"--(?:state|listen|s3|log|fixups)[a-z0-9-]*", text))


def test_the_state_directory_is_described(service: RunningService) -> None:
    rows = set(re.findall(r"^\| `([^`/]+)/?` \|", OPERATIONS.read_text(), re.MULTILINE))
    there = {path.name for path in service.state_dir.iterdir()}
    assert {name for name in there if not name.endswith(("-wal", "-shm"))} == rows - {
        "vmferry.toml"
    }


def listed(service: str) -> list[str]:
    """Return the actions that the page lists for a service."""
    section = API.read_text().partition(f"\n## {service}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([A-Z]\w+)` \|", section, re.MULTILINE)


@pytest.mark.parametrize("service", ["ec2", "iam", "sts"])
def test_every_action_is_listed(service: str) -> None:
    package = plugins.find(
        __import__(f"{actions.__name__}.{service}", fromlist=[service]), "ACTION", Action
    )
    assert sorted(listed(service)) == sorted(action.name for action in package.values())


def test_every_bucket_action_is_listed(tmp_path: Path) -> None:
    gateway = Gateway(
        buckets=cast("Any", None),
        upstream=OwnBuckets(Rclone(root=tmp_path, state=tmp_path), tmp_path),
        access_key=cast("Any", None),
        canonical_id=cast("Any", None),
        clock=cast("Any", None),
    )
    assert sorted(listed("s3")) == sorted({*gateway._handlers, *settings.SETTINGS})
    never = API.read_text().partition("\nWhat a bucket here never has")[2]
    assert re.findall(r"`([A-Z]\w+)`", never) == sorted({*subresources.ABSENT, *subresources.EMPTY})


def test_links_lead_somewhere() -> None:
    for document in {each.document for each in blocks()} | {API}:
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / unquote(link)).exists(), f"{document}: {link}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 88
