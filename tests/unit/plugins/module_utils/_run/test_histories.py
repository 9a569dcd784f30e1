# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Histories of create, crash, teardown, crash and resume, from the events of a recorder to what is deleted: nothing of
others is, and nothing of the session is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import find
from ansible_collections.mtv.teardown.plugins.module_utils._recording.entries import Fold
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins.build import AFTER, BEFORE, PREFIX, STARTED, obj
from ansible_collections.mtv.teardown.tests.unit.plugins.module_utils._run.test_twice import (
    KUBE_SYSTEM,
    noted,
    statuses,
    uid,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import CATALOG, Memory
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

SPACE, PLACE = "shared-vms", "https://c:6443"
OWN_NAMES, FREE_NAMES = (f"{PREFIX}-a", f"{PREFIX}-b"), ("net", f"{PREFIX}3-x", "auto-ab1-x")
# What was asked for and not answered; before: the server never got it.
CRASHES = st.sampled_from(["", "", "before", "after"])
AGAIN = [("make", ""), ("delete", "after"), ("make", "after")]
STEPS = st.one_of(
    st.tuples(st.just("make"), st.sampled_from(OWN_NAMES + FREE_NAMES), CRASHES),
    st.tuples(st.just("delete"), st.sampled_from(OWN_NAMES + FREE_NAMES), CRASHES),
    st.tuples(st.just("others make"), st.sampled_from(FREE_NAMES), st.sampled_from([BEFORE, AFTER])),
    st.tuples(st.just("others replace"), st.sampled_from(FREE_NAMES), st.just(AFTER)),
)


@dataclass
class History:
    """there: name -> uid and time of creation; ours: uids of what the session made; sure: of which it has an answer."""

    fold: Fold = field(default_factory=Fold)
    there: dict[str, tuple[str, str]] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    sure: set[str] = field(default_factory=set)
    number: int = 0

    def step(self, what: str, name: str, detail: str) -> None:
        self.number += 1
        if what == "make":
            self._make(name, detail)
        elif what == "delete":
            self._delete(name, detail)
        elif what == "others replace" or name not in self.there:
            self.there[name] = (uid(self.number), detail)

    def _tell(self, event: str, name: str, **more: Any) -> None:
        at = {"process": f"p{self.number}", "kind": "ConfigMap", "name": name, "namespace": SPACE, "place": PLACE}
        self.fold.add({**at, "api_version": "v1", "event": event, "seq": 1, **more})

    def _make(self, name: str, crash: str) -> None:
        self._tell("intent", name)
        made = name not in self.there and crash != "before"
        if made:
            self.there[name] = (uid(self.number), AFTER)
            self.ours.add(uid(self.number))
        if made and not crash:
            self.sure.add(uid(self.number))
            self._tell("made", name, of=1, uid=uid(self.number))
        elif not crash:
            self._tell("not_made", name, of=1)

    def _delete(self, name: str, crash: str) -> None:
        """Only what it knows to be its own."""
        known = self.there.get(name, ("", ""))[0]
        if known in self.sure and crash != "before":
            del self.there[name]
            if not crash:
                self._tell("gone", name, uid=known)

    def cluster(self) -> Memory:
        others = [obj("Namespace", SPACE, created=BEFORE), KUBE_SYSTEM]
        made = [obj("ConfigMap", n, SPACE, uid=u, created=t) for n, (u, t) in self.there.items()]
        cluster = Memory([*others, *made])
        cluster.where = {"url": PLACE}
        return cluster

    def session(self) -> Session:
        records = resources_file.parse(json.dumps(self.fold.resources()))
        return Session(prefix=PREFIX, started=STARTED, records=records)


@pytest.mark.worlds
@settings(
    max_examples=examples(10_000),
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(steps=st.lists(STEPS, max_size=12), crashes=st.lists(st.integers(0, 2), max_size=2))
@example(steps=[("make", "net", ""), ("others replace", "net", AFTER)], crashes=[0])
@example(steps=[("make", "net", "before"), ("others make", "net", AFTER)], crashes=[0])
@example(steps=[("make", "net", "after"), ("make", OWN_NAMES[0], "after")], crashes=[0, 1])
# Recorded, gone without a word, and made again by a task that was cut off: it is not somebody's successor.
@example(steps=[(what, OWN_NAMES[0], end) for what, end in AGAIN], crashes=[])
@example(steps=[(what, "net", end) for what, end in AGAIN], crashes=[0])
def test_nothing_of_others_is_selected_and_nothing_of_the_session_is_lost(
    steps: list[tuple[str, str, str]], crashes: list[int]
) -> None:
    """crashes: after so many of its deletions each run of the teardown is killed; one more comes to its end."""
    history = History()
    for step in steps:
        history.step(*step)
    cluster, session = history.cluster(), history.session()
    before = dict(cluster.objects)
    for deletions in (*crashes, len(before)):
        found = find(cluster, session, CATALOG)  # type: ignore[arg-type]
        decided = statuses(found)
        owned = [one for one, status in decided.items() if status is Status.OWNED]
        assert set(owned) <= history.ours
        there = history.ours & cluster.objects.keys()
        must = {one for one in there if one in history.sure or before[one].name in OWN_NAMES}
        assert must <= set(owned)
        assert all(decided.get(one) is Status.CONTESTED for one in there - must)
        session = noted(history.session(), found.session)
        for one in owned[:deletions]:
            cluster.delete(before[one])
    assert not must & cluster.objects.keys()
    assert before.keys() - cluster.objects.keys() <= history.ours
    last = find(cluster, session, CATALOG)  # type: ignore[arg-type]
    assert Status.OWNED not in statuses(last).values()
