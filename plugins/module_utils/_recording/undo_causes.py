# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a recorded change of an object is not undone."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, Tell, tells
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_decision import Judged, Outcome

NOT_UNDONE = "not-undone"
# What is told without an attempt.
UNTRIED = frozenset({"changed-since", "not-recorded", "never-undone", NOT_UNDONE})
_OUT = "then take the change out of the ledger (mtv.teardown.change with state=absent)"


@tells("changed-since")
def changed_since(seen: Judged) -> Finding | None:
    if seen.outcome is not Outcome.CHANGED:
        return None
    return Finding(seen.reason, f"ask who changed it, set by hand what is to be there, {_OUT}")


@tells("not-recorded")
def not_recorded(seen: Judged) -> Finding | None:
    if seen.outcome is not Outcome.WITHHELD:
        return None
    return Finding(seen.reason, f"look at the object, set by hand what is to be there, {_OUT}")


@tells("never-undone")
def never_undone(seen: Judged) -> Finding | None:
    if seen.outcome is not Outcome.FORBIDDEN:
        return None
    return Finding(seen.reason, f"look at the object, set by hand what is to be there, {_OUT}")


@tells(NOT_UNDONE)
def not_undone(seen: Judged) -> Finding | None:
    """Nobody has tried it, or it was as it had been and is so no more."""
    if seen.outcome is not Outcome.UNDO:
        return None
    return Finding(f"as the session left it: {seen.reason}", "run the teardown (again)")


CAUSES: tuple[Tell[Judged], ...] = (changed_since, not_recorded, never_undone, not_undone)
