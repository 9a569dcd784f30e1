# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody is told to do what cannot work: over all that can be known of an object."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Advice, Facts, Whose, advise, let_go, words

BOTH = (False, True)
RUNS = {Advice.RUN, Advice.AGAIN, Advice.LONGER}
ALL = [
    Facts(whose, known, seen, asked, failed, may, over)
    for whose, known, seen, asked, failed, may, over in itertools.product(
        Whose, BOTH, BOTH, BOTH, BOTH, (None, False, True), BOTH
    )
]


# Where this holds, none of these may be said. advise() has to obey all of it.
NEVER: list[tuple[Callable[[Facts], bool], set[Advice]]] = [
    (lambda f: f.whose is Whose.OTHERS, set(Advice) - {Advice.ASK_OWNER}),
    (lambda f: f.whose is Whose.UNKNOWN, set(Advice) - {Advice.READ}),
    (lambda f: f.whose is Whose.OURS, {Advice.ASK_OWNER}),
    (lambda f: f.whose is Whose.OURS and f.seen, {Advice.READ}),
    # Nobody knows whether there is anything to do about it.
    (lambda f: not f.seen and not f.failed, set(Advice) - {Advice.READ, Advice.ASK_OWNER}),
    (lambda f: not f.known, {Advice.CAUSE}),
    # Never around what was refused.
    (lambda f: f.known and f.failed, {*RUNS, Advice.GRANT, Advice.CHECK_RIGHT}),
    # A run would ask for it, and be refused.
    (lambda f: not f.asked and not f.may, RUNS),
    (lambda f: f.asked or f.may is not False, {Advice.GRANT}),
    (lambda f: f.asked or f.may is not None, {Advice.CHECK_RIGHT}),
    # Time is worth more only where it was short, and then it has to be more.
    (lambda f: not (f.asked and f.over), {Advice.LONGER}),
    (lambda f: f.asked and f.over, {Advice.AGAIN}),
    (lambda f: f.asked, {Advice.RUN}),
    (lambda f: not f.asked, {Advice.AGAIN}),
]


@pytest.mark.parametrize("facts", ALL, ids=str)
def test_advice(facts: Facts) -> None:
    assert [number for number, (holds, never) in enumerate(NEVER) if holds(facts) and advise(facts) in never] == []


def test_each_advice_is_given_and_only_what_has_no_words_is_left_to_the_cause() -> None:
    assert len(ALL) == 3 * 2**5 * 3
    assert {advise(facts) for facts in ALL} == set(Advice)
    assert [advice for advice in Advice if not words(advice)] == [Advice.CAUSE]
    assert words(Advice.GRANT, "delete secrets in a") == (
        "give the account the right to delete secrets in a, then run the teardown"
    )
    for advice in RUNS:
        assert words(advice).startswith("run the teardown")
    assert not any(words(advice).startswith("run ") for advice in set(Advice) - RUNS)


@pytest.mark.parametrize("whose", Whose)
def test_what_holds_it_is_deleted_by_nobody_who_does_not_own_it(whose: Whose) -> None:
    said = let_go(whose, "claim other-team/c")
    assert "claim other-team/c" in said and "delete" not in said and "run the teardown" not in said
    assert ("ask" in said) == (whose is not Whose.OURS)
