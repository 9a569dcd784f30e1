# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vCenter has lately done with a VM, and what went wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.client import VCenter, fault_of

_SHOWN = {
    "info.descriptionId": "operation",
    "info.state": "state",
    "info.entityName": "entity",
    "info.queueTime": "queued",
    "info.startTime": "started",
    "info.completeTime": "ended",
    "info.cancelled": "cancelled",
}


def recent(center: VCenter, one: Remote) -> dict[str, Any]:
    """C(tasks) of a VM, the newest last; of a snapshot those of its VM. ApiError when it cannot be told."""
    machine = {"VirtualMachine": one.id, "Snapshot": str(one.facts.get("vm") or "")}.get(one.kind)
    if not machine:
        return {}
    read = center.objects("VirtualMachine", [machine], ("recentTask",))
    refs = [task._moId for task in read.values.get(machine, {}).get("recentTask") or ()]
    told = center.objects("Task", refs, (*_SHOWN, "info.error")) if refs else None
    tasks = [{"task": ref, **_task(told.values[ref])} for ref in refs if ref in told.values] if told else []
    return {"tasks": sorted(tasks, key=lambda task: str(task.get("queued") or ""))}


def _task(values: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: str(values[path]) for path, name in _SHOWN.items() if values.get(path) not in (None, "")}
    if values.get("info.error") is not None:
        fault = fault_of(values["info.error"])
        shown |= {"fault": fault.name, "message": fault.text}
    return shown
