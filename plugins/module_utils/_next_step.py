# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told to do next about an object that stays. Decided from plain facts, so that nobody is told to do
what cannot work: to run again without the right to delete, to do anything about what is somebody else's, or to wait for
what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Whose(StrEnum):
    """Of an object, as far as a look can tell."""

    OURS = "ours"
    OTHERS = "others"
    UNKNOWN = "unknown"


class Advice(Enum):
    """What helps. CAUSE: what the cause says, for it knows what is in the way."""

    ASK_OWNER = "ask the owner; this tool does not take what somebody else uses"
    READ = "let the account read it, or see to its server, then run the teardown again"
    GRANT = "give the account the right to {right}, then run the teardown"
    CHECK_RIGHT = "see whether the account may {right}, then run the teardown"
    RUN = "run the teardown"
    AGAIN = "run the teardown again"
    LONGER = "run the teardown again, with a longer mtv_teardown_wait_timeout"
    CAUSE = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one object. whose: it is; known: the cause says what a person can do; seen: it could be read when that was
    tried; asked: it is being deleted; failed: this run asked, and was refused; may: whether the account may delete it,
    None when nobody knows; over: the run stopped waiting for its time, and not because nothing moved."""

    whose: Whose = Whose.OURS
    known: bool = True
    seen: bool = True
    asked: bool = False
    failed: bool = False
    may: bool | None = None
    over: bool = False


def advise(facts: Facts) -> Advice:
    """Whose it is comes first: of what is not the session's nothing else matters. A refusal is told by its cause."""
    if facts.whose is not Whose.OURS:
        return Advice.ASK_OWNER if facts.whose is Whose.OTHERS else Advice.READ
    if facts.known and (facts.seen or facts.failed):
        return Advice.CAUSE
    if not facts.seen:
        return Advice.READ
    if facts.asked:
        return Advice.LONGER if facts.over else Advice.AGAIN
    if facts.may is None:
        return Advice.CHECK_RIGHT
    return Advice.RUN if facts.may else Advice.GRANT


def words(advice: Advice, right: str = "delete it") -> str:
    """right: what the account has to be allowed to do."""
    return advice.value.format(right=right)


def let_go(whose: Whose, holder: str) -> str:
    """What to do about what holds an object. holder: such as C(claim a/b)."""
    return {
        Whose.OURS: f"see what holds {holder}: it is the session's, too, and this goes with it",
        Whose.OTHERS: f"ask the owner of {holder}, which is not the session's: this tool does not take what others use",
        Whose.UNKNOWN: f"see whose {holder} is; if not the session's, ask its owner before anything is done to it",
    }[whose]
