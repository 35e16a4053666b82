# SPDX-License-Identifier: Apache-2.0
"""What runs under the distribution's Python: drives libguestfs, one line of JSON for each request.

It imports nothing of vmferry. Every path that it is given has no symbolic link in it.

    {"do": "start", "drives": [{"socket": …, "file": …}]}        {"done": "start"}
    {"do": "settle", "mounts": [{"path", "device", "options"}]}   {"done": "settle"}
    {"do": "apply", "mounts": [...], "edits": [model.fixup.Edit]}  {"failed": …, "where": …}
    {"do": "stop"}

Source: guestfs(3).
"""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import sys
from typing import Any, Final

MEMORY_MIB: Final = 512
CHUNK: Final = 1 << 20
"""Of an append; a message of libguestfs holds 4 MiB."""

LABEL: Final = "security.selinux"
UNITS: Final = ("sec", "nsec")
FROZEN: Final = "ia"
"""chattr(1): what keeps even root from writing: immutable, append only."""


class EditError(Exception):
    """An edit cannot be done: what, and where."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.answer = {"failed": message, "where": where}


def start(guest: Any, drives: list[dict[str, str]]) -> None:  # noqa: ANN401
    """Start the appliance."""
    guest.set_memsize(MEMORY_MIB)
    guest.set_autosync(True)
    for drive in drives:
        # The device below is thrown away if the machine or we die: nothing has to be flushed to it.
        if drive["socket"]:
            guest.add_drive_opts(
                "",
                format="raw",
                protocol="nbd",
                server=[f"unix:{drive['socket']}"],
                cachemode="unsafe",
                discard="besteffort",
            )
        else:
            guest.add_drive_opts(drive["file"], format="raw", cachemode="unsafe")
    guest.launch()


def mount(guest: Any, mounts: list[dict[str, str]]) -> None:  # noqa: ANN401
    """Mount everything; mounting replays the journals."""
    for each in sorted(mounts, key=lambda item: item["path"].rstrip("/").count("/")):
        where = f"{each['device']} on {each['path']}"
        try:
            guest.mount_options(each["options"], each["device"], each["path"])
        except RuntimeError as error:
            raise EditError(f"cannot be mounted: {error}", where) from error


def settle(guest: Any, mounts: list[dict[str, str]]) -> None:  # noqa: ANN401
    """Mount and unmount."""
    try:
        mount(guest, mounts)
    finally:
        guest.umount_all()


def apply(
    guest: Any,  # noqa: ANN401
    mounts: list[dict[str, str]],
    edits: list[dict[str, Any]],
) -> None:
    """Mount, do the edits, unmount."""
    try:
        mount(guest, mounts)
        for edit in edits:
            do(guest, edit)
    finally:
        guest.umount_all()


def do(guest: Any, edit: dict[str, Any]) -> None:  # noqa: ANN401
    """Do one edit."""
    try:
        Edit(guest, edit).do()
    except RuntimeError as error:
        raise EditError(str(error), edit["path"]) from error
    except EditError as error:
        raise EditError(str(error), edit["path"]) from error


class Edit:
    """One edit of one path."""

    def __init__(self, guest: Any, edit: dict[str, Any]) -> None:  # noqa: ANN401
        self._guest = guest
        self._edit = edit
        self._path: str = edit["path"]
        self._folder = self._path.rpartition("/")[0] or "/"
        self._backup = f"{self._folder.rstrip('/')}/{edit['backup']}"

    def do(self) -> None:
        """Do it; the folder's times stay, and what forbids writing is back afterwards."""
        self._check()
        above = self._folder
        while not self._guest.is_dir(above):
            above = above.rpartition("/")[0] or "/"
        times = self._guest.lstatns(above)
        self._guest.mkdir_p(self._folder)
        frozen = self._thaw()
        getattr(self, f"_{self._edit['action']}")()
        for path, attributes in frozen:
            self._guest.set_e2attrs(path, attributes)
        stamps = [times[f"st_{kind}_{unit}"] for kind in ("atime", "mtime") for unit in UNITS]
        self._guest.utimens(above, *stamps)

    def _check(self) -> None:
        """See that the path is what the plan saw."""
        there = self._guest.exists(self._path) or self._guest.is_symlink(self._path)
        expected = self._edit["before"] is not None
        if there != expected:
            found = "something" if there else "nothing"
            raise EditError(f"found {found} where the plan saw the opposite")
        if self._edit["digest"]:
            digest = self._guest.checksum("sha256", self._path)
            if digest != self._edit["digest"]:
                raise EditError(
                    f"found other bytes than the plan saw, SHA-256 {digest},"
                    f" expected {self._edit['digest']}"
                )

    def _thaw(self) -> list[tuple[str, str]]:
        """Take away what forbids even root to write; return what has to come back."""
        frozen = []
        for path in (self._folder, self._path):
            if path == self._path and not self._edit["digest"]:
                continue
            try:
                attributes = "".join(set(self._guest.get_e2attrs(path)) & set(FROZEN))
            except RuntimeError:
                continue  # This file system has no such attributes.
            if attributes:
                self._guest.set_e2attrs(path, attributes, clear=True)
                # A removed file is somewhere else afterwards.
                removed = path == self._path and self._edit["action"] in ("remove", "link")
                frozen.append((self._backup if removed else path, attributes))
        return frozen

    def _write(self) -> None:
        data = self._edit["after"].encode("utf-8", "surrogateescape")
        if self._edit["before"] is None:
            self._guest.write(self._path, data)
            self._guest.chmod(self._edit["mode"], self._path)
            self._label()
        else:
            # In place, so owner, mode, attributes and label stay as they are.
            self._guest.cp_a(self._path, self._backup)
            self._guest.write(self._path, data)
        # A full file system may take the write and fail later.
        if self._guest.checksum("sha256", self._path) != hashlib.sha256(data).hexdigest():
            raise EditError("does not have the bytes that were written")

    def _append(self) -> None:
        data = base64.b64decode(self._edit["after"])
        self._guest.cp_a(self._path, self._backup)
        for at in range(0, len(data), CHUNK):
            self._guest.write_append(self._path, data[at : at + CHUNK])
        if self._guest.filesize(self._path) != self._edit["size"] + len(data):
            raise EditError("does not have the bytes that were written")

    def _remove(self) -> None:
        self._guest.mv(self._path, self._backup)

    def _link(self) -> None:
        if self._edit["before"] is not None:
            self._guest.mv(self._path, self._backup)
        self._guest.ln_s(self._edit["after"], self._path)
        self._label()

    def _label(self) -> None:
        """Give a new file its folder's SELinux label: without one a guest may not read it."""
        for item in self._guest.lgetxattrs(self._folder):
            if item["attrname"] == LABEL:
                # Its length counts the zero byte at its end, which the text must not have.
                value, size = item["attrval"], len(item["attrval"])
                text = value.decode("ascii").rstrip("\0")
                self._guest.lsetxattr(LABEL, text, size, self._path)


def main() -> None:
    """Do what standard input says until it ends."""
    import guestfs  # type: ignore[import-not-found]

    # Our parent ends the whole group so: the appliance dies of it, and we clean up behind it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    guest = guestfs.GuestFS(python_return_dict=True)
    for line in sys.stdin:
        request = json.loads(line)
        what = request.pop("do")
        try:
            if what == "start":
                start(guest, **request)
            elif what == "settle":
                settle(guest, **request)
            elif what == "apply":
                apply(guest, **request)
            else:
                guest.shutdown()
            answer: dict[str, str] = {"done": what}
        except EditError as error:
            answer = error.answer
        except RuntimeError as error:
            answer = {"failed": str(error)}
        print(json.dumps(answer), flush=True)
    guest.close()


if __name__ == "__main__":
    main()
