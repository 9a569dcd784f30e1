# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an object stays on a vCenter: from the fault that its last task ended with, and from what was read of it.
Cases: providers.md 5.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, Finding, Tell, first, tells
from ansible_collections.mtv.teardown.plugins.module_utils._provider.causes import NOT_DELETED
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.fault import Fault

_AGAIN = "then run the teardown again"
LOCKED = frozenset({"FileLocked", "GenericVmConfigFault", "FileFault", "CannotDeleteFile"})
UNREACHABLE = frozenset({"CannotAccessFile", "FileNotFound", "InvalidVmConfig"})


@dataclass(frozen=True, slots=True)
class Held:
    """fault: what the last request about it ended with; facts: as _vsphere/site.py reads them, C(power),
    C(connection_state), C(question), C(disabled_methods), C(host), C(others_disk), C(unidentified)."""

    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault | None = None

    def failed_with(self, *names: str) -> Fault | None:
        return self.fault if self.fault is not None and self.fault.name in names else None


@tells("files-left")
def files_left(held: Held) -> Finding | None:
    if held.kind not in ("DatastoreFolder", "DatastoreFile"):
        return None
    return Finding(
        "files of a clone that is not registered in the inventory",
        "look at it with the datastore browser, and delete it when nobody needs it",
    )


@tells("disk-of-others")
def others_disk(held: Held) -> Finding | None:
    told = str(held.facts.get("others_disk") or "")
    if not told:
        return None
    remedy = "detach the disk in vCenter and keep its files, or delete the VM by hand when nobody needs the disk"
    return Finding(told, f"{remedy}; {_AGAIN}")


@tells("kept-unread")
def unidentified(held: Held) -> Finding | None:
    if not held.facts.get("unidentified"):
        return None
    told = "its instance UUID is not told any more, and its moRef alone may be another VM's"
    return Finding(told, f"let the account read the VM's configuration; {_AGAIN}")


@tells("snapshot-kept")
def snapshot_kept(held: Held) -> Finding | None:
    if held.kind != "Snapshot" or held.fault is not None:
        return None
    if held.facts.get("strange"):
        return Finding(
            "Forklift's snapshot for an inspection of a VM that stays, perhaps somebody else's",
            "ask who inspects this VM; when nobody does, remove the snapshot in vCenter",
        )
    return Finding(
        "Forklift's snapshot for a warm migration or an inspection, on a VM that stays",
        "remove it in vCenter, or run the teardown with mtv_teardown_forklift_snapshots=true",
    )


@tells("forbidden")
def forbidden(held: Held) -> Finding | None:
    fault = held.failed_with("NoPermission")
    if fault is None:
        return None
    right = ", ".join(fault.privileges) or "a privilege"
    return Finding(f"NoPermission: {right} is missing", f"give the account {right} on it, {_AGAIN}")


@tells("method-disabled")
def method_disabled(held: Held) -> Finding | None:
    fault = held.failed_with("MethodDisabled")
    disabled = [name for name in held.facts.get("disabled_methods", ()) if name in ("Destroy_Task", "PowerOffVM_Task")]
    if fault is None and not disabled:
        return None
    what = f"{' and '.join(disabled) or 'the method'} {'are' if len(disabled) > 1 else 'is'} disabled"
    by = f" by {fault.source}" if fault is not None and fault.source else ""
    return Finding(
        f"{what}{by}: a solution such as a backup or vSphere Replication has locked the VM",
        f"end that solution's work on it, or have its owner enable the method, {_AGAIN}",
    )


@tells("vm-unreachable")
def unreachable(held: Held) -> Finding | None:
    state = str(held.facts.get("connection_state") or "")
    fault = held.failed_with(*UNREACHABLE)
    if state in ("", "connected") and fault is None:
        return None
    told = f"the VM is {state}" if state not in ("", "connected") else f"{fault.name}: {fault.text}" if fault else ""
    return Finding(
        f"{told}: its host or its files are not reachable, and a delete would leave them behind",
        f"bring host {held.facts.get('host') or '?'} and its datastores back, or unregister the VM by hand and remove "
        f"its files; {_AGAIN}",
    )


@tells("question-pending")
def question(held: Held) -> Finding | None:
    asked = str(held.facts.get("question") or "")
    if not asked:
        return None
    return Finding(f"the VM waits for an answer: {asked}", f"answer it in vCenter, {_AGAIN}")


@tells("task-running")
def task_running(held: Held) -> Finding | None:
    fault = held.failed_with("TaskInProgress", "TaskHangs")
    if fault is None:
        return None
    return Finding(
        f"task {fault.task or '?'} on the VM has not ended",
        f"see that task in vCenter, and cancel it if it hangs; {_AGAIN}",
    )


@tells("file-locked")
def file_locked(held: Held) -> Finding | None:
    fault = held.failed_with(*LOCKED)
    if fault is None:
        return None
    return Finding(
        f"{fault.name}: {fault.text or 'a file of the VM is locked'}",
        f"find the host or backup proxy that holds the file, {_AGAIN}",
    )


@tells("still-running")
def still_on(held: Held) -> Finding | None:
    if held.failed_with("InvalidPowerState") is None:
        return None
    return Finding("it was powered on again", f"see who starts it, {_AGAIN}")


@tells("task-failed")
def failed(held: Held) -> Finding | None:
    if held.fault is None:
        return None
    return Finding(f"{held.fault.name}: {held.fault.text}".rstrip(": "), f"see the VM's tasks in vCenter, {_AGAIN}")


CAUSES: tuple[Tell[Held], ...] = (
    files_left,
    snapshot_kept,
    others_disk,
    unidentified,
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
