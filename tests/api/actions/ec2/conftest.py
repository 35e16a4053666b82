# SPDX-License-Identifier: Apache-2.0
"""One real service for all of this folder; every test module works in a region of its own.

Resources of another region are invisible, so modules do not see each other, and a listing holds
what its module made. The role is the account's and shared by all.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from tests.fixtures.service import RunningService
from tests.guests import drawing

from vmferry.api.actions.ec2._regions import all_regions
from vmferry.units import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

DISK = "disk.raw"
DISK_SIZE = 3 * BLOCK
GUEST = "guest.raw"

_regions = iter(all_regions())


class Place:
    """One region of the service: its client, its bucket, and the short ways of the tests.

    Attributes:
        region: Its name.
        bucket: A bucket in it, with ``disk.raw`` and ``guest.raw``.
        ec2: boto3's client.
    """

    def __init__(self, service: RunningService, region: str, guest: bytes) -> None:
        self.service, self.region = service, region
        self.bucket = f"bucket-{region}"
        self.ec2 = service.client("ec2", region)
        self.s3 = service.client("s3", region)
        self.make_bucket(self.bucket)
        self.put(DISK, os.urandom(DISK_SIZE))
        self.put(GUEST, guest)

    def make_bucket(self, name: str) -> None:
        """Make a bucket in the region."""
        where = {"LocationConstraint": self.region}
        extra = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": where}
        self.s3.create_bucket(Bucket=name, **extra)

    def put(self, key: str, data: bytes) -> None:
        """Store an object in the region's bucket."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def source(self, key: str = DISK, **members: str) -> dict[str, Any]:
        """Return a disk container that names an object of the bucket."""
        return {"UserBucket": {"S3Bucket": self.bucket, "S3Key": key}, **members}

    def snapshot(self, key: str = DISK, **members: str) -> str:
        """Import a snapshot and return its id."""
        task = self.ec2.import_snapshot(DiskContainer=self.source(key, **members))
        return str(self.snapshot_end(task["ImportTaskId"])["SnapshotId"])

    def snapshot_end(self, task_id: str) -> dict[str, Any]:
        """Wait for an ImportSnapshot task; return its ``SnapshotTaskDetail``."""
        return dict(self.snapshot_task(task_id)["SnapshotTaskDetail"])

    def snapshot_task(self, task_id: str) -> dict[str, Any]:
        """Wait for an ImportSnapshot task and return it."""
        describe = self.ec2.describe_import_snapshot_tasks
        return self.service.finished(
            lambda: describe(ImportTaskIds=[task_id])["ImportSnapshotTasks"][0]
        )

    def image_task(self, task_id: str) -> dict[str, Any]:
        """Wait for an ImportImage task and return it."""
        describe = self.ec2.describe_import_image_tasks
        return self.service.finished(
            lambda: describe(ImportTaskIds=[task_id])["ImportImageTasks"][0]
        )

    def export_task(self, task_id: str) -> dict[str, Any]:
        """Wait for an ExportImage task and return it."""
        describe = self.ec2.describe_export_image_tasks
        return self.service.finished(
            lambda: describe(ExportImageTaskIds=[task_id])["ExportImageTasks"][0]
        )

    def image(self, name: str, *snapshots: str, **members: object) -> str:
        """Register an image of snapshots and return its id."""
        mappings = [
            {"DeviceName": f"/dev/sd{letter}", "Ebs": {"SnapshotId": snapshot}}
            for letter, snapshot in zip("abc", snapshots, strict=False)
        ]
        members = {
            "Architecture": "x86_64",
            "VirtualizationType": "hvm",
            "RootDeviceName": "/dev/sda",
            **members,
        }
        answer = self.ec2.register_image(Name=name, BlockDeviceMappings=mappings, **members)
        return str(answer["ImageId"])

    def ask(self, query: str, *, method: str = "POST", service: str = "ec2") -> Answer:
        """Send a form that botocore signs and does not write, and return the raw answer."""
        keys = self.ec2._request_signer._credentials.get_frozen_credentials()
        credentials = Credentials(keys.access_key, keys.secret_key)
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        url = f"{self.service.url}/"
        if method == "GET":
            request = AWSRequest("GET", f"{url}?{query}")
        else:
            request = AWSRequest(method, url, data=query, headers={"Content-Type": kind})
        SigV4Auth(credentials, service, self.region).add_auth(request)
        raw = URLLib3Session().send(request.prepare())
        return Answer(raw.status_code, raw.text, dict(raw.headers))


@dataclass(frozen=True, slots=True)
class Answer:
    """A raw answer."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def stable(self) -> str:
        """The body with what differs from run to run replaced: ids, times, sizes of nothing."""
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "UUID", self.text)
        text = re.sub(r"-[0-9a-f]{17}\b", "-ID", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
        return re.sub(r"\b\d{12}\b", "ACCOUNT", text)


class Refusal:
    """What a refused call said, once the block has ended."""

    code = message = ""
    status = 0


@contextmanager
def refused(code: str, status: int = 400) -> Iterator[Refusal]:
    """Expect a refusal with this code."""
    refusal = Refusal()
    with pytest.raises(ClientError) as caught:
        yield refusal
    error = caught.value.response
    refusal.code, refusal.message = error["Error"]["Code"], error["Error"]["Message"]
    assert refusal.code == code, refusal.message
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    assert re.fullmatch(r"[0-9a-f-]{36}", error["ResponseMetadata"]["RequestId"])


def dry_run(call: Any, **params: object) -> None:
    """Expect a dry run to say that the request would have succeeded."""
    with refused("DryRunOperation", 412) as refusal:
        call(DryRun=True, **params)
    assert refusal.message == "Request would have succeeded, but DryRun flag is set."


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("ec2") / "state")
    running.start()
    try:
        running.prepare()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def guest(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A disk with a Debian on it, drawn by mke2fs and sfdisk."""
    disks = drawing.draw(drawing.load("debian-12"), tmp_path_factory.mktemp("guest"))
    return disks[0].read_bytes()


@pytest.fixture(scope="module")
def place(cloud: RunningService, guest: bytes) -> Place:
    """A region of the module's own."""
    return Place(cloud, next(_regions), guest)


@pytest.fixture(scope="module")
def snapshot(place: Place) -> str:
    """A snapshot of ``disk.raw``."""
    return place.snapshot()


@pytest.fixture
def frozen(cloud: RunningService) -> Iterator[None]:
    """Stop the workers while the test looks, so that what it starts stays ``active``."""
    with cloud.paused():
        yield


def wait_until(true: Any, timeout_s: float = 30) -> None:
    """Wait until ``true()`` is."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
