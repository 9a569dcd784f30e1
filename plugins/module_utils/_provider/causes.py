# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an object stays on a source provider of any type, when it is the provider as a whole that is in the way."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import UNKNOWN, Cause
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Facts, advise, words

# What only an attempt can tell: without one, an object is just there.
UNTRIED = frozenset({"still-running", UNKNOWN})
# What is kept for a reason that says more than whose it may be.
KEPT = frozenset({"files-left", "snapshot-kept", "disk-of-others"})
FAILS, UNSEEN = "provider-fails", "unseen"
NOT_DELETED = Cause("not-deleted", "it is there", words(advise(Facts(known=False))))


def fails(provider: str, error: str) -> Cause:
    """provider: its key; error: what it answered, or that it did not."""
    return Cause(FAILS, error, f"see to provider {provider}, then run the teardown again")


def unseen(provider: str, kind: str) -> Cause:
    """Asked for, but the look afterwards could not see its kind."""
    return Cause(
        UNSEEN,
        f"it was not seen whether it has gone: {kind} of {provider} could not be read",
        f"see why {provider} cannot be read, then run the teardown again",
    )
