# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not read, or cannot be read, counts as somebody's: in every decision that ends in a delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._report import summary
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.tests.unit.plugins.build import (
    AFTER,
    BEFORE,
    MIGRATION,
    PLAN,
    PREFIX,
    PROVIDER,
    RESOURCES,
    obj,
    record,
    session,
)
from ansible_collections.mtv.teardown.tests.unit.plugins.module_utils._cluster.test_ownership import claim, decide
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import Memory

SHARED = "shared-vms"
CLAIM_UID = "0f0f0f0f-1111-2222-3333-444444444444"
KEYS: dict[str, Any] = {"plans": (PLAN,), "migrations": (MIGRATION,), "providers": (PROVIDER,)}
OURS = session(**KEYS)
PLANNED = {"plan": "plan-uid"}
PROVISIONED = {"pv.kubernetes.io/provisioned-by": "csi.example.com"}
LOCAL = {"pv.kubernetes.io/provisioned-by": "local-volume-provisioner-node-1"}


def everywhere(*missing: str) -> frozenset[tuple[str, str, str | None]]:
    """All lists of the whole cluster but those of these kinds."""
    return frozenset((r.group, r.kind, None) for r in RESOURCES.values() if r.kind not in missing)


def failed(kind: str, namespace: str | None = SHARED, error: str = "500 for it") -> dict[str, Any]:
    resource = RESOURCES[kind]
    return {"read": everywhere(kind), "errors": {(resource.group, kind, namespace): error}}


# -- recorded namespaces ----------------------------------------------------------------------------------------

RECORDED = session(record("Namespace", "mtv-target2", test_name="t"), **KEYS)
TARGET = obj("Namespace", "mtv-target2")

KEPT = [
    pytest.param(failed("Certificate", "mtv-target2"), "Certificate: 500 for it", id="conversion-webhook-is-dead"),
    pytest.param(failed("Secret", None, "403"), "Secret: 403", id="refused-in-the-whole-cluster"),
    pytest.param({"broken": {"cert-manager.io": "stale"}}, "cert-manager.io: stale", id="api-service-is-stale"),
    pytest.param({"whole": frozenset()}, "it was not read", id="nobody-looked-into-it"),
]


@pytest.mark.parametrize(("less", "told"), KEPT)
def test_a_recorded_namespace_is_kept_while_not_all_in_it_is_read(less: dict[str, Any], told: str) -> None:
    made = decide(RECORDED, TARGET, **less)
    assert made.status is Status.KEPT
    assert not made.ours
    assert told in made.reason
    assert made.test_name == "t"


def test_a_recorded_namespace_that_was_read_is_the_sessions() -> None:
    assert decide(RECORDED, TARGET).status is Status.OWNED
    # A list of the cluster's own kinds that failed says nothing of what is in a namespace.
    assert decide(RECORDED, TARGET, **failed("StorageClass", None)).status is Status.OWNED


STRANGERS = [
    pytest.param(
        obj("Secret", "theirs", "mtv-target2"), "Secret mtv-target2/theirs in it is not the session's", id="secret"
    ),
    pytest.param(
        obj("Plan", "auto-cd34-p", "elsewhere", spec={"targetNamespace": "mtv-target2"}),
        "Plan elsewhere/auto-cd34-p, which is not the session's, migrates into it",
        id="plan-of-another-session",
    ),
]


@pytest.mark.parametrize(("stranger", "told"), STRANGERS)
def test_a_recorded_namespace_with_strangers_is_a_leftover(stranger: Obj, told: str) -> None:
    made = decide(RECORDED, TARGET, stranger)
    assert made.status is Status.CONTESTED
    assert told in made.reason


def test_a_recorded_namespace_is_held_by_what_is_contested_in_it() -> None:
    theirs = obj("Operator", "theirs")
    inside = obj("Secret", "s", "mtv-target2", labels=PLANNED, owners=(theirs,))
    assert decide(RECORDED, TARGET, inside, theirs).status is Status.CONTESTED


# -- owners -----------------------------------------------------------------------------------------------------

STATEFUL = obj("StatefulSet", "db", SHARED)
OPERATOR = obj("Operator", "theirs")


def disk(**more: Any) -> Obj:
    return obj("PersistentVolumeClaim", "disk", SHARED, labels=PLANNED, **more)


OWNERS = [
    pytest.param((STATEFUL,), {}, "also owned by StatefulSet shared-vms/db", id="read"),
    pytest.param(
        (), {"gone": frozenset()}, "StatefulSet db, and nobody knows whose that is: it was not read", id="unread"
    ),
    pytest.param(
        (), {"gone": frozenset(), "unknown": {STATEFUL.uid: "403 for it"}}, "whose that is: 403", id="refused"
    ),
]


@pytest.mark.parametrize(("others", "less", "told"), OWNERS)
def test_an_owner_of_any_kind_keeps_it(others: tuple[Obj, ...], less: dict[str, Any], told: str) -> None:
    made = decide(OURS, disk(owners=(STATEFUL,)), *others, **less)
    assert made.status is Status.CONTESTED
    assert told in made.reason


def test_an_owner_that_a_healthy_server_does_not_know_keeps_nothing() -> None:
    assert decide(OURS, disk(owners=(STATEFUL,))).status is Status.OWNED


EVIDENCE = [
    pytest.param(OURS, obj("Secret", "s", SHARED, labels=PLANNED, owners=(OPERATOR,)), id="label"),
    pytest.param(
        session(record("Secret", "auto-ab12-s", SHARED)),
        obj("Secret", "auto-ab12-s", SHARED, owners=(OPERATOR,)),
        id="record",
    ),
    pytest.param(session(), obj("ClusterRoleBinding", "auto-ab12-b", owners=(OPERATOR,)), id="name"),
    pytest.param(session(), obj("Namespace", PREFIX, owners=(OPERATOR,)), id="own-namespace"),
    pytest.param(
        session(),
        obj("Plan", "auto-ab12-p", "mtv", spec={"targetNamespace": PREFIX}, owners=(OPERATOR,)),
        id="reference",
    ),
]


@pytest.mark.parametrize(("known", "target"), EVIDENCE)
def test_a_cluster_scoped_owner_keeps_it_whatever_the_evidence(known: Any, target: Obj) -> None:
    assert decide(known, target).status is Status.OWNED
    assert decide(known, target, OPERATOR).status is Status.CONTESTED
    assert decide(known, target, gone=frozenset()).status is Status.CONTESTED


def test_an_owner_whose_own_owner_is_the_sessions_keeps_nothing() -> None:
    deployment = obj("Deployment", "d", SHARED, labels=PLANNED)
    replicas = obj("ReplicaSet", "r", SHARED, owners=(deployment,))
    assert decide(OURS, disk(owners=(replicas,)), replicas, deployment).status is Status.OWNED


# -- users of claims --------------------------------------------------------------------------------------------

VOLUMES = [{"name": "root", "persistentVolumeClaim": {"claimName": "disk"}}]
IN_POD = {"spec": {"volumes": VOLUMES}}
TEMPLATE = {"template": IN_POD}
RUNNING = {"phase": "Running"}
USERS = [
    obj("Pod", "theirs", SHARED, spec={"volumes": VOLUMES}, status=RUNNING),
    obj("VirtualMachine", "theirs", SHARED, spec={"runStrategy": "Halted", **TEMPLATE}),
    obj(
        "VirtualMachine",
        "theirs",
        SHARED,
        spec={"template": {"spec": {"volumes": [{"name": "r", "dataVolume": {"name": "disk"}}]}}},
    ),
    obj("VirtualMachineInstance", "theirs", SHARED, spec={"volumes": VOLUMES}, status=RUNNING),
    obj("Deployment", "theirs", SHARED, spec={"replicas": 0, **TEMPLATE}),
    obj("StatefulSet", "theirs", SHARED, spec=TEMPLATE),
    obj("CronJob", "theirs", SHARED, spec={"suspend": True, "jobTemplate": {"spec": TEMPLATE}}),
]


@pytest.mark.parametrize("user", USERS, ids=lambda o: o.kind)
def test_whoever_of_others_uses_a_claim_keeps_it(user: Obj) -> None:
    made = decide(OURS, disk(), user)
    assert made.status is Status.CONTESTED
    assert f"used by {user.shown}, which is not the session's" in made.reason


def test_a_claim_in_use_keeps_what_would_take_it_along() -> None:
    machine = obj("VirtualMachine", "ours", SHARED, labels=PLANNED)
    volume = obj("DataVolume", "disk", SHARED, owners=(machine,))
    owned = obj("PersistentVolumeClaim", "disk", SHARED, owners=(volume,))
    bound = obj("PersistentVolume", "pvc-x", spec=claim("disk", SHARED, owned.uid))
    every = (machine, volume, owned, bound)
    assert [decide(OURS, o, *every).status for o in every] == [Status.OWNED] * 4
    assert [decide(OURS, o, *every, USERS[0]).status for o in every] == [Status.CONTESTED] * 4


IN_OWN = {"plan": "plan-uid", "migration": "migration-uid"}
OWN_PLAN = obj("Plan", "p", PREFIX, uid="plan-uid", spec={"targetNamespace": SHARED})
OWN_MIGRATION = obj(
    "Migration", "m", PREFIX, uid="migration-uid", spec={"plan": {"name": "p", "namespace": PREFIX}}, owners=(OWN_PLAN,)
)
OWN = (OWN_PLAN, OWN_MIGRATION, obj("Namespace", PREFIX))


@pytest.mark.parametrize("labels", [IN_OWN, {"plan": "plan-uid"}, {"migration": "migration-uid"}])
def test_a_claim_in_use_keeps_what_makes_forklift_delete_it(labels: dict[str, str]) -> None:
    """Cancel, archive and the deletion of a Plan: Forklift's controller has no precondition."""
    claim = obj("PersistentVolumeClaim", "disk", SHARED, labels=labels)
    beside = obj("Secret", "s", PREFIX)
    held = (claim, OWN_PLAN, OWN[2]) if labels == {"plan": "plan-uid"} else (claim, *OWN)
    every = (claim, beside, *OWN)
    assert {o.name for o in every if decide(OURS, o, *every).status is Status.OWNED} == {o.name for o in every}
    told = {o.uid: decide(OURS, o, *every, USERS[0]) for o in every}
    assert {uid for uid, made in told.items() if made.status is Status.CONTESTED} == {o.uid for o in held}
    assert "with it Forklift would delete PersistentVolumeClaim shared-vms/disk: used by" in told[OWN_PLAN.uid].reason
    assert told[beside.uid].status is Status.OWNED


UNREAD_CLAIMS = [
    pytest.param(failed("PersistentVolumeClaim"), "PersistentVolumeClaim: 500 for it", id="claims"),
    pytest.param(failed("DataVolume", None, "403"), "DataVolume: 403", id="refused-in-the-whole-cluster"),
    pytest.param({"broken": {"cdi.kubevirt.io": "stale"}, "read": everywhere("DataVolume")}, "stale", id="stale"),
]


@pytest.mark.parametrize(("less", "told"), UNREAD_CLAIMS)
def test_what_makes_forklift_delete_claims_that_nobody_read_stays(less: dict[str, Any], told: str) -> None:
    every = (obj("Namespace", SHARED), *OWN)
    made = {o.uid: decide(OURS, o, *every, **less) for o in OWN}
    assert {one.status for one in made.values()} == {Status.CONTESTED}
    assert f"nobody knows whose claims in {SHARED} Forklift would delete with it: " in made[OWN_PLAN.uid].reason
    assert told in made[OWN_PLAN.uid].reason
    # Where the target has gone there are none, and in the session's own namespace they are its own.
    assert decide(OURS, OWN_PLAN, *OWN, **less).status is Status.OWNED
    at_home = obj("Plan", "p", PREFIX, uid="plan-uid", spec={"targetNamespace": PREFIX})
    assert decide(OURS, at_home, obj("Namespace", PREFIX), **less).status is Status.OWNED


@pytest.mark.parametrize(("less", "told"), UNREAD_CLAIMS)
def test_a_vm_whose_claims_nobody_read_stays(less: dict[str, Any], told: str) -> None:
    """They go with it, and somebody may use one."""
    machine = obj("VirtualMachine", "ours", SHARED, labels=PLANNED)
    every = (obj("Namespace", SHARED), machine)
    made = decide(OURS, machine, *every, **less)
    assert made.status is Status.CONTESTED and made.blind
    assert f"nobody knows which claims in {SHARED} would go with it: " in made.reason and told in made.reason
    assert decide(OURS, machine, *every).status is Status.OWNED
    at_home = obj("VirtualMachine", "ours", PREFIX)
    assert decide(OURS, at_home, obj("Namespace", PREFIX), **less).status is Status.OWNED


def test_a_migration_whose_plan_was_not_read_stays() -> None:
    less = failed("Plan", None)
    made = decide(OURS, OWN_MIGRATION, obj("Namespace", SHARED), OWN[2], **less)
    assert (made.status, "500 for it" in made.reason) == (Status.CONTESTED, True)
    assert decide(OURS, OWN_MIGRATION, obj("Namespace", SHARED), OWN[2]).status is Status.OWNED


def test_a_claim_that_a_migrated_vm_owns_is_safe_from_forklift() -> None:
    machine = obj("VirtualMachine", "ours", SHARED, labels=IN_OWN)
    volume = obj("DataVolume", "disk", SHARED, owners=(machine,), labels=IN_OWN)
    claim = obj("PersistentVolumeClaim", "disk", SHARED, owners=(volume,), labels=IN_OWN)
    every = (machine, volume, claim, *OWN, USERS[0])
    assert [decide(OURS, o, *every).status for o in (machine, volume, claim)] == [Status.CONTESTED] * 3
    assert [decide(OURS, o, *every).status for o in OWN] == [Status.OWNED] * 3


OVER = [
    obj("Pod", "theirs", SHARED, spec={"volumes": VOLUMES}, status={"phase": "Succeeded"}),
    obj("Job", "theirs", SHARED, spec=TEMPLATE, status={"conditions": [{"type": "Complete", "status": "True"}]}),
    obj("Pod", "theirs", "other-team", spec={"volumes": VOLUMES}, status=RUNNING),
    obj("Pod", "ours", SHARED, labels=PLANNED, spec={"volumes": VOLUMES}, status=RUNNING),
]


@pytest.mark.parametrize("user", OVER, ids=["finished-pod", "finished-job", "another-namespace", "the-sessions-own"])
def test_who_does_not_use_it_keeps_nothing(user: Obj) -> None:
    assert decide(OURS, disk(), user).status is Status.OWNED


@pytest.mark.parametrize(
    "kind", sorted(kind for _group, kind in order.USER_KINDS & {(r.group, r.kind) for r in RESOURCES.values()})
)
def test_a_claim_counts_as_used_where_a_kind_of_user_was_not_read(kind: str) -> None:
    made = decide(OURS, disk(), **failed(kind))
    assert made.status is Status.CONTESTED
    assert f"nobody knows which {kind} uses it: 500 for it" in made.reason
    # In the session's own namespace nobody else can.
    assert decide(OURS, obj("PersistentVolumeClaim", "disk", PREFIX), **failed(kind, PREFIX)).status is Status.OWNED


# A kind that no rule names may show an object of one that was not read, under its uid.
MAYBE_VIEWS = [
    pytest.param(failed("PersistentVolumeClaim"), "shows an object of PersistentVolumeClaim: 500", id="list-fails"),
    pytest.param(failed("Pod", None, "403"), "shows an object of Pod: 403", id="refused-everywhere"),
    pytest.param({"broken": {"kubevirt.io": "stale"}}, "shows an object of kubevirt.io: stale", id="stale-group"),
    pytest.param({}, "", id="all-was-read"),
    pytest.param(failed("NetworkPolicy"), "", id="a-kind-without-rules"),
    pytest.param(
        {**failed("Pod", "other-team"), "read": everywhere("Pod") | {("", "Pod", SHARED)}}, "", id="elsewhere"
    ),
    pytest.param(failed("Pod", "other-team"), "shows an object of Pod: it was not read", id="nobody-tried"),
    pytest.param({"broken": {"metrics.k8s.io": "stale"}}, "", id="a-group-without-rules"),
]


@pytest.mark.parametrize(("covered", "reason"), MAYBE_VIEWS)
def test_an_unknown_kind_may_show_what_was_not_read(covered: dict[str, Any], reason: str) -> None:
    made = decide(OURS, obj("ServiceAccount", "ours", SHARED, labels=PLANNED), **covered)
    assert made.status is (Status.CONTESTED if reason else Status.OWNED)
    assert reason in made.reason
    assert decide(OURS, obj("ServiceAccount", "ours", PREFIX, labels=PLANNED), **covered).status is Status.OWNED


# -- volumes ----------------------------------------------------------------------------------------------------

NO_START = session(started="")
OWN_CLAIM = obj("PersistentVolumeClaim", "c", PREFIX, uid=CLAIM_UID, created=AFTER)
LENT = [
    pytest.param(NO_START, "nfs-1", BEFORE, {}, (), "nothing tells when the session began", id="static-no-start"),
    pytest.param(NO_START, "nfs-1", AFTER, {}, (OWN_CLAIM,), "nothing tells when", id="static-as-young-as-its-claim"),
    pytest.param(NO_START, "local-pv-1", BEFORE, LOCAL, (OWN_CLAIM,), "nothing tells", id="local-before-its-claim"),
    pytest.param(session(), "local-pv-1", BEFORE, LOCAL, (), "older than the session", id="local-storage-operator"),
    pytest.param(session(), "nfs-1", "", {}, (), "does not say how old", id="no-age"),
]


@pytest.mark.parametrize(("known", "name", "created", "notes", "others", "told"), LENT)
def test_a_volume_that_was_lent_is_refused(
    known: Any, name: str, created: str, notes: dict[str, str], others: tuple[Obj, ...], told: str
) -> None:
    volume = obj("PersistentVolume", name, created=created, annotations=notes, spec=claim("c", PREFIX, CLAIM_UID))
    made = decide(known, volume, *others)
    assert made.status is Status.REFUSED
    assert told in made.reason


MADE = [
    pytest.param(NO_START, f"pvc-{CLAIM_UID}", BEFORE, PROVISIONED, (), id="named-by-the-claim"),
    pytest.param(NO_START, "vol-1", AFTER, PROVISIONED, (OWN_CLAIM,), id="provisioned-after-its-claim"),
    pytest.param(session(), "ova-store-pv-1", AFTER, {}, (), id="static-of-the-session"),
]


@pytest.mark.parametrize(("known", "name", "created", "notes", "others"), MADE)
def test_a_volume_that_was_made_for_the_session_is_its_own(
    known: Any, name: str, created: str, notes: dict[str, str], others: tuple[Obj, ...]
) -> None:
    volume = obj("PersistentVolume", name, created=created, annotations=notes, spec=claim("c", PREFIX, CLAIM_UID))
    assert decide(known, volume, *others).status is Status.OWNED


@pytest.mark.parametrize("phase", ["Bound", "Released"])
def test_a_populated_volume_that_others_took_is_theirs(phase: str) -> None:
    notes = {"forklift.konveyor.io/populated-from": f"{PREFIX}/cr"}
    spec = claim("theirs", "other-team", "their-uid")
    made = decide(OURS, obj("PersistentVolume", "pv", annotations=notes, spec=spec, status={"phase": phase}))
    assert made.status is Status.REFUSED
    assert "bound to claim other-team/theirs, which is not the session's" in made.reason


def content(namespace: str = PREFIX, created: str = AFTER, source: str = "volumeHandle") -> Obj:
    spec = {"volumeSnapshotRef": {"namespace": namespace, "name": "s", "uid": CLAIM_UID}, "source": {source: "x"}}
    return obj("VolumeSnapshotContent", "snapcontent-1", created=created, spec=spec)


def test_the_content_of_a_snapshot_of_the_session_is_its_own() -> None:
    assert decide(session(), content()).status is Status.OWNED
    assert decide(session(), content("other-team")).status is Status.OTHER
    lent = decide(session(), content(created=BEFORE, source="snapshotHandle"))
    assert lent.status is Status.REFUSED


# -- sessions that overlap --------------------------------------------------------------------------------------

REUSED = session(
    record("StorageMap", "gold", "mtv"), record("NetworkMap", "gold", "mtv"), record("Secret", "s", "mtv"), **KEYS
)
OVERLAP = [
    pytest.param({"labels": {"plan": "their-plan"}}, id="label-plan"),
    pytest.param({"labels": {"migration": "their-migration"}}, id="label-migration"),
    pytest.param({"labels": {"plan-name": "auto-cd34-p"}}, id="label-with-their-prefix"),
    pytest.param({"annotations": {"made-for": "auto-cd34/x"}}, id="annotation-with-their-prefix"),
    pytest.param({"spec": {"provider": {"source": {"name": "auto-cd34-source-vsphere"}}}}, id="reference"),
]


@pytest.mark.parametrize("more", OVERLAP)
def test_what_another_session_made_meanwhile_is_not_ours_by_age(more: dict[str, Any]) -> None:
    assert decide(REUSED, obj("NetworkMap", "gold", "mtv")).status is Status.OWNED
    made = decide(REUSED, obj("NetworkMap", "gold", "mtv", **more))
    assert made.status is Status.REFUSED
    assert "the session" in made.reason or "another session" in made.reason


# -- what stands in the cluster ---------------------------------------------------------------------------------


def account(namespace: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": "default", "namespace": namespace}


def bound(*namespaces: str, created: str = AFTER, name: str = "their-name") -> Obj:
    return obj("ClusterRoleBinding", name, created=created, subjects=[account(n) for n in namespaces])


BINDINGS = [
    pytest.param(bound(PREFIX), Status.OWNED, id="all-subjects-are-ours"),
    pytest.param(bound(PREFIX, f"{PREFIX}-source-vms"), Status.OWNED, id="in-two-of-our-namespaces"),
    pytest.param(bound(PREFIX, "other-team"), Status.OTHER, id="one-is-not"),
    pytest.param(bound(f"{PREFIX}3"), Status.OTHER, id="longer-prefix"),
    pytest.param(bound(PREFIX, created=BEFORE), Status.REFUSED, id="older"),
    pytest.param(bound(), Status.OTHER, id="none"),
    pytest.param(bound(PREFIX, name="populator-pv-reader-binding"), Status.OTHER, id="forklifts-own"),
]


@pytest.mark.parametrize(("binding", "status"), BINDINGS)
def test_a_binding_whose_subjects_are_all_the_sessions_is_its_own(binding: Obj, status: Status) -> None:
    assert decide(session(), binding).status is status


def test_constraints_that_name_the_session_are_told_and_stay() -> None:
    users = [f"system:serviceaccount:{PREFIX}:default", "system:serviceaccount:other-team:x"]
    constraints = obj("SecurityContextConstraints", "privileged", created=BEFORE, users=users)
    made = decide(session(), constraints)
    assert made.status is Status.CONTESTED
    assert f"oc adm policy remove-scc-from-user privileged system:serviceaccount:{PREFIX}:default" in made.reason
    below = obj("Secret", "s", "other-team", owners=(constraints,))
    assert decide(session(), below, constraints).status is Status.OTHER
    theirs = obj("SecurityContextConstraints", "privileged", users=users[1:])
    assert decide(session(), theirs).status is Status.OTHER


NAMED = [
    pytest.param(obj("StorageClass", "auto-ab12-sc"), Status.OWNED, id="storage-class"),
    pytest.param(obj("ClusterRole", "auto-ab12-role"), Status.OWNED, id="cluster-role"),
    pytest.param(obj("ClusterRole", "auto-ab12-role", created=BEFORE), Status.REFUSED, id="older"),
    pytest.param(obj("CSIDriver", "auto-ab12-driver"), Status.REFUSED, id="a-kind-that-tests-do-not-make"),
    pytest.param(obj("StorageClass", "auto-ab123-sc"), Status.OTHER, id="longer-prefix"),
]


@pytest.mark.parametrize(("target", "status"), NAMED)
def test_of_the_clusters_own_kinds_a_name_owns_what_tests_make(target: Obj, status: Status) -> None:
    assert decide(session(), target).status is status


# -- label vmID -------------------------------------------------------------------------------------------------

VM_ID = {"vmID": "vm-101"}


@pytest.fixture
def cloned() -> Any:
    return session(plans=(replace(PLAN, vms=(("vm-101", "auto-ab12-rhel8-x1y2"), ("vm-7", "base-vm"))),))


def test_a_label_with_the_id_of_a_clone_owns(cloned: Any) -> None:
    policy = obj("NetworkPolicy", "n", SHARED, labels=VM_ID)
    assert decide(cloned, policy).status is Status.OWNED
    assert decide(cloned, obj("NetworkPolicy", "n", SHARED, labels={"vmID": "vm-7"})).status is Status.OTHER
    assert decide(cloned, obj("NetworkPolicy", "n", SHARED, labels={**VM_ID, "plan": "their"})).status is Status.OTHER
    assert decide(cloned, obj("NetworkPolicy", "n", SHARED, labels=VM_ID, created=BEFORE)).status is Status.REFUSED
    theirs = obj("Plan", "theirs", "mtv", spec={"vms": [{"id": "vm-101"}]})
    assert decide(cloned, policy, theirs).status is Status.REFUSED
    assert decide(cloned, policy, **failed("Plan", None)).status is Status.REFUSED


def test_a_plan_that_was_made_anew_takes_its_labels_along() -> None:
    known = session(record("Plan", "auto-ab12-p", "mtv"))
    labels = {"plan-name": "auto-ab12-p", "plan-namespace": "mtv", "plan": "new-uid"}
    target = obj("DataVolume", "d", SHARED, labels=labels)
    assert decide(known, target).status is Status.OWNED
    anew = obj("Plan", "auto-ab12-p", "mtv", uid="new-uid", created=BEFORE)
    assert decide(known, target, anew).status is not Status.OWNED


# -- the end ----------------------------------------------------------------------------------------------------


def test_what_the_last_look_could_not_see_stays_in_the_summary() -> None:
    secret, policy = obj("Secret", "s", PREFIX), obj("NetworkPolicy", "n", PREFIX)
    known = [item(one, Decision(Status.OWNED, "namespace")) for one in (secret, policy)]
    cluster: Any = Memory([obj("Namespace", PREFIX)], failing={("Secret", PREFIX)})
    told = verify.verify(cluster, session(), verify.Terms(0, 1), known, sleep=lambda _s: None)
    assert [entry["name"] for entry in told["deleted"]] == ["n"]
    assert [entry["name"] for entry in told["unseen"]] == ["s"]
    lines = summary.of_verdict(session(), told)
    assert lines[lines.index("not seen whether they are gone:") + 1] == "  Secret auto-ab12/s"
