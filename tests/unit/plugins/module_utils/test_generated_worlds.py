# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in every world: bystanders live, nothing of ours is missed, and check mode says what a run does."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._phases import delete
from ansible_collections.mtv.teardown.plugins.module_utils._phases.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._phases.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._phases.verify import Terms, verify
from ansible_collections.mtv.teardown.plugins.module_utils._phases.wait import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._session import order, prefix, volumes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session.ownership import Decision, Ownership, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.verdict import Verdict, verdict
from ansible_collections.mtv.teardown.tests.unit.plugins import generated
from ansible_collections.mtv.teardown.tests.unit.plugins.build import (
    BEFORE,
    PLAN,
    PREFIX,
    STARTED,
    obj,
    record,
    session,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.generated import KINDS, MemoryCluster, Truth, World, worlds
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

LIMITS = Limits(stall=0.05, total=5.0)
PHASES = (order.VMS, order.RESOURCES, order.NAMESPACES)
LEAST = 10_000
# How many worlds each test draws; test_there_are_enough_worlds adds them up.
drawn: dict[str, int] = {}


def over(number: int, drawing: st.SearchStrategy[Any]) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """A test of that many generated worlds, the same in every run. It fails when fewer really ran."""

    def made(check: Callable[[Any], None]) -> Callable[[], None]:
        ran = [0]

        # The seed is of the test's name, so that tests draw different worlds.
        @seed(zlib.crc32(check.__name__.encode()))
        @settings(
            max_examples=number,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(drawing)
        def each(world: Any) -> None:
            check(world)
            ran[0] += 1

        def test() -> None:
            ran[0] = 0
            each()
            assert ran[0] >= number, f"only {ran[0]} of {number} worlds ran"

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        drawn[check.__name__] = number
        return test

    return made


def cluster_of(world: World, **more: Any) -> MemoryCluster:
    return MemoryCluster(world.objects, **more)


def uids(pairs: Iterable[tuple[Obj, Decision]]) -> set[str]:
    return {target.uid for target, _decision in pairs}


def selected(world: World, found: Found) -> set[str]:
    """What a deletion of the targets would take: they, and all that is in namespaces among them."""
    targets = uids(found.owned)
    places = {target.name for target, _decision in found.owned if target.kind == "Namespace"}
    return targets | {o.uid for o in world.objects if o.namespace in places and o.uid not in world.furniture}


def listed(items: Iterable[Mapping[str, Any]]) -> set[str]:
    return {entry["uid"] for entry in items}


# -- whose it is ------------------------------------------------------------------------------------------------


@over(3000, worlds())
def test_no_bystander_is_selected(world: World) -> None:
    wrong = selected(world, find(cluster_of(world), world.session)) - world.uids(Truth.OURS)
    assert not wrong, world.shown(wrong)


@over(2500, worlds())
def test_nothing_of_ours_is_missed(world: World) -> None:
    found = find(cluster_of(world), world.session)
    assert not found.unreadable
    missed = world.uids(Truth.OURS) - uids(found.owned)
    assert not missed, world.shown(missed)
    told = uids(found.with_status(Status.CONTESTED))
    assert told == world.uids(Truth.CONTESTED), world.shown(told ^ world.uids(Truth.CONTESTED))
    untold = world.uids(Truth.TOLD) - uids(found.with_status(Status.REFUSED))
    assert not untold, world.shown(untold)


Reading = list[tuple[str, Status, str, str]]


def reading(world: World, shuffle: random.Random | None) -> Reading:
    objects, kinds, records = list(world.objects), list(KINDS.values()), list(world.session.records)
    if shuffle is not None:
        for things in (objects, kinds, records):
            shuffle.shuffle(things)
    found = find(MemoryCluster(objects, kinds), world.session.learned(records=tuple(records)))
    # The reason may name one of several strangers.
    return sorted((o.uid, made.status, made.evidence, made.test_name) for o, made in found.decided)


@over(1500, worlds())
def test_the_order_of_reading_does_not_matter(world: World) -> None:
    first = reading(world, None)
    for number in range(2):
        assert reading(world, random.Random(number)) == first


# -- what a run does ----------------------------------------------------------------------------------------------


def run(cluster: MemoryCluster, known: Session, phase: str, check_mode: bool = False) -> Result:
    return delete.run(cluster, known, LIMITS, check_mode, phase=phase)


def learned(world: World) -> Session:
    """The session as the first role hands it on."""
    return find(cluster_of(world), world.session).session


def after(cluster: MemoryCluster, known: Session) -> set[str]:
    """A whole run; each phase deletes what its check mode named just before. Returns what the run says it deleted."""
    deleted: set[str] = set()
    for phase in PHASES:
        named = listed(run(cluster, known, phase, check_mode=True).done)
        result = run(cluster, known, phase)
        assert listed(result.done) | (listed(result.remaining) & named) == named
        deleted |= listed(result.done)
    return deleted


@over(1000, worlds())
def test_check_mode_names_what_a_run_deletes(world: World) -> None:
    known, cluster = learned(world), cluster_of(world)
    named = {uid for phase in PHASES for uid in listed(run(cluster, known, phase, check_mode=True).done)}
    assert not cluster.asked, "check mode wrote"
    deleted = after(cluster, known)
    gone = {o.uid for o in cluster.gone} - world.furniture
    assert named == gone == world.uids(Truth.OURS), world.shown(named ^ gone)
    assert deleted <= gone
    for phase in PHASES:
        again = run(cluster, known, phase)
        assert not again.done, again.done
        assert listed(again.remaining) <= world.uids(Truth.CONTESTED)


def with_held(world: World, number: int) -> tuple[World, frozenset[str]]:
    """A world with one object of ours that a finalizer holds."""
    ours = sorted(world.uids(Truth.OURS) - {o.uid for o in world.objects if o.kind == "PersistentVolume"})
    return world, frozenset(ours[number % len(ours) :][:1] if ours else ())


@over(300, st.builds(with_held, worlds(), st.integers(0, 50)))
def test_what_is_held_is_told_and_not_called_deleted(drawing: tuple[World, frozenset[str]]) -> None:
    world, held = drawing
    known, cluster = learned(world), cluster_of(world, held=held)
    after(cluster, known)
    left = world.uids(Truth.OURS) & cluster.here.keys()
    assert held <= left
    remaining = {uid for phase in PHASES for uid in listed(run(cluster, known, phase).remaining)}
    assert left <= remaining, world.shown(left - remaining)
    assert not world.uids(Truth.THEIRS, Truth.TOLD, Truth.CONTESTED) - cluster.here.keys() - world.furniture


# -- order --------------------------------------------------------------------------------------------------------

STEPS = [step for phase in PHASES for step in order.steps_of(phase)]
# The reasons: forklift.md 3.5.
EDGES = (
    ("VirtualMachine", "DataVolume"),
    ("DataVolume", "PersistentVolumeClaim"),
    ("Job", "Pod"),
    ("Pod", "Migration"),
    ("PersistentVolumeClaim", "Migration"),
    ("Migration", "Plan"),
    ("Plan", "NetworkMap"),
    ("Plan", "StorageMap"),
    ("NetworkMap", "Provider"),
    ("StorageMap", "Provider"),
    ("Host", "Provider"),
    ("Provider", "OVAProviderServer"),
    ("Provider", "Secret"),
    ("Pod", "NetworkAttachmentDefinition"),
    *((kind, "Namespace") for kind in KINDS if kind not in ("Namespace", "PersistentVolume")),
    ("Namespace", "PersistentVolume"),
)


def assert_order(asked: Sequence[Obj]) -> None:
    first, last = {o.kind: i for i, o in reversed(list(enumerate(asked)))}, {o.kind: i for i, o in enumerate(asked)}
    wrong = [edge for edge in EDGES if last.get(edge[0], -1) > first.get(edge[1], len(asked))]
    assert not wrong, (wrong, [o.shown for o in asked])


@over(700, worlds())
def test_everything_goes_in_its_order(world: World) -> None:
    known, cluster = learned(world), cluster_of(world)
    for target, _decision in find(cluster, known).owned:
        steps = [step for step in STEPS if order.step_of(target.group, target.kind) is step]
        assert len(steps) == 1, target.shown
        assert [steps[0] in order.steps_of(phase) for phase in PHASES].count(True) == 1
    after(cluster, known)
    assert len({o.uid for o in cluster.asked}) == len(cluster.asked), "asked twice"
    assert_order(cluster.asked)


def volume(policy: str | None, phase: str | None) -> Obj:
    spec = {"persistentVolumeReclaimPolicy": policy} if policy else {}
    return obj("PersistentVolume", "pv", spec=spec, status={"phase": phase} if phase else {})


@over(300, worlds((generated.own_volume, generated.shared_volume, generated.other_volume, generated.lent_volume)))
def test_only_released_volumes_that_are_kept_are_deleted_by_hand(world: World) -> None:
    known, cluster = learned(world), cluster_of(world)
    after(cluster, known)
    for asked in cluster.asked:
        if asked.kind == "PersistentVolume":
            assert volumes.policy(asked) == "Retain"
            assert asked.status("phase") in ("Released", "Failed", "Available")


@pytest.mark.parametrize("policy", [None, "Retain", "Delete", "Recycle"])
@pytest.mark.parametrize("phase", [None, "Pending", "Bound", "Available", "Released", "Failed"])
def test_volumes_that_may_be_deleted(policy: str | None, phase: str | None) -> None:
    kept = policy in (None, "Retain")
    assert volumes.may_be_deleted(volume(policy, phase)) is (kept and phase in ("Available", "Released", "Failed"))


# -- the verdict --------------------------------------------------------------------------------------------------

_ERRORS = (
    ApiError("403 forbidden", status=403, reason="Forbidden"),
    ApiError("500", status=500, reason="InternalError"),
    ApiError("no answer", reason="NoAnswer"),
)
Late = tuple[World, frozenset[str], dict[tuple[str, str | None], ApiError]]


def late(world: World, left: int, where: int, faults: Sequence[tuple[int, int, int]]) -> Late:
    """A world after a teardown that left nothing, one object or all; and what cannot be read now."""
    ours = sorted(world.uids(Truth.OURS, Truth.CONTESTED))
    stays = {0: frozenset[str](), 1: frozenset(ours[where % len(ours) :][:1] if ours else ()), 2: frozenset(ours)}[left]
    places = {o.namespace for o in world.objects if o.uid in stays}
    stays |= {o.uid for o in world.objects if o.kind == "Namespace" and o.name in places and o.uid in ours}
    kinds, namespaces = sorted(KINDS), sorted({o.namespace or "*" for o in world.objects})
    refused = {}
    for kind, namespace, error in faults:
        place = (None, "*", *namespaces)[namespace % (len(namespaces) + 2)]
        refused[(kinds[kind % len(kinds)], place)] = _ERRORS[error]
    return world, stays, refused


_FAULTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12), st.integers(0, 2)), max_size=3)


@over(1000, st.builds(late, worlds(), st.integers(0, 2), st.integers(0, 30), _FAULTS))
def test_clean_only_when_nothing_is_left_and_all_was_seen(drawing: Late) -> None:
    world, stays, refused = drawing
    known = learned(world)
    gone = world.uids(Truth.OURS, Truth.CONTESTED) - stays
    places = {o.name for o in world.objects if o.kind == "Namespace" and o.uid in gone}
    objects = [o for o in world.objects if o.uid not in gone and o.namespace not in places]
    result = verify(MemoryCluster(objects, faults=refused), known, Terms(quiet_interval=0.0), sleep=lambda _s: None)
    uncovered = any(r.on_provider for r in known.records)
    if result["verdict"] == Verdict.CLEAN.value:
        assert not stays, world.shown(stays)
        assert result["scopes"]
        assert not result["unreadable"]
        assert not result["leftovers"]
        assert not uncovered
    if not refused:
        assert listed(result["leftovers"]) == stays, world.shown(listed(result["leftovers"]) ^ stays)
        wanted = Verdict.LEFTOVERS if stays else Verdict.UNVERIFIED if uncovered else Verdict.CLEAN
        assert result["verdict"] == wanted.value


@pytest.mark.parametrize("number", range(16))
def test_verdict_of_everything(number: int) -> None:
    left, unreadable, uncovered, scopes = ([1] if number & bit else [] for bit in (1, 2, 4, 8))
    clean = not (left or unreadable or uncovered) and bool(scopes)
    made = verdict(left, unreadable, uncovered, scopes)
    assert (made is Verdict.CLEAN) is clean
    assert (made is Verdict.LEFTOVERS) is bool(left)


# What needs a second reading to be safe is in the tests at the end, which say what happens without it.
_PLAIN = tuple(p for p in generated.PIECES if p not in (generated.contested, generated.odd_namespace))


@over(700, st.builds(late, worlds(_PLAIN), st.just(2), st.just(0), _FAULTS))
def test_no_bystander_is_selected_when_something_cannot_be_read(drawing: Late) -> None:
    world, _stays, refused = drawing
    found = find(cluster_of(world, faults=refused), world.session)
    wrong = selected(world, found) - world.uids(Truth.OURS)
    assert not wrong, world.shown(wrong)


# -- prefixes -----------------------------------------------------------------------------------------------------

_PREFIX = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,3}", fullmatch=True)
_MORE = st.text(alphabet="ab0-.", max_size=6)
FIXED = settings(max_examples=500, derandomize=True, database=None, deadline=None)


@FIXED
@given(_PREFIX, _MORE, _MORE)
def test_a_prefix_matches_whole_words_only(own: str, before: str, behind: str) -> None:
    name, words = before + own + behind, own.split("-")
    assert prefix.matches(own, name) is (name.split("-")[: len(words)] == words)
    assert prefix.matches(own, own)
    if before == "":
        assert prefix.matches(own, name) is (behind[:1] in ("", "-"))


_SESSION = st.from_regex(r"auto-[a-z0-9]{4}", fullmatch=True)
_FOREIGN = st.sampled_from(["auto", "auto-", "x-auto-ab12", "auto-ab123", "auto-ab1", "kube-system", "", "auto-ab.2"])


@FIXED
@given(st.lists(_SESSION, max_size=3), st.lists(_FOREIGN, max_size=4), st.randoms(use_true_random=False))
def test_a_prefix_is_derived_only_when_there_is_one(own: list[str], foreign: list[str], shuffle: random.Random) -> None:
    names = [name + end for name, end in zip(own, ("", "-x", "-source-vms"), strict=False)] + foreign
    shuffle.shuffle(names)
    if len(set(own)) == 1:
        assert prefix.derive(names, "f.json") == own[0]
        prefix.agree(own[0], names, "f.json")
    else:
        with pytest.raises(RecordError):
            prefix.derive(names, "f.json")


@FIXED
@given(st.text(max_size=5) | st.from_regex(r"[a-z*?%\[\]]*[*?%\[\]][a-z0-9-]*", fullmatch=True) | st.just(" "))
def test_short_empty_and_wild_prefixes_are_refused(text: str) -> None:
    with pytest.raises(RecordError):
        prefix.check(text)


@FIXED
@given(
    st.sampled_from(prefix.PROTECTED_WORDS)
    | st.from_regex(r"(kube|openshift)-[a-z0-9-]{0,9}", fullmatch=True)
    | st.sampled_from(["konveyor-forklift", "openshift"])
)
def test_protected_words_are_refused(text: str) -> None:
    with pytest.raises(RecordError):
        prefix.check(text)


_CLUSTERS_OWN = (
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "openshift",
    "openshift-mtv",
    "openshift-x",
)


@FIXED
@given(_PREFIX | st.text(max_size=12) | st.text(alphabet="aut-o0\n\tA_./", max_size=12))
def test_a_prefix_that_is_taken_is_usable(text: str) -> None:
    try:
        own = prefix.check(text)
    except RecordError:
        return
    assert own == text.strip()
    assert len(own) >= prefix.MIN_LENGTH
    assert set(own) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert own.strip("-") == own
    assert not any(Session(own).is_own_namespace(name) for name in _CLUSTERS_OWN)


def test_there_are_enough_worlds() -> None:
    """Each test counts what it ran; this one, what they promise."""
    assert sum(drawn.values()) >= LEAST, drawn


# -- cases that were found ------------------------------------------------------------------------------------------
