# SPDX-License-Identifier: Apache-2.0
"""OVF: the description of a machine, as XML.

Source: DMTF DSP0243, Open Virtualization Format Specification, 1.1.0 and 2.1.1.
"""

from __future__ import annotations

from vmferry.appliances.ovf.envelope import DiskReference, parse_ovf

__all__ = ["DiskReference", "parse_ovf"]
