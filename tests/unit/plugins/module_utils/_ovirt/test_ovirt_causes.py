# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an oVirt VM or disk stays, from what was read of it and from what the engine says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.causes import Held, cause_of, lasting

LOCKED = [["before", "locked"]]
# name -> kind, facts, the engine's words, status, and what the text must hold
CASES: dict[str, tuple[str, dict[str, Any], str, int, str]] = {
    "disk-added": ("Vm", {"status": "down", "strange": ["foreign"]}, "", 0, "foreign"),
    "disk-in-use": ("Disk", {"status": "ok", "used_by": ["vm-2"]}, "", 0, "vm-2"),
    "forbidden": ("Vm", {"status": "up"}, "User is not authorized to perform this action.", 403, "not authorized"),
    "delete-protected": ("Vm", {"status": "up", "protected": True}, "", 0, "protected"),
    "in-pool": ("Vm", {"status": "down", "pool": "p1"}, "", 0, "p1"),
    "snapshot-running": ("Vm", {"status": "down", "snapshots": LOCKED}, "", 0, "before"),
    "backup-running": ("Vm", {"status": "down"}, "The VM is during a backup operation.", 409, "backed up"),
    "disk-illegal": ("Disk", {"status": "illegal"}, "", 0, "illegal"),
    "storage-domain-inactive": ("Vm", {}, "The relevant Storage Domain is inaccessible.", 409, "inaccessible"),
    "image-locked": ("Vm", {"status": "image_locked"}, "", 0, "locked"),
    "disk-locked": ("Vm", {"status": "down", "disks": [["d1", "locked"]]}, "", 0, "d1"),
    "not-responding": ("Vm", {"status": "not_responding", "host": "h1"}, "", 0, "host h1"),
    "still-running": ("Vm", {"status": "powering_down"}, "", 0, "powering down"),
    "unknown": ("Vm", {"status": "down"}, "An internal error.", 500, "An internal error."),
}


@pytest.mark.parametrize("name", CASES)
def test_a_cause_is_told(name: str) -> None:
    kind, facts, said, status, holds = CASES[name]
    cause = cause_of(Held(kind, "x", facts, said, status))
    assert cause.name == name
    assert holds in cause.text
    assert cause.next_step.endswith("then run the teardown again")


# By the engine's words alone, where the state was not seen.
SAID = {
    "Cannot remove VM. Delete protection is enabled.": "delete-protected",
    "Cannot remove VM. The VM is attached to pool.": "in-pool",
    "Cannot remove VM. The VM is performing an operation on a Snapshot.": "snapshot-running",
    "Cannot remove VM: VM is locked. Please try again in a few minutes.": "image-locked",
    "Cannot force remove VM when there are running tasks.": "image-locked",
    "Cannot remove VM: the following disks are locked: d1.": "disk-locked",
}


@pytest.mark.parametrize("said", SAID)
def test_the_engines_words_are_enough(said: str) -> None:
    assert cause_of(Held("Vm", "x", {}, said, 409)).name == SAID[said]


def test_a_locked_disk_that_floats() -> None:
    assert cause_of(Held("Disk", "d1", {"status": "locked"})).name == "disk-locked"


def test_nothing_is_told_of_what_is_healthy() -> None:
    cause = cause_of(Held("Disk", "d1", {"status": "ok"}))
    assert (cause.name, "does not say why" in cause.text) == ("unknown", True)


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (403, "no", True),
        (409, "Delete protection is enabled", True),
        (409, "attached to pool", True),
        (409, "VM is running", False),
        (409, "VM is locked", False),
        (0, "", False),
    ],
)
def test_what_no_waiting_changes(status: int, said: str, expected: bool) -> None:
    assert lasting(status, said) is expected
