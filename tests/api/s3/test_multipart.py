# SPDX-License-Identifier: Apache-2.0
"""Multipart uploads through the gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

S3 = Any
"""boto3's clients are made at run time."""

MIB = 1 << 20


def _start(s3: S3, bucket: str, **more: object) -> dict[str, str]:
    answer = s3.create_multipart_upload(Bucket=bucket, Key="disk.vmdk", **more)
    return {"Bucket": bucket, "Key": "disk.vmdk", "UploadId": answer["UploadId"]}


def _complete(s3: S3, upload: dict[str, str], etags: dict[int, str]) -> dict[str, Any]:
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
    answer: dict[str, Any] = s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": parts}
    )
    return answer


def test_parts_may_come_in_any_order(s3: S3, bucket: str) -> None:
    upload = _start(s3, bucket, ContentType="application/x-vmdk", Metadata={"a": "b"})
    parts = {number: os.urandom(5 * MIB) for number in (3, 1, 2)}
    etags = {
        number: s3.upload_part(**upload, PartNumber=number, Body=data)["ETag"]
        for number, data in parts.items()
    }
    listed = s3.list_parts(**upload)["Parts"]
    assert [(p["PartNumber"], p["Size"]) for p in listed] == [(n, 5 * MIB) for n in (1, 2, 3)]
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["disk.vmdk"]
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    done = _complete(s3, upload, etags)
    got = s3.get_object(Bucket=bucket, Key="disk.vmdk")
    assert got["Body"].read() == parts[1] + parts[2] + parts[3]
    assert got["ETag"] == done["ETag"]
    assert got["ETag"].endswith('-3"')
    assert (got["ContentType"], got["Metadata"]) == ("application/x-vmdk", {"a": "b"})


def test_a_part_may_be_copied(s3: S3, bucket: str) -> None:
    body = os.urandom(6 * MIB)
    s3.put_object(Bucket=bucket, Key="source", Body=body)
    upload = _start(s3, bucket)
    source = {"Bucket": bucket, "Key": "source"}
    etags = {
        1: s3.upload_part_copy(**upload, PartNumber=1, CopySource=source),
        2: s3.upload_part_copy(
            **upload, PartNumber=2, CopySource=source, CopySourceRange="bytes=5-1004"
        ),
    }
    _complete(s3, upload, {n: answer["CopyPartResult"]["ETag"] for n, answer in etags.items()})
    assert s3.get_object(Bucket=bucket, Key="disk.vmdk")["Body"].read() == body + body[5:1005]


def test_an_aborted_upload_leaves_nothing(s3: S3, bucket: str) -> None:
    upload = _start(s3, bucket)
    s3.upload_part(**upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(**upload)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.upload_part(**upload, PartNumber=2, Body=b"x")
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    ("etags", "code"), [({1: "wrong"}, "InvalidPart"), ({2: "x"}, "InvalidPart"), ({}, "Malformed")]
)
def test_what_was_not_uploaded_cannot_be_completed(
    s3: S3, bucket: str, etags: dict[int, str], code: str
) -> None:
    upload = _start(s3, bucket)
    s3.upload_part(**upload, PartNumber=1, Body=b"x")
    with pytest.raises(ClientError, match=code):
        _complete(s3, upload, etags)


@pytest.mark.oracle
def test_the_cli_copies_a_large_file_both_ways(
    service: Any,
    bucket: str,
    tmp_path: Path,
) -> None:
    program = Path(sys.executable).parent / "aws"
    if not program.exists():
        pytest.skip("the aws CLI is not installed")
    source, back = tmp_path / "disk.raw", tmp_path / "back.raw"
    source.write_bytes(os.urandom(20_000_000))
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIA123456789012", "AWS_SECRET_ACCESS_KEY": "secret/of+123456789012",
        "AWS_ENDPOINT_URL": service.url,
    }  # fmt: skip
    url = f"s3://{bucket}/disks/über disk.raw"
    copies = ((str(source), url), (url, f"{url}.copy"), (f"{url}.copy", str(back)))
    for one, other in copies:
        subprocess.run(
            [sys.executable, str(program), "s3", "cp", "--no-progress", one, other],
            env=environment, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    assert back.read_bytes() == source.read_bytes()
