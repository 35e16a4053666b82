# SPDX-License-Identifier: Apache-2.0
"""The whole way: boto3, the gateway, rclone, the disk."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

OTHER = "999999999999"
S3 = Any
"""boto3's clients are made at run time."""


class Service(Protocol):
    """What the fixture gives; see conftest."""

    port: int
    url: str
    root: Any
    rclone: Any

    def client(self, account: str = ..., **options: object) -> S3: ...


def refusal(call: S3, **arguments: object) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_comes_back_as_it_was(s3: S3, bucket: str) -> None:
    body = os.urandom(3_000_000)
    put = s3.put_object(
        Bucket=bucket, Key="a/b.vmdk", Body=body, ContentType="application/x-vmdk",
        Metadata={"Mixed-Case": "yes"},
    )  # fmt: skip
    got = s3.get_object(Bucket=bucket, Key="a/b.vmdk")
    assert got["Body"].read() == body
    assert (got["ETag"], got["ContentType"]) == (put["ETag"], "application/x-vmdk")
    assert got["Metadata"] == {"mixed-case": "yes"}
    assert got["AcceptRanges"] == "bytes"
    assert got["ResponseMetadata"]["HTTPHeaders"]["server"] == "AmazonS3"
    head = s3.head_object(Bucket=bucket, Key="a/b.vmdk")
    assert (head["ContentLength"], head["ETag"]) == (len(body), put["ETag"])
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [(o["Key"], o["Size"], o["ETag"]) for o in listed] == [
        ("a/b.vmdk", len(body), put["ETag"])
    ]
    s3.delete_object(Bucket=bucket, Key="a/b.vmdk")
    assert refusal(s3.get_object, Bucket=bucket, Key="a/b.vmdk") == ("NoSuchKey", 404)
    s3.delete_bucket(Bucket=bucket)
    assert refusal(s3.list_objects_v2, Bucket=bucket) == ("NoSuchBucket", 404)


def test_an_unknown_key_and_a_wrong_secret_are_told_apart(service: Service) -> None:
    unknown = service.client(aws_access_key_id="AKIANOBODY")
    assert refusal(unknown.list_buckets) == ("InvalidAccessKeyId", 403)
    wrong = service.client(aws_secret_access_key="wrong")
    assert refusal(wrong.list_buckets) == ("SignatureDoesNotMatch", 403)


def test_a_request_without_a_signature_is_denied(service: Service, bucket: str) -> None:
    answer = httpx.get(f"{service.url}/{bucket}/x")
    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code>" in answer.text


def test_another_accounts_bucket_is_denied(service: Service, bucket: str) -> None:
    other = service.client(OTHER)
    assert refusal(other.list_objects_v2, Bucket=bucket) == ("AccessDenied", 403)
    assert refusal(other.get_object, Bucket=bucket, Key="x") == ("AccessDenied", 403)
    assert refusal(other.create_bucket, Bucket=bucket) == ("BucketAlreadyExists", 409)
    assert bucket not in [b["Name"] for b in other.list_buckets()["Buckets"]]


def test_a_policy_lets_another_account_in(service: Service, s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="x", Body=b"data")
    policy = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", '
        f'"Principal": {{"AWS": "{OTHER}"}}, "Resource": "arn:aws:s3:::{bucket}/*"}}}}'
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    other = service.client(OTHER)
    assert other.get_object(Bucket=bucket, Key="x")["Body"].read() == b"data"
    assert refusal(other.put_object, Bucket=bucket, Key="x", Body=b"")[0] == "AccessDenied"


def test_presigned_urls_work_without_headers(service: Service, bucket: str) -> None:
    s3 = service.client(signature_version="s3v4")
    where = {"Bucket": bucket, "Key": "über/ä b.raw"}
    put = s3.generate_presigned_url("put_object", Params=where, ExpiresIn=60)
    assert httpx.put(put, content=b"disk").status_code == 200
    get = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    assert httpx.get(get).content == b"disk"
    assert httpx.get(get.replace("raw", "iso")).status_code == 403


def test_presigned_urls_of_version_2_work(service: Service, bucket: str) -> None:
    s3 = service.client()
    where = {"Bucket": bucket, "Key": "über/ä b.raw"}
    kept = {"ContentType": "application/x-raw", "Metadata": {"a": "b"}}
    put = s3.generate_presigned_url("put_object", Params={**where, **kept}, ExpiresIn=60)
    assert "AWSAccessKeyId=" in put
    assert httpx.put(put, content=b"disk").status_code == 200
    get = s3.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    got = httpx.get(get)
    assert (got.content, got.headers["x-amz-meta-a"]) == (b"disk", "b")
    assert got.headers["content-type"] == "application/x-raw"
    head = s3.generate_presigned_url("head_object", Params=where, ExpiresIn=60)
    assert httpx.head(head).headers["content-length"] == "4"
    for url, code in (
        (get.replace("raw", "iso"), "SignatureDoesNotMatch"),
        (get + "&tagging", "SignatureDoesNotMatch"),
        (get + "&attributes", "AccessDenied"),
        (get.replace("AKIA", "AKIB"), "InvalidAccessKeyId"),
        (s3.generate_presigned_url("get_object", Params=where, ExpiresIn=-9), "AccessDenied"),
    ):
        refused = httpx.get(url)
        assert (refused.status_code, f"<Code>{code}</Code>" in refused.text) == (403, True), url
    assert "Request has expired" in refused.text
    listed = httpx.get(s3.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket}))
    assert "<KeyCount>1</KeyCount>" in listed.text


def test_chunks_need_version_4(service: Service, bucket: str) -> None:
    mode = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    url = AWSRequest("PUT", f"{service.url}/{bucket}/x", {"x-amz-content-sha256": mode})
    HmacV1QueryAuth(Credentials("AKIA123456789012", "secret/of+123456789012")).add_auth(url)
    answer = httpx.put(url.url, content=b"0\r\n\r\n")
    assert (answer.status_code, "Chunks need" in answer.text) == (400, True)


@pytest.mark.oracle
@pytest.mark.parametrize("program", [Path(sys.executable).parent / "aws", Path("/usr/bin/aws")])
def test_the_cli_presigns(service: Service, bucket: str, program: Path, tmp_path: Path) -> None:
    if not program.exists():
        pytest.skip(f"{program} is not installed")
    service.client().put_object(Bucket=bucket, Key="a b", Body=b"disk")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIA123456789012", "AWS_SECRET_ACCESS_KEY": "secret/of+123456789012",
    }  # fmt: skip
    done = subprocess.run(
        [program, "--endpoint-url", service.url, "s3", "presign", f"s3://{bucket}/a b"],
        env=environment, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert httpx.get(done.stdout.strip()).content == b"disk"


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_bucket_may_be_in_the_host_name(service: Service, bucket: str, version: str) -> None:
    s3 = service.client(
        endpoint_url=f"http://localhost:{service.port}",
        s3={"addressing_style": "virtual"},
        signature_version=version,
    )
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a/b"})
    assert url.startswith(f"http://{bucket}.localhost:{service.port}/a/b?")
    direct = url.replace(f"{bucket}.localhost", "127.0.0.1")
    answer = httpx.put(direct, content=b"1", headers={"host": f"{bucket}.localhost:{service.port}"})
    assert answer.status_code == 200
    assert service.client().get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"1"


def test_a_refused_upload_is_never_asked_for(service: Service, bucket: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.putrequest("PUT", f"/{bucket}/x")
    connection.putheader("Expect", "100-continue")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 403


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_proven_and_answered(s3: S3, bucket: str, algorithm: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="x", Body=b"data", ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"]


def test_a_wrong_checksum_leaves_no_object(service: Service, s3: S3, bucket: str) -> None:
    body = os.urandom(2_500_000)
    for arguments in ({"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, {"ChecksumCRC32": "AAAAAA=="}):
        found = refusal(s3.put_object, Bucket=bucket, Key="x", Body=body, **arguments)
        assert found == ("BadDigest", 400)
    assert refusal(s3.head_object, Bucket=bucket, Key="x") == ("404", 404)
    assert not [p for p in (service.root / bucket).iterdir() if not p.name.startswith(".rclone")]


def test_a_body_that_is_not_what_was_signed_leaves_no_object(s3: S3, bucket: str) -> None:
    def lie(request: Any, **_more: object) -> None:
        request.body = b"bad"

    s3.put_object(Bucket=bucket, Key="x", Body=b"old")
    s3.meta.events.register("before-send.s3.PutObject", lie)
    with pytest.raises(ClientError, match=r"XAmzContentSHA256Mismatch|BadDigest"):
        s3.put_object(Bucket=bucket, Key="x", Body=b"new")
    assert s3.get_object(Bucket=bucket, Key="x")["Body"].read() == b"old"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("a/../../x", "InvalidArgument"),
        ("a//b", "InvalidArgument"),
        ("folder/", "InvalidArgument"),
        ("a\0b", "InvalidArgument"),
        ("b" * 256, "InvalidArgument"),
        ("a/" * 520 + "x", "KeyTooLongError"),
    ],
)
def test_keys_that_no_file_can_be_are_refused(s3: S3, bucket: str, key: str, code: str) -> None:
    assert refusal(s3.put_object, Bucket=bucket, Key=key, Body=b"x") == (code, 400)
    assert refusal(s3.get_object, Bucket=bucket, Key=key)[0] == "NoSuchKey"
    s3.delete_object(Bucket=bucket, Key=key)


def test_a_name_in_the_way_is_told(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    assert refusal(s3.put_object, Bucket=bucket, Key="a", Body=b"x")[0] == "InvalidArgument"
    assert refusal(s3.put_object, Bucket=bucket, Key="a/b/c", Body=b"x")[0] == "InvalidArgument"
    assert refusal(s3.get_object, Bucket=bucket, Key="a")[0] == "NoSuchKey"
    s3.delete_object(Bucket=bucket, Key="a")
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"x"


def test_no_listing_leaves_its_bucket(s3: S3, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for prefix in ("../", "..", "/", "a/../../"):
        assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []) == []
