# SPDX-License-Identifier: Apache-2.0
"""A web server on loopback that gives one object by ranges, with TLS of a CA made for it."""

from __future__ import annotations

import datetime
import ipaddress
import re
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

Reply = tuple[int, dict[str, str], bytes]
Answer = Callable[[str, "dict[str, str]"], Reply | None]

DAY: Final = datetime.timedelta(days=1)


def make_certificates(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """Make a CA and a server's certificate for ``host`` and 127.0.0.1.

    Returns:
        The CA's certificate, and the server's key with its certificate.
    """
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vmferry tests")])
    ca = (
        _builder(ca_name, ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = (
        _builder(x509.Name([]), ca_name, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    server_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + leaf.public_bytes(serialization.Encoding.PEM)
    )
    return ca_file, server_file


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


class Origin:
    """Gives ``content`` at every path by GET; ``answer`` may say something else first.

    Args:
        certificate: The server's key and certificate; without it there is no TLS.
    """

    def __init__(self, content: bytes, certificate: Path | None = None) -> None:
        self.content = content
        self.headers = {"ETag": '"one"'}
        self.answer: Answer = lambda _path, _headers: None
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.connections = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.port = self.server.server_port
        scheme = "http"
        if certificate is not None:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{scheme}://localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        """Return the answer to one GET."""
        said = self.answer(path, headers)
        if said is not None:
            return said
        if headers.get("If-Match", self.headers.get("ETag")) != self.headers.get("ETag"):
            return 412, {}, b""
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("Range", ""))
        size = len(self.content)
        if match is None:
            return 200, self.headers, self.content
        first, last = int(match[1]), min(int(match[2]), size - 1)
        if first >= size:
            return 416, {"Content-Range": f"bytes */{size}"}, b""
        found = {"Content-Range": f"bytes {first}-{last}/{size}", **self.headers}
        return 206, found, self.content[first : last + 1]


def _handler(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def setup(self) -> None:
            super().setup()
            origin.connections += 1

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, ssl.SSLError):
                self.close_connection = True

        def do_GET(self) -> None:
            origin.asked.append(f"{self.headers['Host']} {self.path}")
            origin.ranges.append(self.headers.get("Range", ""))
            status, headers, content = origin.reply(self.path, dict(self.headers))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            if headers.get("Content-Length", str(len(content))) != str(len(content)):
                self.close_connection = True

        def do_HEAD(self) -> None:
            """A presigned URL for GET permits no HEAD."""
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
