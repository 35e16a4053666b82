# SPDX-License-Identifier: Apache-2.0
"""The gateway on a real port in front of a real rclone, once for all tests of this folder."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import uvicorn
from botocore.config import Config

from vmferry.api.s3.gateway import Gateway
from vmferry.api.s3.rclone import Rclone
from vmferry.api.s3.upstream import ExternalS3, OwnBuckets, Upstream
from vmferry.catalog.buckets import Buckets
from vmferry.database.engine import connect
from vmferry.model.identity import AccessKey, Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ACCOUNT, OTHER = "123456789012", "999999999999"


def _key(account: str) -> AccessKey:
    principal = Principal(
        account=account,
        arn=f"arn:aws:iam::{account}:root",
        user_id=account,
        canonical_id=(account * 6)[:64],
    )
    return AccessKey(id=f"AKIA{account}", secret=f"secret/of+{account}", principal=principal)


KEYS = {key.id: key for key in (_key(ACCOUNT), _key(OTHER))}


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running gateway."""

    port: int
    root: Path
    rclone: Rclone
    buckets: Buckets

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, account: str = ACCOUNT, **options: Any) -> Any:
        """Return a boto3 client that addresses buckets by path and tries once."""
        return client(self.url, account, **options)


# One for all clients: each session reads botocore's models again.
SESSION = boto3.session.Session()


def client(url: str, account: str = ACCOUNT, **options: Any) -> Any:
    key = _key(account)
    settings = {"s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 1}}
    return SESSION.client(
        "s3",
        endpoint_url=options.pop("endpoint_url", url),
        region_name=options.pop("region_name", "us-east-1"),
        aws_access_key_id=options.pop("aws_access_key_id", key.id),
        aws_secret_access_key=options.pop("aws_secret_access_key", key.secret),
        config=Config(**{**settings, **options}),
    )


def serve(upstream: Upstream, buckets: Buckets) -> tuple[int, Callable[[], None]]:
    """Serve a gateway on a free port of loopback; returns the port and what ends it."""
    gateway = Gateway(
        buckets=buckets,
        upstream=upstream,
        access_key=KEYS.get,
        canonical_id=lambda account: _key(account).principal.canonical_id,
        clock=lambda: datetime.now(UTC),
    )
    config = uvicorn.Config(
        gateway.handle, host="127.0.0.1", port=0, lifespan="off", log_level="error",
        server_header=False, ws="none", interface="asgi3",
    )  # fmt: skip
    server = uvicorn.Server(config)

    async def run() -> None:
        await server.serve()
        await gateway.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join(timeout=10)

    return server.servers[0].sockets[0].getsockname()[1], stop


@contextmanager
def _running(state: Path) -> Iterator[Service]:
    engine = connect(f"sqlite:///{state / 'vmferry.sqlite'}")
    buckets = Buckets(engine)
    rclone = Rclone(root=state / "buckets", state=state / "rclone")
    rclone.start()
    port, stop = serve(OwnBuckets(rclone, state / "buckets"), buckets)
    yield Service(port=port, root=state / "buckets", rclone=rclone, buckets=buckets)
    stop()
    rclone.stop()
    engine.dispose()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with _running(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Service]:
    """A gateway and an rclone of the test's own, to be broken."""
    with _running(tmp_path) as found:
        yield found


@pytest.fixture
def external(service: Service) -> Iterator[str]:
    """The URL of a second gateway whose external S3 is the first."""
    key = _key(ACCOUNT)
    upstream = ExternalS3(
        endpoint=service.url,
        region="us-east-1",
        access_key=key.id,
        secret_key=key.secret,
        clock=lambda: datetime.now(UTC),
    )
    port, stop = serve(upstream, service.buckets)
    yield f"http://127.0.0.1:{port}"
    stop()


@pytest.fixture
def s3(service: Service) -> Any:
    """A client of the account that owns the buckets."""
    return service.client()


@pytest.fixture
def bucket(service: Service) -> str:
    """A fresh bucket of its own for a test."""
    name = f"disks-{secrets.token_hex(6)}"
    service.client().create_bucket(Bucket=name)
    return name
