# SPDX-License-Identifier: Apache-2.0
"""The web: one object per URL, read by ranged GET; also presigned URLs, which allow no HEAD.

Nothing is trusted to stay as it was: every answer must be of the object that was opened (its ETag,
else its date and size), every range must be the one that was asked for. What stands after the ``?``
of a presigned URL is a secret, so no message shows it.

Source: RFC 9110, sections 13.1 (preconditions), 14 (ranges), 15.4 (redirects).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from vmferry.errors import SourceError
from vmferry.model.bytes import check_inside
from vmferry.stores import Access, Store

if TYPE_CHECKING:
    import httpx

    from vmferry.stores._host import Host

PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0)
"""Before each new try: five in all, as botocore has it for the S3 store."""

MOST_REDIRECTS: Final = 5
REDIRECTS: Final = (301, 302, 303, 307, 308)
TRANSIENT: Final = (408, 429, 500, 502, 503, 504)
EXPIRED: Final = (400, 401, 403, 404, 410)
"""What the target of a redirect answers when it was given for some minutes only."""

CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
NO_SUCH: Final = "ClientError: Invalid S3 source location"


class HttpSource:
    """One object of the web; safe to use from several threads.

    Args:
        url: ``http://`` or ``https://``; a redirect may lead to the object, each target is judged.
        access: ``reach`` says which hosts may be connected to.

    Raises:
        SourceError: It cannot be had: refused, missing, elsewhere, or without ranges.
    """

    def __init__(self, url: str, access: Access) -> None:
        from vmferry.stores._host import Host, shown

        self._url = _parsed(url)
        self._reach = access.reach
        self.name = shown(self._url)
        self._found: tuple[httpx.URL, Host] = (self._url, Host(self._url, access.reach))
        self._conditions: dict[str, str] = {}
        self.size = -1
        self.version = ""
        self._tried(0, 1)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes from ``offset``; raises ``SourceError``."""
        check_inside(self, offset, length)
        return self._tried(offset, length) if length else b""

    def _tried(self, offset: int, length: int) -> bytes:
        from vmferry.stores._host import TransientError

        for pause in PAUSES_S:
            try:
                return self._read(offset, length)
            except TransientError:
                time.sleep(pause)
        return self._read(offset, length)

    def _read(self, offset: int, length: int) -> bytes:
        last = offset + length - 1
        answer = self._walk({"Range": f"bytes={offset}-{last}", **self._conditions})
        try:
            if self.size < 0 and _is_empty(answer):
                self.size, self.version = 0, "empty"
                return b""
            total = _total(self.name, answer, offset, last)
            self._pin(answer, total)
            return _body(self.name, answer, length)
        finally:
            answer.close()

    def _pin(self, answer: httpx.Response, size: int) -> None:
        """Keep what the first answer says of the object, and hold every other one to it."""
        tag = answer.headers.get("ETag", "")
        strong = tag if tag.startswith('"') else ""
        date = answer.headers.get("Last-Modified", "")
        version = strong or (f"{tag} {date} {size}".strip() if tag or date else "")
        if not version:
            raise SourceError(
                f"{self.name}: its host gives neither ETag nor Last-Modified, so a change of the "
                "object while it is read would not be seen",
                hint=_DOWNLOAD,
            )
        if self.size < 0:
            self.size, self.version = size, version
            if strong:
                self._conditions = {"If-Match": strong}
            elif date:
                self._conditions = {"If-Unmodified-Since": date}
        elif (version, size) != (self.version, self.size):
            raise _replaced(self.name)

    def _walk(self, headers: dict[str, str]) -> httpx.Response:
        """Ask where the object was last, and if that is no longer good, from the beginning."""
        headers = {**headers, "Accept-Encoding": "identity"}
        url, host = self._found
        answer = host.get(url, headers)
        if url != self._url and answer.status_code in EXPIRED:
            answer.close()
            url, host = self._url, self._host(self._url, host)
            answer = host.get(url, headers)
        redirects = 0
        while answer.status_code in REDIRECTS:
            answer.close()
            redirects += 1
            url = self._target(url, answer, redirects)
            host = self._host(url, host)
            answer = host.get(url, headers)
        self._found = (url, host)
        return answer

    def _host(self, url: httpx.URL, last: Host) -> Host:
        from vmferry.stores._host import Host

        return last if last.serves(url) else Host(url, self._reach)

    def _target(self, url: httpx.URL, answer: httpx.Response, redirects: int) -> httpx.URL:
        if redirects > MOST_REDIRECTS:
            raise SourceError(
                f"{self.name}: found more than {MOST_REDIRECTS} redirects",
                hint="Name the URL that the object has in the end",
            )
        location = answer.headers.get("Location", "")
        target = url.join(location)
        if target.scheme not in ("https", url.scheme) or not location or not target.host:
            raise SourceError(
                f"{self.name}: redirects to {target.scheme}://, expected https://",
                hint="Name the URL that the object has in the end",
            )
        return target


_DOWNLOAD: Final = "Download the object and name the file"


def _parsed(text: str) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(text).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        # Without the cause: its text can have the whole URL.
        raise SourceError("url: cannot be read", hint="Check the URL", aws_text=NO_SUCH) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceError(
            f"url: found {url.scheme}://, expected https://HOST/PATH", aws_text=NO_SUCH
        )
    return url


def _is_empty(answer: httpx.Response) -> bool:
    """An empty object has no first byte, so no range of it can be had."""
    if answer.status_code == 416:
        return bool(answer.headers.get("Content-Range") == "bytes */0")
    return answer.status_code == 200 and answer.headers.get("Content-Length") == "0"


def _total(name: str, answer: httpx.Response, first: int, last: int) -> int:
    """Return the object's size, if the answer is the range that was asked for."""
    if answer.status_code != 206:
        raise _refused(name, answer)
    coding = answer.headers.get("Content-Encoding", "identity")
    if coding != "identity":
        raise SourceError(
            f"{name}: comes as {coding}, expected the object as it is", hint=_DOWNLOAD
        )
    found = answer.headers.get("Content-Range", "")
    match = CONTENT_RANGE.fullmatch(found)
    if match is None or (int(match[1]), int(match[2])) != (first, last):
        raise SourceError(
            f"{name}: found the range {found[:80]!r}, expected bytes {first}-{last} and the size",
            hint=_DOWNLOAD,
        )
    return int(match[3])


def _body(name: str, answer: httpx.Response, length: int) -> bytes:
    import httpx

    from vmferry.stores._host import TransientError, unreachable

    data = bytearray()
    try:
        for piece in answer.iter_raw():
            data += piece
            if len(data) > length:
                break
    except httpx.TransportError as error:
        raise unreachable(name, error) from error
    if len(data) < length:
        raise TransientError(f"{name}: {len(data)} bytes came, expected {length}")
    if len(data) > length:
        raise SourceError(f"{name}: more than the {length} bytes that were asked for came")
    return bytes(data)


def _refused(name: str, answer: httpx.Response) -> SourceError:
    from vmferry.stores._host import NO_ACCESS, TransientError

    status = answer.status_code
    text = NO_ACCESS.format(status, answer.reason_phrase)
    if status in TRANSIENT:
        return TransientError(f"{name}: the host answers with {status}", hint="Try again later")
    if status == 412:
        return _replaced(name)
    if status == 200:
        return SourceError(f"{name}: its host does not give ranges of it", hint=_DOWNLOAD)
    if status in (404, 410):
        return SourceError(
            f"{name}: it does not exist ({status})", hint="Check the URL", aws_text=NO_SUCH
        )
    if status in (401, 403):
        return SourceError(
            f"{name}: the host refused ({status})",
            hint="A presigned URL may have expired: make a new one for GET",
            aws_text=text,
        )
    return SourceError(f"{name}: the host answers with {status}", aws_text=text)


def _replaced(name: str) -> SourceError:
    return SourceError(
        f"{name}: another object has taken its place",
        hint="The object was changed while it was read; start again",
    )


STORE = Store(name="https", schemes=("https", "http"), open=HttpSource)
