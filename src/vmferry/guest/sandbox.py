# SPDX-License-Identifier: Apache-2.0
"""What the inspecting process gives up before it sees a hostile byte.

Limits come first, then the network, then every system call but those that compute, read and write
open descriptors. Each is an extra wall behind the parsers, so where a kernel refuses one (no user
namespaces, no seccomp) the others still stand, and the limits stand everywhere.

Sources: setrlimit(2), unshare(2), seccomp(2); Linux, Documentation/userspace-api/seccomp_filter.rst
and include/uapi/linux/{audit,filter,seccomp}.h.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from typing import Final

from vmferry.units import MIB

ADDRESS_SPACE: Final = 300 * MIB
"""Of which a start takes 40 MiB, and the look at a Debian guest one more."""

CPU_S: Final = 8
"""A look takes less than one; what takes more goes round in circles."""

NO_NEW_PRIVILEGES: Final = 38
SET_SECCOMP: Final = 22
SET_DUMPABLE: Final = 4
FILTER_MODE: Final = 2
NEW_USER: Final = 0x10000000
NEW_NETWORK: Final = 0x40000000

# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
# sched_yield mremap madvise sendto recvfrom exit futex clock_gettime exit_group getrandom
X86_64: Final = "0 1 3 5 8 9 10 11 12 13 14 15 24 25 28 44 45 60 202 228 231 318"
AARCH64: Final = "63 64 57 80 62 222 226 215 214 134 135 139 124 216 233 206 207 93 98 113 94 278"

CALLS: Final[dict[str, tuple[int, tuple[int, ...]]]] = {
    "x86_64": (0xC000003E, tuple(map(int, X86_64.split()))),
    "aarch64": (0xC00000B7, tuple(map(int, AARCH64.split()))),
}
"""By machine: AUDIT_ARCH and the numbers of the calls that stay allowed."""

LOAD: Final = 0x20
JUMP_IF_EQUAL: Final = 0x15
RETURN: Final = 0x06
ALLOW: Final = 0x7FFF0000
REFUSE: Final = 0x00050000 | 1
"""SECCOMP_RET_ERRNO with EPERM: a library that tries more sees an error, and is not killed."""

INSTRUCTION: Final = struct.Struct("=HBBI")
NUMBER_OFFSET: Final = 0
ARCHITECTURE_OFFSET: Final = 4


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def close_doors() -> None:
    """Give up whatever can be given up; call it after the last import."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_NPROC, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    # At the hard limit comes SIGKILL, which says nothing; at the soft one SIGXCPU.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    libc = ctypes.CDLL(None)
    libc.prctl(SET_DUMPABLE, 0, 0, 0, 0)
    libc.unshare(NEW_USER | NEW_NETWORK)
    _filter_calls(libc)


def _filter_calls(libc: ctypes.CDLL) -> None:
    known = CALLS.get(os.uname().machine)
    if known is None:
        return
    code = filter_code(*known)
    program = _Program(len(code) // INSTRUCTION.size, code)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(SET_SECCOMP, FILTER_MODE, ctypes.byref(program), 0, 0)


def filter_code(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """Return the BPF program that allows ``numbers`` on ``architecture`` and refuses the rest."""
    count = len(numbers)
    steps = [
        (LOAD, 0, 0, ARCHITECTURE_OFFSET),
        (JUMP_IF_EQUAL, 0, count + 1, architecture),
        (LOAD, 0, 0, NUMBER_OFFSET),
        *((JUMP_IF_EQUAL, count - place, 0, number) for place, number in enumerate(numbers)),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(INSTRUCTION.pack(*step) for step in steps)
