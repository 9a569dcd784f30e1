# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an object stays on a vCenter: from the fault that its last task ended with, and from what was read of it.
Cases: providers.md 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._provider.causes import NOT_DELETED
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.fault import Fault

_AGAIN = "then run the teardown again"
LOCKED = frozenset({"FileLocked", "GenericVmConfigFault", "FileFault", "CannotDeleteFile"})
UNIDENTIFIED = Cause(
    "kept-unread",
    "its instance UUID is not told, and its moRef alone may be another VM's",
    f"see why vCenter does not tell it, {_AGAIN}",
)
UNREACHABLE = frozenset({"CannotAccessFile", "FileNotFound", "InvalidVmConfig"})


@dataclass(frozen=True, slots=True)
class Held:
    """fault: what the last request about it ended with; facts: as _vsphere/site.py reads them, C(power),
    C(connection_state), C(question), C(disabled_methods), C(host), C(others_disk)."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault | None = None

    def failed_with(self, *names: str) -> Fault | None:
        return self.fault if self.fault is not None and self.fault.name in names else None


def files_left(held: Held) -> Cause | None:
    if held.kind not in ("DatastoreFolder", "DatastoreFile"):
        return None
    return Cause(
        "files-left",
        "files of a clone that is not registered in the inventory",
        "look at it with the datastore browser, and delete it when nobody needs it",
    )


def others_disk(held: Held) -> Cause | None:
    told = str(held.facts.get("others_disk") or "")
    if not told:
        return None
    remedy = "detach the disk in vCenter and keep its files, or delete the VM by hand when nobody needs the disk"
    return Cause("disk-of-others", told, f"{remedy}; {_AGAIN}")


def snapshot_kept(held: Held) -> Cause | None:
    if held.kind != "Snapshot" or held.fault is not None:
        return None
    if held.facts.get("strange"):
        return Cause(
            "snapshot-kept",
            "Forklift's snapshot for an inspection of a VM that stays, perhaps somebody else's",
            "ask who inspects this VM; when nobody does, remove the snapshot in vCenter",
        )
    return Cause(
        "snapshot-kept",
        "Forklift's snapshot for a warm migration or an inspection, on a VM that stays",
        "remove it in vCenter, or run the teardown with mtv_teardown_forklift_snapshots=true",
    )


def forbidden(held: Held) -> Cause | None:
    fault = held.failed_with("NoPermission")
    if fault is None:
        return None
    right = ", ".join(fault.privileges) or "a privilege"
    return Cause("forbidden", f"NoPermission: {right} is missing", f"give the account {right} on it, {_AGAIN}")


def method_disabled(held: Held) -> Cause | None:
    fault = held.failed_with("MethodDisabled")
    disabled = [name for name in held.facts.get("disabled_methods", ()) if name in ("Destroy_Task", "PowerOffVM_Task")]
    if fault is None and not disabled:
        return None
    what = f"{' and '.join(disabled) or 'the method'} {'are' if len(disabled) > 1 else 'is'} disabled"
    by = f" by {fault.source}" if fault is not None and fault.source else ""
    return Cause(
        "method-disabled",
        f"{what}{by}: a solution such as a backup or vSphere Replication has locked the VM",
        f"end that solution's work on it, or have its owner enable the method, {_AGAIN}",
    )


def unreachable(held: Held) -> Cause | None:
    state = str(held.facts.get("connection_state") or "")
    fault = held.failed_with(*UNREACHABLE)
    if state in ("", "connected") and fault is None:
        return None
    told = f"the VM is {state}" if state not in ("", "connected") else f"{fault.name}: {fault.text}" if fault else ""
    return Cause(
        "vm-unreachable",
        f"{told}: its host or its files are not reachable, and a delete would leave them behind",
        f"bring host {held.facts.get('host') or '?'} and its datastores back, or unregister the VM by hand and remove "
        f"its files; {_AGAIN}",
    )


def question(held: Held) -> Cause | None:
    asked = str(held.facts.get("question") or "")
    if not asked:
        return None
    return Cause("question-pending", f"the VM waits for an answer: {asked}", f"answer it in vCenter, {_AGAIN}")


def task_running(held: Held) -> Cause | None:
    fault = held.failed_with("TaskInProgress", "TaskHangs")
    if fault is None:
        return None
    return Cause(
        "task-running",
        f"task {fault.task or '?'} on the VM has not ended",
        f"see that task in vCenter, and cancel it if it hangs; {_AGAIN}",
    )


def file_locked(held: Held) -> Cause | None:
    fault = held.failed_with(*LOCKED)
    if fault is None:
        return None
    return Cause(
        "file-locked",
        f"{fault.name}: {fault.text or 'a file of the VM is locked'}",
        f"find the host or backup proxy that holds the file, {_AGAIN}",
    )


def still_on(held: Held) -> Cause | None:
    if held.failed_with("InvalidPowerState") is None:
        return None
    return Cause("still-running", "it was powered on again", f"see who starts it, {_AGAIN}")


def failed(held: Held) -> Cause | None:
    if held.fault is None:
        return None
    return Cause(
        "task-failed", f"{held.fault.name}: {held.fault.text}".rstrip(": "), f"see the VM's tasks in vCenter, {_AGAIN}"
    )


CAUSES: tuple[Callable[[Held], Cause | None], ...] = (
    files_left,
    snapshot_kept,
    others_disk,
    forbidden,
    method_disabled,
    unreachable,
    question,
    task_running,
    file_locked,
    still_on,
    failed,
)


def why(held: Held) -> Cause:
    """The first cause that fits."""
    return first(CAUSES, held) or NOT_DELETED
