# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vCenter says went wrong, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What a vCenter says went wrong with one object. name: of the fault, such as C(NoPermission); privileges: those
    that are missing; task: the one that is in the way; source: who disabled the method."""

    name: str
    text: str = ""
    privileges: tuple[str, ...] = ()
    task: str = ""
    source: str = ""
