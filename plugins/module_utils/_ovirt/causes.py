# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a VM or a disk of an oVirt engine stays: from what was read of it, and from what the engine said. Pure.

Rules: providers.md 2.2 and 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import UNKNOWN, Cause, Finding, Tell, first, tells

_AGAIN = "then run the teardown again"


@dataclass(frozen=True, slots=True)
class Held:
    """One object that stayed. facts: status, protected, pool, host, snapshots, disks, strange, used_by, as
    _ovirt/removal.py notes them; said: the engine's answer to what was asked of it, empty when it took it;
    status: of that answer."""

    kind: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""
    status: int = 0

    def hears(self, pattern: str) -> bool:
        return re.search(pattern, self.said, re.IGNORECASE) is not None

    def is_(self, *statuses: str) -> bool:
        return str(self.facts.get("status") or "") in statuses


@tells("forbidden")
def forbidden(held: Held) -> Finding | None:
    if held.status != 403:
        return None
    return Finding(
        f"the account may not change {held.kind} {held.name}: {held.said}",
        f"give the account a role that may stop and remove it (such as UserVmManager on it), {_AGAIN}",
    )


@tells("delete-protected")
def delete_protected(held: Held) -> Finding | None:
    if not held.facts.get("protected") and not held.hears("delete protection is enabled"):
        return None
    return Finding(
        f"VM {held.name} is protected from being deleted, and this is never taken off silently",
        f"if it may go, take the delete protection off VM {held.name}, {_AGAIN}",
    )


@tells("in-pool")
def in_pool(held: Held) -> Finding | None:
    if not held.facts.get("pool") and not held.hears(r"attached to .{0,10}pool"):
        return None
    pool = f" {held.facts['pool']}" if held.facts.get("pool") else ""
    return Finding(f"VM {held.name} is in pool{pool}", f"detach VM {held.name} from its pool, {_AGAIN}")


@tells("snapshot-running")
def snapshot_running(held: Held) -> Finding | None:
    running = [text for text, status in held.facts.get("snapshots", ()) if status == "locked"]
    if not running and not held.hears("operation on a snapshot"):
        return None
    which = f" ({', '.join(running)})" if running else ""
    return Finding(
        f"the engine is at work on a snapshot of VM {held.name}{which}",
        f"wait for the task to end (Tasks in the portal), {_AGAIN}",
    )


@tells("backup-running")
def backup_running(held: Held) -> Finding | None:
    if not held.hears("during a backup"):
        return None
    return Finding(
        f"VM {held.name} is being backed up",
        f"end the backup of VM {held.name} (or its program), {_AGAIN}",
    )


@tells("storage-domain-inactive")
def storage_domain_inactive(held: Held) -> Finding | None:
    if not held.hears("storage domain"):
        return None
    return Finding(
        f"a storage domain of {held.kind} {held.name} is not at hand: {held.said}",
        f"activate the storage domain, {_AGAIN}",
    )


@tells("disk-illegal")
def disk_illegal(held: Held) -> Finding | None:
    if held.kind != "Disk" or not held.is_("illegal"):
        return None
    return Finding(
        f"removing disk {held.name} failed halfway: it is illegal now, and floats without a VM",
        f"see its storage domain and the events of the engine, or remove disk {held.name} in the portal, {_AGAIN}",
    )


@tells("disk-locked")
def disk_locked(held: Held) -> Finding | None:
    locked = [alias for alias, status in held.facts.get("disks", ()) if status == "locked"]
    if held.kind == "Disk" and held.is_("locked"):
        locked = [held.name]
    if not locked and not held.hears("disks? (are|is) locked"):
        return None
    which = f"disk {', '.join(locked)} is" if locked else f"disks of VM {held.name} are"
    return Finding(
        f"{which} locked by a task of the engine",
        f"wait for the task to end (Tasks in the portal; a lock that stays is one for unlock_entity.sh), {_AGAIN}",
    )


@tells("image-locked")
def image_locked(held: Held) -> Finding | None:
    if not held.is_("image_locked") and not held.hears("vm is locked|running tasks"):
        return None
    return Finding(
        f"the image of VM {held.name} is locked by a task of the engine",
        f"wait for the task to end (Tasks in the portal; a lock that stays is one for unlock_entity.sh), {_AGAIN}",
    )


@tells("not-responding")
def not_responding(held: Held) -> Finding | None:
    if not held.is_("not_responding", "unknown", "unassigned"):
        return None
    host = f"host {held.facts['host']}" if held.facts.get("host") else "its host"
    return Finding(
        f"VM {held.name} is {str(held.facts['status']).replace('_', ' ')}: {host} does not tell the engine about it",
        f"bring {host} back, or confirm in the portal that it has been rebooted, {_AGAIN}",
    )


@tells("still-running")
def still_running(held: Held) -> Finding | None:
    status = str(held.facts.get("status") or "")
    if held.kind != "Vm" or status in ("", "down", "image_illegal"):
        return None
    said = f" (the engine says: {held.said})" if held.said else ""
    return Finding(
        f"VM {held.name} did not get down, it is {status.replace('_', ' ')}{said}",
        f"power VM {held.name} off, {_AGAIN}",
    )


@tells("disk-added")
def disk_added(held: Held) -> Finding | None:
    added = held.facts.get("strange")
    if not added:
        return None
    return Finding(
        f"disk {', '.join(added)} was attached to VM {held.name} after its removal was decided, and would go with it",
        f"detach the disk if it is to stay, {_AGAIN}",
    )


@tells("disk-in-use")
def disk_in_use(held: Held) -> Finding | None:
    users = held.facts.get("used_by")
    if not users:
        return None
    return Finding(
        f"disk {held.name} is attached to another VM now ({', '.join(users)})",
        f"if it may go, detach it from that VM, {_AGAIN}",
    )


CAUSES: tuple[Tell[Held], ...] = (
    disk_added,
    disk_in_use,
    forbidden,
    delete_protected,
    in_pool,
    snapshot_running,
    backup_running,
    disk_illegal,
    storage_domain_inactive,
    image_locked,
    disk_locked,
    not_responding,
    still_running,
)


def cause_of(held: Held) -> Cause:
    """The first cause that its facts and the engine's words tell."""
    known = first(CAUSES, held)
    if known is not None:
        return known
    said = f": {held.said}" if held.said else ", and the engine does not say why"
    return Cause(
        UNKNOWN,
        f"{held.kind} {held.name} stays{said}",
        f"look for {held.kind} {held.name} in the events of the engine, {_AGAIN}",
    )


def lasting(status: int, said: str) -> bool:
    """True for a refusal that no waiting changes."""
    held = Held("Vm", "", said=said, status=status)
    return first((forbidden, delete_protected, in_pool), held) is not None
