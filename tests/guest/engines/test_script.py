# SPDX-License-Identifier: Apache-2.0
"""The script by itself, with a machine that only answers; the whole of it is in test_libguestfs."""

from __future__ import annotations

from unittest.mock import Mock, call

import pytest

from vmferry.guest.engines import _script
from vmferry.guest.engines._script import EditError

MOUNTS = [
    {"path": "/boot/efi", "device": "/dev/sda1", "options": ""},
    {"path": "/", "device": "/dev/vg/root", "options": "subvol=@"},
    {"path": "/boot", "device": "/dev/sda2", "options": ""},
]
EDIT = {"path": "/etc/x", "action": "write", "before": None, "digest": "", "backup": ""}


def test_drives_are_sockets_or_files() -> None:
    guest = Mock()
    _script.start(guest, [{"socket": "/s", "file": ""}, {"socket": "", "file": "/f"}])
    (first, second) = guest.add_drive_opts.call_args_list
    assert (first.args, first.kwargs["server"]) == (("",), ["unix:/s"])
    assert second == call("/f", format="raw", cachemode="unsafe")
    guest.launch.assert_called_once_with()


def test_what_is_below_is_mounted_later() -> None:
    guest = Mock()
    _script.settle(guest, MOUNTS)
    assert guest.mount_options.call_args_list == [
        call("subvol=@", "/dev/vg/root", "/"),
        call("", "/dev/sda2", "/boot"),
        call("", "/dev/sda1", "/boot/efi"),
    ]
    guest.umount_all.assert_called_once_with()


def test_a_mount_that_fails_is_named() -> None:
    guest = Mock()
    guest.mount_options.side_effect = RuntimeError("mount: structure needs cleaning")
    with pytest.raises(EditError) as caught:
        _script.apply(guest, MOUNTS, [EDIT])
    assert caught.value.answer == {
        "failed": "cannot be mounted: mount: structure needs cleaning",
        "where": "/dev/vg/root on /",
    }
    guest.umount_all.assert_called_once_with()


def test_an_edit_that_fails_is_named() -> None:
    guest = Mock()
    guest.exists.return_value = True
    with pytest.raises(EditError) as caught:
        _script.apply(guest, [], [EDIT])
    assert caught.value.answer == {
        "failed": "found something where the plan saw the opposite",
        "where": "/etc/x",
    }
