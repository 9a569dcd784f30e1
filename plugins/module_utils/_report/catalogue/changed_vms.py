# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What causes mean of VMs on source providers that a session changed for a time."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry

_BEFORE = "How the VM was before stands in the ledger, resources.undo.json beside the resources file. "
_STRIKE = (
    "then take the change out of the ledger with mtv.teardown.vm_change and state=absent, or accept it with a reason "
    "(mtv_teardown_verify_ignore)."
)
CHANGED_VMS = (
    Entry(
        "changed-since",
        "somebody has changed the VM since the session did",
        "The ledger of changes says how the session left the VM, and it is otherwise: neither as that nor as before, "
        "such as suspended, powering up or with an error.",
        "The session switched this VM on or off for a time, or the tracking of its changed blocks, and was cut off "
        "before it put that back. How it is now is nobody's that we know: to switch it could undo somebody's work.",
        f"{_BEFORE}Ask who uses the VM; make it by hand what it is to be; {_STRIKE}",
    ),
    Entry(
        "not-undone",
        "the VM is still as the session left it",
        "The ledger of changes says how the session left the VM, and so it is.",
        "The session switched this VM on or off for a time, or the tracking of its changed blocks, and did not put "
        "that back. Nothing has tried it since, or somebody has made it so again.",
        "Run the teardown. If it was run already, see in the events of the VM who switches it.",
    ),
    Entry(
        "not-recorded",
        "the VM was changed, and nobody noted how it was before",
        "An entry of the ledger of changes without values, and why.",
        "The session said that it changes this VM, and never that it put it back. Without the value before, nothing "
        "can tell whether it did.",
        f"Look at the VM and make it by hand what it is to be; {_STRIKE}",
    ),
    Entry(
        "never-undone",
        "a ledger must not lead to this change of a VM",
        "The ledger of changes names something of a VM that is neither its power nor the tracking of its changed "
        "blocks, or a state that is neither on nor off.",
        "The ledger is a file, and whoever can write it could have anything changed by the account of the teardown. "
        "No module writes such an entry.",
        f"See where the entry comes from. Make the VM by hand what it is to be; {_STRIKE}",
    ),
)
