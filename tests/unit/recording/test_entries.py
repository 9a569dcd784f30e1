# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries events give, and that the teardown can read whatever is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from hypothesis import given
from hypothesis import strategies as st
from mtv_record import entries

PLAN = {"name": "auto-ab12-p", "namespace": "auto-ab12", "module": "ocp_resources.plan"}


def event(what: str, seq: int, process: str = "a", **fields: Any) -> dict[str, Any]:
    return {"event": what, "process": process, "seq": seq, "kind": "Plan", **PLAN, **fields}


@pytest.mark.parametrize(
    ("events", "named"),
    [
        pytest.param([event("intent", 1)], True, id="begun"),
        pytest.param([event("intent", 1), event("made", 2, of=1)], True, id="made"),
        pytest.param([event("intent", 1), event("failed", 2, of=1)], True, id="nobody-knows"),
        pytest.param([event("intent", 1), event("not_made", 2, of=1)], False, id="not-made"),
        pytest.param([event("intent", 1), event("not_made", 2, of=1), event("stored", 3)], True, id="reused"),
        pytest.param(
            [event("intent", 1), event("made", 2, of=1), event("intent", 3), event("not_made", 4, of=3)],
            True,
            id="twice-the-first-counts",
        ),
        pytest.param([event("intent", 1), event("stored", 2), event("removed", 3)], False, id="taken-out"),
        pytest.param([event("stored", 1), event("removed", 2), event("intent", 3)], True, id="made-again"),
        pytest.param([event("stored", 1), event("stored", 1, "b"), event("removed", 2)], True, id="another-has-it"),
        pytest.param([event("intent", 1), event("not_made", 1, "b", of=1)], True, id="not-that-call"),
        pytest.param([event("intent", 1, name=""), event("made", 2, of=1)], True, id="named-by-the-server"),
        pytest.param([event("intent", 1, name="")], False, id="without-a-name"),
        pytest.param([event("intent", 1, name="No Such Name")], False, id="impossible-name"),
        pytest.param([event("intent", 1, kind="a kind")], False, id="impossible-kind"),
        pytest.param([None, 3, [], {}, {"event": "stored"}], False, id="no-events"),
    ],
)
def test_what_is_named(events: list[Any], named: bool) -> None:
    fold = entries.Fold()
    for one in events:
        fold.add(one)
    assert fold.resources() == ({"Plan": [PLAN]} if named else {})


def test_the_suites_own_word_comes_first() -> None:
    fold = entries.Fold()
    fold.add(event("intent", 1, test_name="the test that ran"))
    fold.add(event("stored", 2, test_name="the test of the suite", secret="x"))
    assert fold.resources() == {"Plan": [{**PLAN, "test_name": "the test of the suite"}]}


@pytest.mark.parametrize(
    ("kind", "given_entry", "wanted"),
    [
        ("Plan", {**PLAN, "password": "x", "test_name": 3}, PLAN),
        ("Namespace", {"name": "auto-ab12", "namespace": None}, {"name": "auto-ab12", "namespace": None}),
        ("vsphere", {"name": "Some VM"}, {"name": "Some VM"}),
        ("VolumeSnapshot", {"id": "6f0e", "name": "snapshot for x"}, {"id": "6f0e", "name": "snapshot for x"}),
        ("VolumeSnapshot", {"name": "snapshot for x"}, None),
        ("hyperv", {"place": "", "generate_name": "auto-ab12-"}, None),
        ("Plan", {"name": 3}, None),
        ("Plan", {"name": "a\nb"}, None),
        ("Plan", {"name": "a", "namespace": ["b"]}, None),
        ("Plan", "auto-ab12-p", None),
        (None, PLAN, None),
    ],
)
def test_an_entry_has_its_named_fields_alone(kind: object, given_entry: object, wanted: object) -> None:
    found = entries.entry_of(kind, given_entry)
    assert (found == wanted and list(found or []) == [field for field in entries.FIELDS if field in (found or [])]) or (
        found == wanted
    )


ANY = st.one_of(st.none(), st.integers(), st.text(max_size=6), st.sampled_from(["a-b", "A", "..", "x:y", "auto-ab12"]))
KINDS = st.one_of(
    ANY, st.sampled_from([*entries.PROVIDERS, "Plan", "Namespace", "ClusterRoleBinding", "VolumeSnapshot", "Secret"])
)
EVENTS = st.builds(
    lambda what, kind, fields: {"event": what, "process": "a", "seq": 1, "kind": kind, **fields},
    st.sampled_from(["intent", "made", "failed", "stored", "gone", "struck"]),
    KINDS,
    st.dictionaries(st.sampled_from([*entries.FIELDS, *entries.IDENTITY]), ANY),
)


@given(st.lists(EVENTS, max_size=8))
def test_the_teardown_reads_whatever_is_written(events: list[dict[str, Any]]) -> None:
    fold = entries.Fold()
    for one in events:
        fold.add(one)
    found = fold.resources()
    records = resources_file.parse(json.dumps(found))
    assert len(records) == sum(map(len, found.values()))


@given(KINDS, st.dictionaries(st.sampled_from(["name", "namespace", "id"]), ANY))
def test_what_the_teardown_would_read_is_not_left_out(kind: Any, entry: dict[str, Any]) -> None:
    try:
        readable = bool(resources_file.parse(json.dumps({kind: [entry]}))) and isinstance(kind, str)
    except resources_file.RecordError:
        readable = False
    if readable and not str(kind).startswith("_"):
        assert entries.entry_of(kind, entry) is not None


# -- of plays: with the place and the identity -------------------------------------------------------------------


def placed(what: str, seq: int, process: str = "a", **fields: Any) -> dict[str, Any]:
    return event(what, seq, process, api_version="v1", place="https://c:6443", **fields)


UNKNOWN = {"outcome": "unknown"}


@pytest.mark.parametrize(
    ("events", "told"),
    [
        pytest.param([placed("intent", 1)], [UNKNOWN], id="begun"),
        pytest.param([placed("intent", 1), placed("made", 2, of=1, uid="u")], [{"uid": "u"}], id="made"),
        pytest.param([placed("intent", 1), placed("failed", 2, of=1)], [UNKNOWN], id="nobody-knows"),
        pytest.param([placed("intent", 1), placed("failed", 2, of=1, uid="u")], [{"uid": "u", **UNKNOWN}], id="which"),
        pytest.param([placed("intent", 1), placed("not_made", 2, of=1)], [], id="was-there"),
        pytest.param(
            [placed("intent", 1), placed("made", 2, of=1, uid="u"), placed("gone", 3, "b", uid="u")], [], id="gone"
        ),
        pytest.param(
            [placed("intent", 1), placed("made", 2, of=1, uid="u"), placed("gone", 3, uid="v")],
            [{"uid": "u"}],
            id="another-one-has-gone",
        ),
        pytest.param(
            [placed("intent", 1), placed("made", 2, of=1, uid="u"), placed("intent", 3, "b")],
            [UNKNOWN, {"uid": "u"}],
            id="begun-again",
        ),
        pytest.param(
            [
                placed("intent", 1),
                placed("made", 2, of=1, uid="u"),
                placed("intent", 3),
                placed("made", 4, of=3, uid="v"),
            ],
            [{"uid": "v"}],
            id="made-again",
        ),
        pytest.param(
            [
                placed("intent", 1),
                placed("failed", 2, of=1, uid="u"),
                placed("intent", 3),
                placed("made", 4, of=3, uid="u"),
                placed("intent", 5),
                placed("failed", 6, of=5, uid="v"),
            ],
            [{"uid": "v", **UNKNOWN}, {"uid": "u"}],
            id="of-one-identity-the-sure-word",
        ),
        pytest.param([placed("intent", 1), placed("struck", 1, "by-hand")], [], id="struck"),
        pytest.param(
            [placed("intent", 1), placed("struck", 1, "by-hand", uid="u")], [UNKNOWN], id="struck-by-another-identity"
        ),
        pytest.param([placed("intent", 1), event("struck", 1, "by-hand")], [UNKNOWN], id="struck-elsewhere"),
    ],
)
def test_what_is_told_of_an_object_of_a_play(events: list[Any], told: list[dict[str, str]]) -> None:
    fold = entries.Fold()
    for one in events:
        fold.add(one)
    place = {"api_version": "v1", "place": "https://c:6443"}
    assert fold.resources() == ({"Plan": [{**PLAN, **place, **one} for one in told]} if told else {})


def test_two_vms_of_one_name_are_two() -> None:
    fold = entries.Fold()
    for seq in (1, 3, 5):
        vm = {"kind": "vsphere", "name": "x", "place": "vc:443", "process": "a"}
        fold.add({**vm, "event": "intent", "seq": seq})
        if seq < 5:
            fold.add({**vm, "event": "made", "seq": seq + 1, "of": seq, "uid": f"u{seq}", "id": f"vm-{seq}"})
    assert [(one.get("id"), one.get("outcome")) for one in fold.resources()["vsphere"]] == [
        (None, "unknown"),
        ("vm-1", None),
        ("vm-3", None),
    ]


def test_a_moref_that_is_used_again_is_another_vm() -> None:
    """Whether the first of them was made is not known, and the sure word is about the second."""
    fold = entries.Fold()
    vm = {"kind": "vsphere", "name": "x", "place": "vc:443", "process": "a", "id": "vm-1"}
    for seq, what, uid in ((1, "failed", "u"), (3, "made", "v")):
        fold.add({**vm, "event": "intent", "seq": seq})
        fold.add({**vm, "event": what, "seq": seq + 1, "of": seq, "uid": uid})
    assert [(one.get("uid"), one.get("outcome")) for one in fold.resources()["vsphere"]] == [
        ("u", "unknown"),
        ("v", None),
    ]


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["make", "patch", "delete", "crash"])), max_size=30)


@given(STEPS)
def test_histories_lose_nothing_and_name_nothing_of_others(steps: list[tuple[int, str]]) -> None:
    """Several processes on few names: what was made and lives is named by its uid, what others have never for sure."""
    fold, there, ours = entries.Fold(), {0: "uid-of-others"}, set[str]()
    for seq, (name, step) in enumerate(steps, 1):
        at = {"process": f"p{seq % 3}", "kind": "ConfigMap", "name": f"n{name}", "namespace": "ns", "place": "c"}
        if step == "delete" and there.get(name) in ours:
            fold.add({**at, "event": "gone", "seq": seq, "uid": there.pop(name)})
        elif step != "delete":
            fold.add({**at, "event": "intent", "seq": seq})
            made = f"uid-{seq}" if name not in there and step != "patch" else ""
            if made:
                there[name] = made
            if step == "crash":
                continue
            ours |= {made} if made else set()
            end = {"event": "made", "uid": made} if made else {"event": "not_made"}
            fold.add({**at, **end, "seq": seq, "of": seq})
    named = fold.resources().get("ConfigMap", [])
    sure = {str(one.get("uid")) for one in named if "outcome" not in one}
    assert {uid for uid in there.values() if uid in ours} <= sure
    assert "uid-of-others" not in sure
    alive = {f"n{name}" for name, uid in there.items() if uid != "uid-of-others"}
    assert alive <= {one["name"] for one in named}
