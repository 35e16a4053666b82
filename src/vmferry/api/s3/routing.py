# SPDX-License-Identifier: Apache-2.0
"""What an S3 request asks for: the bucket, the key and the operation's name.

botocore's model says which method, path, query parameters and headers make an operation; the
operation that demands the most of what the request has is meant. ``?acl`` is thereby never taken
for a listing, and a sub-resource that AWS adds later is known with the next botocore.

Source: botocore ``data/s3/2006-03-01/service-2.json.gz``;
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from vmferry.api.protocol import models
from vmferry.catalog.buckets import valid_name
from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from botocore.model import OperationModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a request points to.

    Attributes:
        bucket: Its name, ``""`` for the service itself.
        key: Decoded; ``""`` for the bucket itself.
        path: The path-style raw path, whatever style the request had.
    """

    bucket: str
    key: str
    path: str


def locate(host: str, path: str, base_hosts: Collection[str]) -> Target:
    """Return the target of a raw path.

    Args:
        host: The Host header; ``disks.localhost:4599`` names a bucket, an address never does.
        path: Raw, still percent-encoded.
        base_hosts: Names whose sub-domains are buckets.

    Raises:
        ApiError: ``InvalidURI``: the path cannot be decoded.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    bucket = _bucket_of(name.lower().rstrip("."), base_hosts)
    if bucket:
        raw_key = path.removeprefix("/")
        path = f"/{bucket}/{raw_key}" if raw_key else f"/{bucket}"
    else:
        raw_bucket, _, raw_key = path.removeprefix("/").partition("/")
        bucket = _decode(raw_bucket)
    return Target(bucket=bucket, key=_decode(raw_key), path=path)


def _bucket_of(name: str, base_hosts: Collection[str]) -> str:
    for base in base_hosts:
        if name.endswith(f".{base}"):
            bucket = name.removesuffix(f".{base}")
            return bucket if valid_name(bucket) else ""
    return ""


def _decode(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise ApiError("InvalidURI", "Couldn't parse the specified URI.") from error


def encode(key: str) -> str:
    """Return ``key`` as a raw path below a bucket; exactly one spelling for every key."""
    return quote(key, safe="/-_.~")


def operation(
    method: str, target: Target, query: str, headers: Mapping[str, str]
) -> OperationModel:
    """Return the model of the operation that a request asks for.

    Raises:
        ApiError: ``MethodNotAllowed``: S3 has no operation of this method there.
    """
    level = 0 if not target.bucket else 1 if not target.key else 2
    given = dict(parse_qsl(query, keep_blank_values=True))
    best: tuple[int, str] = (-1, "")
    for name, literal, parameters, names in _operations().get((method, level), ()):
        fits = (
            all(given.get(key) == value if value else key in given for key, value in literal)
            and all(key in given for key in parameters)
            and all(key in headers for key in names)
        )
        # A parameter weighs more than a header: a part that is copied is a part first.
        weight = 3 * (len(literal) + len(parameters)) + len(names)
        if fits and weight > best[0]:
            best = (weight, name)
    if best[0] < 0:
        raise ApiError(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            status=405,
        )
    return models.operation("s3", best[1])


_Demand = tuple[str, tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]


@cache
def _operations() -> dict[tuple[str, int], list[_Demand]]:
    found: dict[tuple[str, int], list[_Demand]] = {}
    service = models.service("s3")
    for name in service.operation_names:
        model = service.operation_model(name)
        path, _, query = model.http["requestUri"].partition("?")
        level = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}.get(path)
        # ListDirectoryBuckets has the request of ListBuckets at another endpoint.
        if level is None or model.deprecated or name == "ListDirectoryBuckets":
            continue
        literal = tuple(parse_qsl(query, keep_blank_values=True))
        demand = (name, literal, _required(model, "querystring"), _required(model, "header"))
        found.setdefault((model.http["method"], level), []).append(demand)
    return found


def _required(model: OperationModel, place: str) -> tuple[str, ...]:
    shape = model.input_shape
    if shape is None:
        return ()
    return tuple(
        str(shape.members[member].serialization["name"]).lower()
        if place == "header"
        else str(shape.members[member].serialization["name"])
        for member in shape.required_members
        if shape.members[member].serialization.get("location") == place
    )
