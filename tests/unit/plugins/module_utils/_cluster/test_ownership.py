# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose is it, and why: the one decision on which every delete rests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ownership import Ownership
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins.build import (
    AFTER,
    BEFORE,
    MIGRATION,
    PLAN,
    PREFIX,
    PROVIDER,
    STARTED,
    covered,
    decide,
    obj,
    record,
    session,
)

# What openshift-controller-manager and openshift-apiserver write.
PULLS_FOR = "openshift.io/internal-registry-auth-token.service-account"
REQUESTED = {"openshift.io/requester": "kube:admin"}
CLAIM_UID = "0f0f0f0f-1111-2222-3333-444444444444"
KEYS = {"plans": (PLAN,), "migrations": (MIGRATION,), "providers": (PROVIDER,)}


def claim(name: str, namespace: str, uid: str = "") -> dict[str, object]:
    return {"claimRef": {"namespace": namespace, "name": name, "uid": uid}}


OWNED = [
    pytest.param(session(), obj("Namespace", PREFIX), (), "name", "", id="own-namespace"),
    pytest.param(
        session(record("Namespace", PREFIX, test_name="t")),
        obj("Namespace", PREFIX),
        (),
        "record",
        "t",
        id="recorded-ns",
    ),
    pytest.param(session(), obj("Namespace", "auto-ab12-source-vms"), (), "name", "", id="source-namespace"),
    pytest.param(
        session(record("Namespace", "made-by-us")), obj("Namespace", "made-by-us"), (), "record", "", id="odd-ns-young"
    ),
    pytest.param(session(), obj("Secret", "anything", PREFIX), (), "namespace", "", id="in-own-namespace"),
    pytest.param(
        session(record("Secret", "s", PREFIX, "t")),
        obj("Secret", "s", PREFIX),
        (),
        "namespace",
        "t",
        id="blamed-by-record",
    ),
    pytest.param(
        session(**KEYS),
        obj("Secret", "s", PREFIX, labels={"plan": "plan-uid"}),
        (),
        "namespace",
        "test_plan",
        id="blamed-by-label",
    ),
    pytest.param(
        session(**KEYS),
        obj("VirtualMachine", "rhel8", "shared-vms", labels={"plan": "plan-uid"}),
        (),
        "label plan",
        "test_plan",
        id="label-plan",
    ),
    pytest.param(
        session(**KEYS),
        obj("PersistentVolumeClaim", "x", "shared-vms", labels={"migration": "migration-uid"}),
        (),
        "label migration",
        "test_plan",
        id="label-migration",
    ),
    pytest.param(
        session(record("Plan", "gone", "mtv", "t")),
        obj("DataVolume", "x", "shared-vms", labels={"plan-name": "gone", "plan-namespace": "mtv"}),
        (),
        "label plan-name",
        "t",
        id="label-plan-name-of-a-recorded-plan",
    ),
    pytest.param(
        session(**KEYS), obj("Plan", "auto-ab12-p", "mtv", uid="plan-uid"), (), "uid", "test_plan", id="plan-by-uid"
    ),
    pytest.param(
        session(**KEYS),
        obj("Migration", "other-name", "mtv", spec={"plan": {"name": "auto-ab12-p", "namespace": "mtv"}}),
        (),
        "plan",
        "test_plan",
        id="migration-of-our-plan",
    ),
    pytest.param(
        session(**KEYS),
        obj("ConfigMap", "hook", "mtv", owners=("plan-uid",)),
        (),
        "owner",
        "test_plan",
        id="owner-plan",
    ),
    pytest.param(
        session(**KEYS),
        obj("Pod", "virt-launcher", "shared-vms", owners=("vm-uid",)),
        (obj("VirtualMachine", "v", "shared-vms", uid="vm-uid", labels={"plan": "plan-uid"}),),
        "owner",
        "test_plan",
        id="owner-of-owner",
    ),
    pytest.param(
        session(lineage={"gone-vm-uid": "t"}),
        obj("PersistentVolumeClaim", "x", "shared-vms", owners=("gone-vm-uid",)),
        (),
        "owner",
        "t",
        id="owner-that-has-gone",
    ),
    pytest.param(
        session(lineage={"the-uid": "t"}), obj("Pod", "x", "shared-vms", uid="the-uid"), (), "uid", "t", id="known-uid"
    ),
    pytest.param(
        session(**KEYS),
        obj("PersistentVolumeClaim", f"prime-{CLAIM_UID}", "shared-vms"),
        (obj("PersistentVolumeClaim", "c", "shared-vms", uid=CLAIM_UID, labels={"migration": "migration-uid"}),),
        "claim uid in its name",
        "test_plan",
        id="prime-without-owner",
    ),
    pytest.param(
        session(lineage={CLAIM_UID: "t"}),
        obj("Pod", f"populate-{CLAIM_UID}", "shared-vms"),
        (),
        "claim uid in its name",
        "t",
        id="populate-pod-of-a-claim-that-has-gone",
    ),
    pytest.param(
        session(), obj("PersistentVolume", "pv", spec=claim("c", PREFIX)), (), "claim", "", id="volume-of-own-namespace"
    ),
    pytest.param(
        session(),
        obj("PersistentVolume", "pv", annotations={"forklift.konveyor.io/populated-from": f"{PREFIX}/cr"}),
        (),
        "populated-from",
        "",
        id="populated-volume",
    ),
    pytest.param(
        session(lineage={"claim-uid": "t"}),
        obj("PersistentVolume", "pv", spec=claim("c", "shared-vms", "claim-uid")),
        (),
        "claim",
        "t",
        id="volume-of-a-claim-that-has-gone",
    ),
    pytest.param(
        session(),
        obj(
            "PersistentVolume",
            f"pvc-{CLAIM_UID}",
            created=BEFORE,
            spec=claim("c", PREFIX, CLAIM_UID),
            annotations={"pv.kubernetes.io/provisioned-by": "csi"},
        ),
        (),
        "claim",
        "",
        id="provisioned-for-this-very-claim-whatever-the-clocks-say",
    ),
    pytest.param(
        session(**KEYS),
        obj("Deployment", "ova-x", "openshift-mtv", labels={"app": "forklift", "provider": "provider-uid"}),
        (),
        "label provider",
        "test_ova",
        id="ova-server",
    ),
    pytest.param(
        session(**KEYS),
        obj("ConfigMap", "auto-ab12-p-extra-v2v-conf", "shared-vms"),
        (),
        "named by its plan",
        "test_plan",
        id="unlabelled-configmap-of-a-plan",
    ),
    pytest.param(
        session(record("ServiceAccount", "auto-ab12-sa", "openshift-mtv", "t")),
        obj("ServiceAccount", "auto-ab12-sa", "openshift-mtv"),
        (),
        "record",
        "t",
        id="recorded-in-a-shared-namespace",
    ),
    pytest.param(
        session(record("Secret", "cut-off-name", "openshift-mtv", "t")),
        obj("Secret", "cut-off-name", "openshift-mtv", created=AFTER),
        (),
        "record",
        "t",
        id="recorded-without-prefix-but-younger",
    ),
    pytest.param(session(), obj("ClusterRoleBinding", "auto-ab12-b"), (), "name", "", id="cluster-scoped-by-name"),
    pytest.param(
        session(),
        obj("Plan", "auto-ab12-p", "mtv", spec={"targetNamespace": PREFIX}),
        (),
        "reference",
        "",
        id="plan-elsewhere-into-own-namespace",
    ),
]


@pytest.mark.parametrize(("known", "target", "others", "evidence", "test_name"), OWNED)
def test_owned(known: Session, target: Obj, others: tuple[Obj, ...], evidence: str, test_name: str) -> None:
    assert decide(known, target, *others) == Decision(Status.OWNED, evidence=evidence, test_name=test_name)


REFUSED = [
    pytest.param(
        session(record("Namespace", "kube-system")),
        obj("Namespace", "kube-system"),
        (),
        "never deleted",
        id="protected",
    ),
    pytest.param(
        session(record("Namespace", "shared-vms")),
        obj("Namespace", "shared-vms", created=BEFORE),
        (),
        "only reused",
        id="older-namespace",
    ),
    pytest.param(
        session(record("NetworkMap", "auto-ab12-map", "mtv")),
        obj("NetworkMap", "auto-ab12-map", "mtv", created=BEFORE),
        (),
        "only reused",
        id="older-than-the-session",
    ),
    pytest.param(
        session(record("NetworkMap", "auto-cd34-map", "mtv")),
        obj("NetworkMap", "auto-cd34-map", "mtv"),
        (),
        "of another session",
        id="name-of-another-session",
    ),
    pytest.param(
        session(record("Secret", "s", "mtv"), started=""),
        obj("Secret", "s", "mtv"),
        (),
        "neither its name nor its age",
        id="age-unknown",
    ),
    pytest.param(
        session(record("Secret", "s", "mtv")),
        obj("Secret", "s", "mtv", created=STARTED),
        (),
        "neither its name nor its age",
        id="same-second",
    ),
    pytest.param(
        session(record("VirtualMachine", "rhel8", "shared-vms")),
        obj("VirtualMachine", "rhel8", "shared-vms"),
        (),
        "without a label or owner",
        id="recorded-vm-without-lineage",
    ),
    pytest.param(
        session(record("Pod", "theirs", "shared-vms")),
        obj("Pod", "theirs", "shared-vms"),
        (),
        "without a label or owner",
        id="recorded-pod-of-others",
    ),
    pytest.param(session(), obj("Secret", "auto-ab12-s", "other-team"), (), "nothing else shows", id="name-only"),
    pytest.param(
        session(),
        obj("PersistentVolume", "auto-ab12-pv", spec=claim("c", "other-team")),
        (),
        "its claim is not the session's",
        id="volume-by-name-only",
    ),
    pytest.param(
        session(),
        obj("PersistentVolume", "theirs", created=BEFORE, spec=claim("c", PREFIX)),
        (),
        "older than the session (2026-01-01T10:00:00Z): lent to auto-ab12/c",
        id="static-volume-lent",
    ),
]


@pytest.mark.parametrize(("known", "target", "others", "reason"), REFUSED)
def test_refused(known: Session, target: Obj, others: tuple[Obj, ...], reason: str) -> None:
    made = decide(known, target, *others)
    assert made.status is Status.REFUSED
    assert reason in made.reason


OTHER = [
    pytest.param(session(), obj("Namespace", "auto-ab123"), (), id="longer-prefix"),
    pytest.param(session(), obj("Namespace", "auto-ab123-source-vms"), (), id="longer-prefix-source"),
    pytest.param(session(), obj("Secret", "s", "auto-ab123"), (), id="in-another-sessions-namespace"),
    pytest.param(session(), obj("ConfigMap", "kube-root-ca.crt", PREFIX), (), id="furniture"),
    pytest.param(session(), obj("ServiceAccount", "default", PREFIX), (), id="default-service-account"),
    pytest.param(session(), obj("Secret", "builder-dockercfg-x", PREFIX), (), id="dockercfg"),
    pytest.param(session(), obj("Event", "e", PREFIX), (), id="event"),
    *(
        pytest.param(session(), obj(kind, name, PREFIX), (), id=name)
        for kind, name in (
            ("RoleBinding", "system:deployers"),
            ("RoleBinding", "system:image-pullers"),
            ("RoleBinding", "pipelines-scc-rolebinding"),
            ("ConfigMap", "openshift-service-ca.crt"),
            ("ConfigMap", "odh-trusted-ca-bundle"),
            ("ServiceAccount", "deployer"),
        )
    ),
    pytest.param(
        session(), obj("Secret", "b-x", PREFIX, annotations={PULLS_FOR: "builder"}), (), id="dockercfg-by-annotation"
    ),
    pytest.param(
        session(),
        obj("RoleBinding", "admin", PREFIX),
        (obj("Namespace", PREFIX, annotations=REQUESTED),),
        id="admin-of-a-requested-project",
    ),
    pytest.param(
        session(**KEYS), obj("VirtualMachine", "v", "shared-vms", labels={"plan": "another"}), (), id="another-plans-vm"
    ),
    pytest.param(session(**KEYS), obj("Secret", "s", "shared-vms"), (), id="others-in-shared-namespace"),
    pytest.param(
        session(**KEYS),
        obj("PersistentVolume", "pv", spec=claim("c", "shared-vms", "another-uid")),
        (),
        id="others-volume",
    ),
    pytest.param(
        session(**KEYS),
        obj("PersistentVolume", "ova-store-pv", labels={"migration": "auto-ab12-m"}),
        (),
        id="migration-name-in-a-label-is-no-uid",
    ),
    pytest.param(
        session(**KEYS),
        obj("Deployment", "d", "openshift-mtv", labels={"provider": "provider-uid"}),
        (),
        id="provider-label-of-another-app",
    ),
    pytest.param(
        session(record("Secret", "s", "mtv")), obj("Secret", "s", "other-team"), (), id="same-name-another-namespace"
    ),
    pytest.param(
        session(record("VolumeSnapshot", "s", "mtv")),
        obj("ConfigMap", "s", "mtv"),
        (),
        id="same-name-another-kind",
    ),
    pytest.param(
        session(),
        obj("Pod", "a", "x", uid="a", owners=("b",)),
        (obj("Pod", "b", "x", uid="b", owners=("a",)),),
        id="owners-in-a-circle",
    ),
]


@pytest.mark.parametrize(("known", "target", "others"), OTHER)
def test_bystanders(known: Session, target: Obj, others: tuple[Obj, ...]) -> None:
    assert decide(known, target, *others).status is Status.OTHER


def test_a_living_owner_of_others_keeps_it() -> None:
    theirs = obj("VirtualMachine", "theirs", "shared-vms", uid="their-vm")
    disk = obj("PersistentVolumeClaim", "disk", "shared-vms", owners=("their-vm",), labels={"plan": "plan-uid"})
    made = decide(session(**KEYS), disk, theirs)
    assert made.status is Status.CONTESTED
    assert made.ours
    assert "also owned by VirtualMachine shared-vms/theirs" in made.reason


def test_no_prefix_owns_no_namespace() -> None:
    known = session(prefix="", plans=(PLAN,))
    assert decide(known, obj("Namespace", "")).status is Status.OTHER
    assert decide(known, obj("Secret", "s", "anything")).status is Status.OTHER


def test_order_of_reading_does_not_matter() -> None:
    vm = obj("VirtualMachine", "v", "shared-vms", uid="vm", labels={"plan": "plan-uid"})
    pod = obj("Pod", "p", "shared-vms", uid="pod", owners=("vm",))
    for objects in ([vm, pod], [pod, vm]):
        ownership = Ownership(session(**KEYS), objects, {}, covered(objects))
        assert [ownership.of(o).status for o in objects] == [Status.OWNED, Status.OWNED]


def only_in_it(*inside: Obj, annotations: dict[str, str] | None = None) -> Decision:
    """What becomes of a namespace that only the record calls the session's, with this in it."""
    target = obj("Namespace", "made-by-us", annotations=annotations)
    return decide(session(record("Namespace", "made-by-us")), target, *inside)


def test_what_a_new_project_has_is_no_sign_of_others() -> None:
    furniture = [
        obj("RoleBinding", name, "made-by-us")
        for name in ("admin", "system:deployers", "system:image-builders", "system:image-pullers")
    ]
    furniture += [obj("ServiceAccount", name, "made-by-us") for name in ("default", "builder", "deployer")]
    furniture += [obj("ConfigMap", name, "made-by-us") for name in ("kube-root-ca.crt", "openshift-service-ca.crt")]
    furniture += [obj("Secret", "builder-dockercfg-x7k2p", "made-by-us", annotations={PULLS_FOR: "builder"})]
    assert only_in_it(*furniture, annotations=REQUESTED).status is Status.OWNED


@pytest.mark.parametrize(
    ("binding", "annotations"),
    [
        (obj("RoleBinding", "admin", "made-by-us"), {}),
        (obj("RoleBinding", "admin", "made-by-us", created="2026-01-01T12:10:00Z"), REQUESTED),
        (obj("RoleBinding", "admin", "made-by-us", created=BEFORE), REQUESTED),
        (obj("RoleBinding", "admin-0", "made-by-us"), REQUESTED),
        (obj("RoleBinding", "edit", "made-by-us"), REQUESTED),
        (obj("Secret", "admin", "made-by-us"), REQUESTED),
        (obj("Secret", "s", "made-by-us", annotations={PULLS_FOR: "theirs"}), REQUESTED),
    ],
    ids=["no request", "later", "earlier", "another", "another role", "another kind", "of a strange account"],
)
def test_what_others_put_into_it_keeps_it(binding: Obj, annotations: dict[str, str]) -> None:
    made = only_in_it(binding, annotations=annotations)
    assert made.status is Status.CONTESTED
    assert f"{binding.shown} in it is not the session's" in made.reason


# -- what mtv.teardown's own recorder noted: the very object -----------------------------------------------------


def noted(kind: str, name: str, namespace: str | None, **more: str) -> Record:
    return replace(record(kind, name, namespace, "t"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "target", "status", "told"),
    [
        pytest.param({"uid": "u"}, {"created": AFTER}, Status.OWNED, "record, by uid", id="this-one"),
        pytest.param({"uid": "u"}, {"created": BEFORE}, Status.OWNED, "record, by uid", id="older-than-what-is-named"),
        pytest.param({"uid": "other"}, {"created": AFTER}, Status.REFUSED, "made anew", id="made-anew-by-others"),
        pytest.param(
            {"uid": "u", "outcome": "unknown"}, {"created": AFTER}, Status.CONTESTED, "nobody knows", id="both"
        ),
        pytest.param(
            {"outcome": "unknown"}, {"created": AFTER}, Status.CONTESTED, "nobody knows", id="about-to-be-made"
        ),
        pytest.param({"outcome": "unknown"}, {"created": BEFORE}, Status.REFUSED, "older", id="was-there"),
    ],
)
@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_what_the_recorder_noted(
    kind: str, entry: dict[str, str], target: dict[str, str], status: Status, told: str
) -> None:
    """Its name is nobody's, in a namespace of others."""
    made = decide(session(noted(kind, "values", "shared", **entry)), obj(kind, "values", "shared", uid="u", **target))
    assert (made.status, told in made.evidence + made.reason) == (status, True)


def test_an_intent_of_the_sessions_name_is_as_ever() -> None:
    named = noted("ConfigMap", f"{PREFIX}-x", "shared", outcome="unknown")
    assert decide(session(named), obj("ConfigMap", f"{PREFIX}-x", "shared", created=AFTER)).status is Status.OWNED
    other = noted("ConfigMap", f"{PREFIX}-x", "shared", uid="other")
    assert decide(session(other), obj("ConfigMap", f"{PREFIX}-x", "shared", created=AFTER)).status is Status.REFUSED
    strange = noted("ConfigMap", "auto-zz99-x", "shared", uid="u")
    assert decide(session(strange), obj("ConfigMap", "auto-zz99-x", "shared", uid="u")).status is Status.REFUSED


def test_a_namespace_by_its_uid() -> None:
    """What is in it decides as for any other that the session made; one of the cluster is never the session's."""
    known = session(noted("Namespace", "made-by-us", None, uid="u"))
    assert decide(known, obj("Namespace", "made-by-us", uid="u", created=BEFORE)).evidence == "record, by uid"
    stranger = obj("ConfigMap", "theirs", "made-by-us")
    assert decide(known, obj("Namespace", "made-by-us", uid="u"), stranger).status is Status.CONTESTED
    anew = decide(known, obj("Namespace", "made-by-us", uid="v", created=AFTER))
    assert anew.status is Status.REFUSED
    system = session(noted("Namespace", "kube-system", None, uid="u"))
    assert decide(system, obj("Namespace", "kube-system", uid="u")).status is Status.REFUSED


def test_the_entry_that_tells_more_counts() -> None:
    both = session(
        record("ConfigMap", "values", "shared"), replace(noted("ConfigMap", "values", "shared", uid="u"), entry="b")
    )
    assert decide(both, obj("ConfigMap", "values", "shared", uid="v", created=AFTER)).status is Status.REFUSED
