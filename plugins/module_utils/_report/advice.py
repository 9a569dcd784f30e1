# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next step that a person can take for an object that stayed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def next_step(entry: Mapping[str, Any]) -> str:
    """One sentence for one leftover, from what holds it; empty when there is nothing better than to look."""
    held = entry.get("held_by") or {}
    if "also owned by" in str(entry.get("reason")):
        return "ask the owner; this tool does not take what somebody else uses"
    if not held.get("deletion_requested"):
        return _not_asked(entry, held)
    if held.get("pods"):
        return f"see why pod {held['pods'][0]} does not end (its node, its grace period), then run the teardown again"
    if entry.get("kind") == "Namespace":
        return "see its conditions above for what it still contains, then run the teardown again"
    if held.get("finalizers"):
        return f"see whether the controller behind finalizer {held['finalizers'][0]} runs, and its log"
    return "run the teardown again; it is being deleted"


def _not_asked(entry: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    if "403" in str(entry.get("reason")):
        return "let the account delete this kind (RBAC), then run the teardown again"
    if entry.get("kind") == "PersistentVolume" and held.get("phase") == "Failed":
        return "see the storage driver's message above; the volume may still exist on the storage"
    return "run the teardown"
