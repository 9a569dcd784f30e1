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
    st.sampled_from(["intent", "made", "stored"]),
    KINDS,
    st.dictionaries(st.sampled_from(entries.FIELDS), ANY),
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
