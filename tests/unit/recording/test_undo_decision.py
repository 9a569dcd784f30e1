# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is undone, and what is not, as tables."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    NOTHING,
    Change,
    Field,
    differences,
    merged,
    parts_of,
)
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_decision import (
    Outcome,
    before_of,
    judge,
    subjects,
)

UID = "4f1d1f0e-3a5e-4a53-9d8e-0d3b0a3c6a11"


def body(uid: str = UID, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "one", "namespace": "ns", "uid": uid, "resourceVersion": "7"}, **more}


def change(*fields: Field, number: int = 1, **more: Any) -> Change:
    return Change(**{"id": f"change-{number:04d}", "kind": "Thing", "api_version": "example.com/v1", "namespace": "ns",
                     "name": "one", "uid": UID, "fields": fields, **more})  # fmt: skip


def patched(there: dict[str, Any], patch: Any) -> dict[str, Any]:
    """What a server makes of it, which refuses what does not hold."""
    made = deepcopy(there)
    for op in patch:
        *parents, last = parts_of(op["path"])
        at = made
        for part in parents:
            at = at[part]
        if op["op"] == "test":
            assert at[last] == op["value"]
        elif op["op"] == "remove":
            del at[last]
        else:
            assert (last in at) == (op["op"] == "replace")
            at[last] = op["value"]
    return made


def of(before: dict[str, Any], *patches: dict[str, Any]) -> tuple[list[Change], dict[str, Any]]:
    """The changes that these patches are, and what they make."""
    found, now = [], before
    for number, patch in enumerate(patches):
        after = merged(now, patch)
        found.append(change(*differences(now, after), number=number))
        now = after
    return found, now


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        (1, (1,)),  # as it was before
        (2, (1,)),
        (3, (1,)),
        (4, (1,)),
        (9, None),
        (NOTHING, None),
    ],
)
def test_a_chain_is_undone_to_its_begin_from_wherever_it_is(live: Any, wanted: tuple[Any] | None) -> None:
    assert before_of([Field("/a", 1, 2), Field("/a", 2, 3), Field("/a", 3, 4)], live) == wanted


@pytest.mark.parametrize(("live", "wanted"), [(1, (1,)), (2, None), (7, None), (8, None), (9, None)])
def test_a_chain_that_somebody_broke_is_undone_by_nobody(live: Any, wanted: tuple[Any] | None) -> None:
    """The session made 2 of 1, somebody else 7 of that, and the session 8 of that."""
    assert before_of([Field("/a", 1, 2), Field("/a", 7, 8)], live) == wanted


@pytest.mark.parametrize(
    ("before", "patch"),
    [
        ({"spec": {"a": 1, "theirs": 2}}, {"spec": {"a": 3}}),
        ({"spec": {"a": 1}}, {"spec": {"a": None}}),
        ({"spec": {"a": 1}}, {"spec": {"b": 2, "c": [1]}}),
        ({"spec": {"a": {"x": 1, "y": 2}}}, {"spec": {"a": None}}),
        ({}, {"spec": {"a": {"b": {"c": 1}}}}),
        ({"spec": {}}, {"spec": {"a": {"b": {"c": 1}, "d": 2}}}),
        ({"data": {"a/b": "1", "c~d": "2"}}, {"data": {"a/b": "3", "c~d": None}}),
        ({}, {"metadata": {"annotations": {"x.io/y": "1"}}}),
        ({}, {"metadata": {"labels": {"x": "1"}}, "spec": {"a": False}}),
    ],
)
def test_what_is_undone_is_as_it_was_before(before: dict[str, Any], patch: dict[str, Any]) -> None:
    was = {**body(), **before}
    changes, now = of(was, patch)
    (subject,) = subjects(changes)
    seen = judge(subject, now)
    assert seen.outcome is Outcome.UNDO and len(seen.before) == len(seen.after) == len(seen.targets)
    assert patched(now, seen.patch) == was
    assert judge(subject, was).outcome is Outcome.BEFORE
    assert seen.patch[0] == {"op": "test", "path": "/metadata/uid", "value": UID}


def test_what_others_write_beside_it_lives_on() -> None:
    was = body(spec={"theirs": 1})
    changes, now = of(was, {"spec": {"ours": {"a": 1}}, "metadata": {"annotations": {"ours": "1"}}})
    now = merged(now, {"spec": {"ours": {"theirs": 2}}, "metadata": {"annotations": {"theirs": "2"}}})
    (subject,) = subjects(changes)
    made = patched(now, judge(subject, now).patch)
    assert made["spec"] == {"theirs": 1, "ours": {"theirs": 2}}
    assert made["metadata"]["annotations"] == {"theirs": "2"}


def test_what_was_made_in_two_steps_goes_in_one() -> None:
    was = body(spec={})
    changes, now = of(was, {"spec": {"a": {"b": 1}}}, {"spec": {"a": {"c": {"d": 1}}}})
    (subject,) = subjects(changes)
    assert patched(now, judge(subject, now).patch) == was


def test_where_nothing_is_only_the_version_tells_that_nothing_has_come() -> None:
    changes, now = of(body(spec={"a": 1}), {"spec": {"a": None}})
    (subject,) = subjects(changes)
    assert {"op": "test", "path": "/metadata/resourceVersion", "value": "7"} in judge(subject, now).patch


@pytest.mark.parametrize(
    ("live", "outcome"),
    [
        (None, Outcome.GONE),
        (body("another-uid-0001", spec={"a": 2, "b": 4}), Outcome.REPLACED),
        (body(spec={"a": 1, "b": 3}), Outcome.BEFORE),
        (body(spec={"a": 2, "b": 4}), Outcome.UNDO),
        (body(spec={"a": 1, "b": 4}), Outcome.UNDO),
        (body(spec={"a": 2, "b": 9}), Outcome.CHANGED),
        (body(spec={"a": 2}), Outcome.CHANGED),
        (body(), Outcome.CHANGED),
        (body(spec={"a": True, "b": 3}), Outcome.CHANGED),
    ],
)
def test_outcomes(live: dict[str, Any] | None, outcome: Outcome) -> None:
    (subject,) = subjects([change(Field("/spec/a", 1, 2), Field("/spec/b", 3, 4))])
    seen = judge(subject, live)
    assert seen.outcome is outcome
    assert bool(seen.patch) == (outcome is Outcome.UNDO)
    assert outcome.settled == (outcome in (Outcome.GONE, Outcome.REPLACED, Outcome.BEFORE))


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (change(Field("/metadata/finalizers", [], ["a"])), Outcome.FORBIDDEN),
        (change(Field("/status/a", 1, 2)), Outcome.FORBIDDEN),
        (change(Field("/data/a", "1", "2"), kind="Secret", api_version="v1"), Outcome.FORBIDDEN),
        (change(withheld="it may be secret"), Outcome.WITHHELD),
        (change(withheld="it may be secret", kind="Secret", api_version="v1"), Outcome.WITHHELD),
        (change(Field("/list/0/a", 1)), Outcome.FORBIDDEN),  # it leads into a list
    ],
)
def test_what_is_never_put_back(one: Change, outcome: Outcome) -> None:
    live = body(status={"a": 2}, data={"a": "2"}, list=[{}])
    live["metadata"]["finalizers"] = ["a"]
    (subject,) = subjects([one])
    seen = judge(subject, live)
    assert (seen.outcome, seen.patch) == (outcome, ())
    assert judge(subject, None).outcome is Outcome.GONE


def test_what_may_be_secret_is_not_told() -> None:
    (subject,) = subjects([change(Field("/spec/a", "1", "2"))])
    seen = judge(subject, body(spec={"a": "https://me:hidden@example.com"}))
    assert seen.outcome is Outcome.CHANGED and "hidden" not in seen.reason


def test_changes_of_one_object_are_one_subject_whatever_is_between() -> None:
    changes = [change(Field("/a", 1, 2), number=1), change(Field("/a", 1, 2), number=2, name="two"), change(number=3)]
    assert [[one.id for one in found.changes] for found in subjects(changes)] == [
        ["change-0001", "change-0003"],
        ["change-0002"],
    ]
