# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What causes mean of SSH keys that a session put on ESXi hosts."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry

_NOTED = (
    "For copy-offload the session put this key into the file of keys of the host (/etc/ssh/keys-root/authorized_keys), "
    "by which it may log in there as root, and was cut off before it took it away. "
)
_BY_HAND = (
    "Look on the host (ssh-keygen -l -f /etc/ssh/keys-root/authorized_keys shows the fingerprint of each key) and take "
    "away by hand what is not to be there; then take the change out of the ledger with mtv.teardown.vm_change and "
    "state=absent, or accept it with a reason (mtv_teardown_verify_ignore)."
)
ESXI = (
    Entry(
        "forbidden",
        "the file of keys may not be written",
        "The host let the user in and showed the file, and refused to have it replaced, in its own words.",
        "The user is not root there, or the file or its file system is read-only. Nothing was changed.",
        "See why (ls -l of the file, as root on the host), and run the teardown again; or take the line away by hand.",
    ),
    Entry(
        "changed-since",
        "the key does not stand there as the session left it",
        "The ledger of changes has the hash of the one line that the session added. The key stands in another line, "
        "in several, or in one that mtv-api-tests does not write.",
        f"{_NOTED}Somebody has changed that line since, or lets the same key in for something else.",
        f"Ask who did. {_BY_HAND}",
    ),
    Entry(
        "not-undone",
        "the key may still log in as root",
        "The ledger of changes has the hash of the one line that the session added, and it stands in the file.",
        f"{_NOTED}Nothing has tried to take it away since.",
        "Run the teardown, with the log-in of the host (mtv_teardown_esxi, or copyoffload in the providers file).",
    ),
    Entry(
        "not-recorded",
        "the key was noted without its line",
        "An entry of the ledger of changes without values, and why.",
        f"{_NOTED}When it was noted, the host could not be looked at, so nothing tells its line from others.",
        _BY_HAND,
    ),
    Entry(
        "never-undone",
        "a ledger must not lead to this change",
        "The ledger of changes says more of the key than the hash of one line that was added.",
        "The ledger is a file, and whoever can write it could have a door to root opened or closed by the account of "
        "the teardown. Nothing but one line of mtv-api-tests is ever taken away, and nothing is ever written there.",
        f"See where the entry comes from. {_BY_HAND}",
    ),
)
