# SPDX-License-Identifier: Apache-2.0
"""Which kernel boots unless somebody chooses: what rules about kernels are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vmferry.model.guest import GuestFacts, Kernel


def default_kernel(facts: GuestFacts) -> Kernel:
    """Return the kernel of the default boot entry, else the newest; a guest has at least one."""
    for entry in facts.boot_entries:
        if entry.default:
            for kernel in facts.kernels:
                if kernel.path == entry.kernel:
                    return kernel
    return facts.kernels[0]
