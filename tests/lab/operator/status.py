# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions and the status of Plans and Migrations (1.1), as pure functions."""

from __future__ import annotations

import datetime

from tests.lab.operator.kinds import Obj

TERMINAL = ("Succeeded", "Failed", "Canceled")
BLOCKING = ("Critical", "Error")


def now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(kind: str, category: str, message: str = "", **more: str | bool) -> Obj:
    return {
        "type": kind,
        "status": "True",
        "category": category,
        "message": message,
        "lastTransitionTime": now(),
        **more,
    }


READY = ("Ready", "Required")


def has(obj: Obj | None, *kinds: str) -> bool:
    """True when one of the conditions is there and "True"."""
    found = ((obj or {}).get("status") or {}).get("conditions") or []
    return any(entry["type"] in kinds and entry["status"] == "True" for entry in found)


def blocked(plan: Obj) -> bool:
    """The Plan controller does nothing for such a plan (3.1)."""
    found = (plan.get("status") or {}).get("conditions") or []
    return any(entry["category"] in BLOCKING for entry in found)


def same(left: list[Obj], right: list[Obj]) -> bool:
    """Equal but for the times."""

    def bare(entries: list[Obj]) -> list[Obj]:
        return [{key: value for key, value in entry.items() if key != "lastTransitionTime"} for entry in entries]

    return bare(left) == bare(right)


def execution(kind: str) -> Obj:
    """A condition of the running migration, worded as Plan and Migration share it."""
    words = {
        "Executing": "The plan is EXECUTING.",
        "Running": "The migration is RUNNING.",
        "Succeeded": "The plan execution has SUCCEEDED.",
        "Failed": "The plan execution has FAILED.",
        "Canceled": "The plan execution has been CANCELED.",
    }
    if kind in TERMINAL:
        return condition(kind, "Advisory", words[kind], durable=True)
    return condition(kind, "Advisory", words[kind])


def outcome(vms: list[Obj]) -> str:
    """`end()`: any failed: Failed; else any succeeded: Succeeded; else Canceled (3.1)."""
    kinds = {entry["type"] for vm in vms for entry in vm.get("conditions") or []}
    return next((kind for kind in ("Failed", "Succeeded") if kind in kinds), "Canceled")


def snapshot(plan: Obj, migration: Obj, maps: Obj, providers: Obj) -> Obj:
    """An entry of `plan.status.migration.history`: who ran, by uid."""
    return {
        "conditions": [execution("Executing")],
        "plan": _identity(plan),
        "migration": _identity(migration),
        "map": {role: _identity(obj) for role, obj in maps.items()},
        "provider": {role: _identity(obj) for role, obj in providers.items()},
    }


def _identity(obj: Obj) -> Obj:
    metadata = obj["metadata"]
    return {
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "generation": metadata.get("generation", 1),
    }


def vm_status(vm: Obj, new_name: str) -> Obj:
    """The status of a VM that just started."""
    step = {"name": "DiskTransfer", "phase": "Running", "progress": {"completed": 0, "total": 100}}
    started = {
        "id": vm["id"],
        "name": vm.get("name", vm["id"]),
        "phase": "Started",
        "started": now(),
        "newName": new_name,
        "pipeline": [step],
    }
    for field in ("targetName", "deleteVmOnFailMigration"):
        if vm.get(field) is not None:
            started[field] = vm[field]
    return started
