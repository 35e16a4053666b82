# SPDX-License-Identifier: Apache-2.0
"""Read who claims to have signed: the Authorization header, or a presigned URL's parameters.

Nothing here is proven; ``verify`` does that. Source: AWS General Reference, Signature Version 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from vmferry.api.protocol.signature import refusals

if TYPE_CHECKING:
    from vmferry.api.protocol.http import Request

ALGORITHM: Final = "AWS4-HMAC-SHA256"
LONGEST_EXPIRY_S: Final = 604_800
"""Seven days, for presigned URLs."""

_FIELDS: Final = ("Credential", "SignedHeaders", "Signature")
_DATE: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")
_SIGNED: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+(;[!#$%&'*+.^_`|~0-9a-z-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a request says about its signature.

    Attributes:
        access_key: The key's id, not yet looked up.
        date: Of the scope, ``YYYYMMDD``.
        region: Of the scope.
        service: Of the scope: ``ec2``, ``iam``, ``sts``, ``s3``.
        signed_headers: Lower-case, in the order given.
        signature: 64 hex digits.
        time: When the request was signed, in UTC.
        presigned: The signature is in the query string.
        expires_s: Seconds for which a presigned URL holds.
    """

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    time: datetime
    presigned: bool
    expires_s: int = 0

    @property
    def scope(self) -> str:
        """The scope as the string to sign has it."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    @property
    def amz_date(self) -> str:
        """The time as the string to sign has it: ``YYYYMMDDTHHMMSSZ``."""
        return self.time.strftime("%Y%m%dT%H%M%SZ")


def identify(request: Request) -> Credential:
    """Return what ``request`` says about its signature.

    Raises:
        ApiError: ``MissingAuthenticationToken`` without any, ``IncompleteSignature`` (S3:
            ``AuthorizationHeaderMalformed``, ``AuthorizationQueryParametersError``) if it cannot be
            read.
    """
    header = request.headers.get("authorization", "")
    if header:
        return _from_header(request, header)
    parameters = query_parameters(request.query)
    if "X-Amz-Algorithm" in parameters or "X-Amz-Signature" in parameters:
        return _from_query(parameters)
    raise refusals.missing()


def query_parameters(query: str) -> dict[str, str]:
    """Return the decoded parameters of a raw query string.

    Raises:
        ApiError: One of ``X-Amz-`` comes twice: two readers could take two different ones.
    """
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name in found and name.startswith("X-Amz-"):
            raise refusals.malformed("", f"'{name[:32]}' comes twice", presigned=True)
        found[name] = unquote_plus(value)
    return found


def _from_header(request: Request, header: str) -> Credential:
    kind, _, rest = header.strip().partition(" ")
    service = _service(rest)
    if kind != ALGORITHM:
        cause = f"The signing method {kind[:32]} is not supported, please use {ALGORITHM}"
        raise refusals.malformed(service, cause, presigned=False)
    fields: dict[str, str] = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        # A field that is not known or comes twice could be read in another way by whoever decides
        # where the request goes, and S3's signatures may leave the body out.
        if name in fields or name not in _FIELDS:
            cause = f"Authorization header has '{name[:32]}' where it must not be"
            raise refusals.malformed(service, cause, presigned=False)
        fields[name] = value
    for name in _FIELDS:
        if not fields.get(name):
            cause = f"Authorization header requires '{name}' parameter"
            raise refusals.malformed(service, cause, presigned=False)
    return _credential(fields, service, _header_time(request, service), None)


def _from_query(parameters: dict[str, str]) -> Credential:
    service = _service("Credential=" + parameters.get("X-Amz-Credential", ""))
    names = ("Algorithm", "Credential", "SignedHeaders", "Signature", "Date")
    for name in names:
        if not parameters.get(f"X-Amz-{name}"):
            cause = f"The query parameter X-Amz-{name} is missing"
            raise refusals.malformed(service, cause, presigned=True)
    if parameters["X-Amz-Algorithm"] != ALGORITHM:
        cause = f"X-Amz-Algorithm only supports {ALGORITHM}"
        raise refusals.malformed(service, cause, presigned=True)
    # EC2's query authentication may leave the expiry out: it then holds as long as a header does.
    text = parameters.get("X-Amz-Expires", "" if service == "s3" else "900")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise refusals.malformed(service, "X-Amz-Expires must be a number", presigned=True)
    if not 1 <= int(text) <= LONGEST_EXPIRY_S:
        cause = f"X-Amz-Expires must be between 1 and {LONGEST_EXPIRY_S} seconds"
        raise refusals.malformed(service, cause, presigned=True)
    fields = {name: parameters[f"X-Amz-{name}"] for name in names}
    when = _time(fields["Date"])
    return _credential(fields, service, when, int(text))


def _credential(
    fields: dict[str, str], service: str, when: datetime | None, expires_s: int | None
) -> Credential:
    presigned = expires_s is not None
    scope = fields["Credential"].rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request" or not all(scope):
        cause = "Credential must be AKID/YYYYMMDD/REGION/SERVICE/aws4_request"
        raise refusals.malformed(service, cause, presigned=presigned)
    if not _SIGNED.fullmatch(fields["SignedHeaders"]):
        cause = "SignedHeaders must be lower-case names with ; in between"
        raise refusals.malformed(service, cause, presigned=presigned)
    if not _SIGNATURE.fullmatch(fields["Signature"]):
        raise refusals.mismatch(service, "A signature is 64 lower-case hex digits")
    if when is None:
        cause = "The request must contain a valid (ISO 8601) X-Amz-Date or Date"
        raise refusals.malformed(service, cause, presigned=presigned)
    if scope[1] != when.strftime("%Y%m%d"):
        cause = f"The date in the credential scope, {scope[1][:8]}, is not that of the request"
        raise refusals.malformed(service, cause, presigned=presigned)
    return Credential(
        access_key=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
        time=when,
        presigned=presigned,
        expires_s=expires_s or 0,
    )


def _header_time(request: Request, service: str) -> datetime | None:
    if "x-amz-date" in request.headers:
        return _time(request.headers["x-amz-date"].strip())
    try:
        when = parsedate_to_datetime(request.headers.get("date", ""))
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _time(text: str) -> datetime | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _service(text: str) -> str:
    """Return the service of a credential, as far as it can be told before anything is checked."""
    found = re.search(r"Credential=[^,]*/([a-z0-9-]{1,32})/aws4_request", text)
    return found[1] if found else ""
