# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told of objects in trouble before anything is deleted that would hide why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog
    from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj


class Witness(Protocol):
    """Cluster.witness: a phase tells it, and goes on whatever becomes of that."""

    def take(self, catalog: Catalog, objects: Iterable[Obj], why: str) -> None:
        """Take evidence of these objects, of each once. why: one of _evidence/keep.py."""

    def told(self) -> dict[str, Any]:
        """What was taken, as it stands in a result; empty for nothing."""


class Nobody:
    """No evidence is wanted: nothing is asked, and nothing written."""

    def take(self, catalog: Catalog, objects: Iterable[Obj], why: str) -> None:
        """Nothing."""

    def told(self) -> dict[str, Any]:
        return {}
