# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer to "is this the session's, and why?", the same for objects of the cluster and of source providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Whose

NAME_ONLY = (
    "it bears the session's name, but the prefix is not of the suite's shape, and nothing but the name shows that the "
    "session made it"
)
# The evidence of what is other people's, and was only changed by the session.
LEDGER, RESTS_ON = "ledger", "the ledger of changes"


class Status(Enum):
    """What a decision means.

    OWNED: the session's, may be deleted. CONTESTED: the session's, but somebody else holds it too: a leftover that
    is not deleted. KEPT: nobody can tell, for what shows it could not be read: not deleted, and nothing is clean while
    it is so. REFUSED: looks like the session's, but nothing shows it: never touched, told. OTHER: a bystander.
    """

    OWNED = "owned"
    CONTESTED = "contested"
    KEPT = "kept"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Decision:
    """evidence: why it is the session's; reason: why it is not deleted; test_name: the test that made it; blind: it is
    contested for nothing but that something could not be read; rests_on: the object, record or key that the evidence
    rests on, for people."""

    status: Status
    evidence: str = ""
    reason: str = ""
    test_name: str = ""
    blind: bool = False
    rests_on: str = field(default="", compare=False)

    @property
    def ours(self) -> bool:
        return self.status in (Status.OWNED, Status.CONTESTED)

    @property
    def whose(self) -> Whose:
        """Not of what is a bystander, which nobody has to be told of."""
        if self.status is Status.OWNED:
            return Whose.OURS
        return Whose.UNKNOWN if self.blind or self.status is Status.KEPT else Whose.OTHERS

    @property
    def alone(self) -> bool:
        """Whether it is the session's, and nobody else is known to hold it."""
        return self.status is Status.OWNED or self.blind
