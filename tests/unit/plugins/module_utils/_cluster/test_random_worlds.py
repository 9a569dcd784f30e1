# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand worlds through the pure decisions. A failure names the number of its world; world(number) makes it.

Numbers that once failed stay as examples.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete, order, scopes
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import may_be_deleted
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import look, verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import from_dict
from ansible_collections.mtv.teardown.plugins.module_utils._session.verdict import Verdict, verdict
from ansible_collections.mtv.teardown.tests.unit.plugins.build import RESOURCES
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import (
    CATALOG,
    CONTESTED,
    OTHERS,
    OURS,
    SHARED,
    Memory,
    World,
    world,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

DECIDED, TORN_DOWN = examples(9600), examples(450)
NUMBERS = st.integers(min_value=0, max_value=2**48)
QUICK = Limits(stall=0.02, total=1, settle=0.01)
PHASES = (order.VMS, order.RESOURCES, order.NAMESPACES)
COMMON = {"database": None, "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
seen: dict[str, set[int]] = {"decided": set(), "torn down": set(), "unread": set()}


def reading(w: World) -> Found:
    return find(Memory(w.objects), w.session, CATALOG)  # type: ignore[arg-type]


def uids(found: Found, *statuses: Status) -> set[str]:
    return {o.uid for o, _made in found.with_status(*statuses)}


def shown(w: World, wrong: Iterable[str]) -> list[str]:
    return [o.shown for o in w.objects if o.uid in set(wrong)]


@pytest.mark.worlds
@settings(max_examples=DECIDED, **COMMON)
@given(number=NUMBERS)
@example(number=0)
def test_nobody_elses_is_chosen_and_nothing_of_ours_is_missed(number: int) -> None:
    w = world(number)
    seen["decided"].add(number)
    found = reading(w)
    chosen = uids(found, Status.OWNED)
    assert not shown(w, chosen & w.of(OTHERS, CONTESTED)), "chosen, and not the session's"
    assert not shown(w, w.of(OURS) - chosen), "the session's, and not chosen"
    assert not shown(w, w.of(CONTESTED) - uids(found, Status.CONTESTED)), "not told that others use it"
    _check_order(found)
    if number % 4 == 0:
        turned = world(number)
        random.Random(number).shuffle(turned.objects)
        assert uids(reading(turned), Status.OWNED) == chosen, "it depends on the order of reading"


EDGES = [
    ("VirtualMachine", "DataVolume"),
    ("DataVolume", "PersistentVolumeClaim"),
    ("DataVolume", "Pod"),
    ("PersistentVolumeClaim", "Migration"),
    ("Migration", "Plan"),
    ("Plan", "NetworkMap"),
    ("NetworkMap", "Provider"),
    ("Provider", "Secret"),
    ("Pod", "NetworkAttachmentDefinition"),
    ("Secret", "Namespace"),
    ("Namespace", "PersistentVolume"),
    ("PersistentVolume", "RoleBinding"),
    ("PersistentVolume", "ClusterRoleBinding"),
]


def _check_order(found: Found) -> None:
    """Every object has exactly one step, and the steps are in the order of forklift.md 3.5."""
    steps = [step for phase in PHASES for step in order.steps_of(phase)]
    for made, _decision in found.owned:
        assert steps.count(order.step_of(made.group, made.kind)) == 1
    place = {kind: steps.index(order.step_of(r.group, kind)) for kind, r in RESOURCES.items()}
    assert [edge for edge in EDGES if place[edge[0]] >= place[edge[1]]] == []


def _rights_inside(w: World) -> set[str]:
    """RoleBindings in namespaces that go: the last right to delete there may be one of them."""
    gone = {o.name for o in w.objects if o.kind == "Namespace" and o.uid in w.of(OURS)}
    return {o.uid for o in w.objects if o.kind == "RoleBinding" and o.namespace in gone}


@pytest.mark.worlds
@settings(max_examples=TORN_DOWN, **COMMON)
@given(number=NUMBERS)
def test_what_check_mode_names_is_what_a_run_deletes(number: int) -> None:
    w = world(number)
    seen["torn down"].add(number)
    cluster = Memory(w.objects)
    shown_before = {entry["uid"] for entry in look.look(cluster, w.session)["targets"]}  # type: ignore[arg-type]
    session = from_dict(look.look(cluster, w.session)["session"])  # type: ignore[arg-type]
    foretold = set()
    for phase in PHASES:
        told = delete.run(cluster, session, QUICK, True, phase=phase)  # type: ignore[arg-type]
        foretold |= {entry["uid"] for entry in told.done}
    assert cluster.writes == []
    assert foretold == shown_before == w.of(OURS)
    for phase in PHASES:
        delete.run(cluster, session, QUICK, False, phase=phase)  # type: ignore[arg-type]
    kept = {o.uid for o in w.objects if o.kind == "PersistentVolume" and not may_be_deleted(o)}
    along = _rights_inside(w)
    assert set(cluster.writes) == foretold - kept - along, "asked for something else than was foretold"
    assert not shown(w, w.of(OTHERS, CONTESTED) - set(cluster.objects)), "a bystander is gone"
    assert set(cluster.objects) & w.of(OURS) <= kept
    judged = verify.verify(cluster, session, verify.Terms(0, 1), sleep=lambda _s: None)  # type: ignore[arg-type]
    left = {entry["uid"] for entry in judged["leftovers"]}
    assert left == set(cluster.objects) & w.of(OURS, CONTESTED)
    assert (judged["verdict"] == "clean") == (not left)
    before = list(cluster.writes)
    for phase in PHASES:
        again = delete.run(cluster, session, QUICK, False, phase=phase)  # type: ignore[arg-type]
        assert again.done == []
    assert cluster.writes == before


UNREAD = examples(500)


@pytest.mark.worlds
@settings(max_examples=UNREAD, **COMMON)
@given(number=NUMBERS)
@example(number=0)
def test_lists_that_fail_cost_no_bystander_and_are_never_clean(number: int) -> None:
    """One to three lists fail, anywhere, from the first look to the last."""
    w = world(number)
    seen["unread"].add(number)
    kinds = sorted(kind for kind in RESOURCES if kind != "Event")
    failing = {
        (w.rng.choice(kinds), w.rng.choice(["anywhere", None, SHARED, w.prefix]))
        for _time in range(w.rng.randrange(1, 4))
    }
    cluster = Memory(w.objects, failing, own=w.prefix)
    found = find(cluster, w.session, CATALOG)  # type: ignore[arg-type]
    chosen = uids(found, Status.OWNED)
    held = w.of(OTHERS, CONTESTED)
    assert not shown(w, chosen & held), "chosen, and not the session's"
    session = from_dict(found.session.as_dict())
    for phase in PHASES:
        delete.run(cluster, session, QUICK, False, phase=phase)  # type: ignore[arg-type]
    assert not shown(w, held - set(cluster.objects)), "a bystander is gone"
    judged = verify.verify(cluster, session, verify.Terms(0, 1), sleep=lambda _s: None)  # type: ignore[arg-type]
    left = shown(w, set(cluster.objects) & w.of(OURS, CONTESTED))
    assert judged["verdict"] != "clean" or not left, f"clean, and there is {left}"


NARROW = examples(150)
KINDS = sorted((r.group, r.kind) for r in RESOURCES.values())


def aims(rng: random.Random) -> list[scopes.Aim]:
    """Those of the phases, and any."""
    chosen = frozenset(rng.sample(KINDS, rng.randrange(4)))
    made = scopes.Aim(kinds=chosen, rest=rng.random() < 0.5, outside=rng.random() < 0.5)
    return [scopes.ROOTS, *scopes.PHASES.values(), *scopes.AGAIN.values(), made]


def changed(w: World) -> list[Obj]:
    """The world a while later: some of it is gone, some has lost its labels or its owners."""
    left = [o for o in w.objects if w.rng.random() < 0.9 or o.kind == "Namespace"]
    return [replace(o, **w.rng.choice([{}, {}, {}, {"labels": {}}, {"owners": ()}])) for o in left]


@pytest.mark.worlds
@settings(max_examples=NARROW, **COMMON)
@given(number=NUMBERS)
@example(number=0)
def test_who_reads_less_owns_no_more(number: int) -> None:
    """Whatever a look is for: what it calls the session's alone is so for a look at everything."""
    w = world(number)
    failing = {(w.rng.choice(KINDS)[1], w.rng.choice([None, SHARED, w.prefix]))} if number % 3 == 0 else set()
    before = find(Memory(w.objects), w.session, CATALOG).session  # type: ignore[arg-type]
    for session in (w.session, before, before.learned(met={})):
        cluster = Memory(changed(w) if session is not w.session else w.objects, failing)
        everything = uids(find(cluster, session, CATALOG), Status.OWNED)  # type: ignore[arg-type]
        for aim in aims(w.rng):
            chosen = uids(find(cluster, session, CATALOG, aim), Status.OWNED)  # type: ignore[arg-type]
            assert not shown(w, chosen - everything), f"chosen by a look for {aim}"


@pytest.mark.worlds
def test_ten_thousand_different_worlds_were_seen() -> None:
    """Runs after the two above: a generator that makes the same world again and again proves nothing."""
    assert len(seen["decided"]) + len(seen["torn down"]) >= examples(10_000)
    sizes = {len(world(number).objects) for number in list(seen["decided"])[:200]}
    assert max(sizes) > 25


@settings(max_examples=2000, **COMMON)
@given(st.text(alphabet="abz019-*?[]%. _A\n", max_size=12), st.text(alphabet="abz019-.", max_size=14))
@example("auto-ab1", "auto-ab12-x")
@example("", "x")
def test_a_prefix_owns_itself_and_what_follows_a_dash(given_prefix: str, name: str) -> None:
    try:
        usable = prefix.check(given_prefix)
    except RecordError:
        usable = ""
    if not usable:
        return
    assert len(usable) >= prefix.MIN_LENGTH
    assert not set(usable) & set("*?[]%. _A\n")
    assert prefix.matches(usable, name) == (name == usable or name.startswith(f"{usable}-"))
    assert prefix.matches(usable, f"{usable}-{name}")
    assert not prefix.matches(usable, f"{usable}x-{name}")


HOSTILE = ["", " ", "-", "*", "auto-*", "auto-?b12", "[a-z]", "%", "a", "auto", "auto-", "kube", "openshift", "default"]
HOSTILE += [
    "kube-system",
    "openshift-mtv",
    "Auto-ab12",
    "auto-ab12-",
    "auto_ab12",
    "auto.ab12",
    "\u0430uto-ab12",
    "x" * 60,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_prefixes_are_refused(hostile: str) -> None:
    with pytest.raises(RecordError):
        prefix.check(hostile)


@settings(max_examples=500, **COMMON)
@given(*(st.lists(st.integers(), max_size=2) for index in range(5)))
def test_clean_needs_everything(
    left: list[int], unread: list[int], uncovered: list[int], scopes: list[int], undone: list[int]
) -> None:
    said = verdict(left, unread, uncovered, scopes, undone)
    assert (said is Verdict.CLEAN) == (bool(scopes) and not (left or unread or uncovered or undone))
    assert (said is Verdict.LEFTOVERS) == bool(left)
