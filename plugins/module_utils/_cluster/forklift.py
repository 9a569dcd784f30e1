# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the state of a Plan or Migration says. Rules and citations: forklift.md 1.1, 3.1, 3.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import (
    Obj,
    condition_true,
    conditions,
    dig,
    listed,
)

_FINAL = ("Succeeded", "Failed", "Canceled")


def needs_cancel(migration: Obj, plan: Obj | None = None) -> bool:
    """True for a Migration that runs, or was running when its Plan got blocked: then it has lost the condition Running,
    and only the Plan's history still says so (3.1). One that never started, or has finished, needs none."""
    if condition_true(migration, *_FINAL):
        return False
    return condition_true(migration, "Running") or _is_unfinished(migration, plan)


def _is_unfinished(migration: Obj, plan: Obj | None) -> bool:
    entry = _history(migration, plan)
    return entry is not None and not _told(entry) & set(_FINAL)


def _history(migration: Obj, plan: Obj | None) -> Mapping[str, Any] | None:
    """What the Plan says of this Migration."""
    for entry in listed(plan.status("migration", "history")) if plan is not None else ():
        ran = entry.get("migration")
        if isinstance(ran, Mapping) and ran.get("uid") == migration.uid:
            return entry
    return None


def _told(entry: Mapping[str, Any]) -> set[str]:
    return {str(c.get("type")) for c in listed(entry.get("conditions")) if str(c.get("status")) == "True"}


def ended(migration: Obj) -> bool:
    """True when the Migration itself says so. status.completed is never set for a canceled one."""
    return condition_true(migration, *_FINAL)


def finished(migration: Obj, plan: Obj | None) -> bool:
    """ended(), or the Plan's history says so while the Migration does not (its plan may be blocked or archived)."""
    if ended(migration):
        return True
    entry = _history(migration, plan)
    if plan is None or entry is None:
        return False
    vms = listed(plan.status("migration", "vms"))
    return bool(_told(entry) & set(_FINAL)) and all(vm.get("completed") for vm in vms)


def cancel_patch(migration: Obj, plan: Obj | None) -> dict[str, Any]:
    """spec.cancel with every VM of the migration, by id (names are resolved only through a live inventory).

    Empty when no id is known. What is asked for already stays asked for: a merge patch replaces the list.
    """
    asked = {str(ref.get("id")): dict(ref) for ref in listed(migration.spec("cancel")) if ref.get("id")}
    sources = (
        listed(plan.status("migration", "vms")) if plan else [],
        listed(migration.status("vms")),
        listed(plan.spec("vms")) if plan else [],
    )
    for vms in sources:
        for vm in vms:
            if vm.get("id"):
                known = {"id": str(vm["id"]), "name": str(vm.get("name") or "")}
                asked.setdefault(known["id"], {key: value for key, value in known.items() if value})
    return {"spec": {"cancel": [asked[vm_id] for vm_id in sorted(asked)]}} if asked else {}


# -- conversions ------------------------------------------------------------------------------------------------

_CONVERSION_ENDED = ("Succeeded", "Failed")


def conversion_ended(conversion: Obj) -> bool:
    """True when Forklift does nothing more for it. Its phase is Canceled as soon as somebody has asked for that; the
    condition comes when Forklift has deleted the pod and asked for the removal of the snapshot
    (conversion/controller.go)."""
    return conversion.status("phase") in _CONVERSION_ENDED or condition_true(conversion, "ConversionCanceled")


def conversion_runs(conversion: Obj) -> bool:
    """True for one that has to be canceled: not for one that could not even begin (conversion/validation.go)."""
    began = conversion.status("phase") not in (None, "", "Pending") or not blockers(conversion)
    return began and not conversion_ended(conversion)


def inspects(conversion: Obj) -> bool:
    """Whether Forklift makes a snapshot of its VM for it: those of Plans are given one (conversion/pipeline.go)."""
    given = str(dig(conversion.spec("settings"), "SNAPSHOT_MOREF") or "").strip()
    return bool(conversion.spec("type") == "DeepInspection" and not given)


def makes_snapshot(conversion: Obj) -> bool:
    """Whether its snapshot is being made, or about to be: Forklift forgets one of which it does not know the id yet
    when the Conversion is canceled then (conversion/ensurer.go, RemoveOwnedSnapshot)."""
    if not inspects(conversion) or made_snapshot(conversion) or not conversion_runs(conversion):
        return False
    begins = conversion.status("stage") in (None, "", "CreatingSnapshot", "WaitingForSnapshot")
    return begins and conversion.status("phase") != "Canceled"


def conversion_cancel_patch() -> dict[str, Any]:
    """Of its status, as Forklift itself cancels the Conversions of a Plan (plan/kubevirt.go, CancelConversion)."""
    return {"status": {"phase": "Canceled", "stage": "Finished"}}


def place_of_pod(conversion: Obj) -> str | None:
    """The namespace in which a Conversion has its pod."""
    return str(conversion.spec("targetNamespace") or "") or conversion.namespace


def inspected(conversion: Obj) -> tuple[tuple[str, str], ...]:
    """Id and name of the VM on which it may have left a snapshot. Forklift makes one for a DeepInspection that was
    given none, and forgets it when it is removed (conversion/pipeline.go, ensurer.go)."""
    vm = conversion.spec("vm")
    if not inspects(conversion) or not isinstance(vm, Mapping) or not vm.get("id"):
        return ()
    if conversion.status("phase") == "Succeeded" and not conversion.status("snapshot"):
        return ()
    return ((str(vm["id"]), str(vm.get("name") or "")),)


def made_snapshot(conversion: Obj) -> str:
    """The moRef of the snapshot that Forklift made for it; empty when it does not say."""
    return str(conversion.status("snapshot", "moref") or "")


def archived(plan: Obj) -> bool:
    """The condition Archived. It comes whatever failed, so it proves nothing about what is left."""
    return condition_true(plan, "Archived")


def blockers(obj: Obj) -> list[str]:
    """Conditions that keep the controller from acting on it."""
    return sorted(
        kind
        for kind, c in conditions(obj).items()
        if c.get("category") in ("Critical", "Error") and str(c.get("status")) == "True"
    )
