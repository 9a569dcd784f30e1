# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What protects others, on a real API server: what was not read is somebody's, and nothing of the session is out of
sight."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

from tests.contract.foresight import through
from tests.contract.teardown import places, teardown
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.faults import FaultProxy, Rule

CERTIFICATES = "/apis/example.com/v1"
CRD: dict[str, Any] = {
    "metadata": {"name": "certificates.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Certificate", "plural": "certificates"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(autouse=True)
def no_rules(proxy: FaultProxy) -> Iterator[None]:
    proxy.rules = []
    yield
    proxy.rules = []


@pytest.fixture(scope="module")
def certificates(lab: Lab) -> Iterator[None]:
    admin = admin_of(lab)
    admin.api.request("POST", CRDS, CRD)
    deadline = time.monotonic() + 60
    while not any(
        c["type"] == "Established" and c["status"] == "True"
        for c in admin.api.request("GET", f"{CRDS}/certificates.example.com").get("status", {}).get("conditions") or []
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield
    admin.api.request("DELETE", f"{CRDS}/certificates.example.com")


def started(admin: Admin, prefix: str) -> None:
    """The session's namespace; what comes after it is younger by the clock of the API, which counts seconds."""
    admin.namespace(prefix)
    time.sleep(1.1)


@pytest.mark.usefixtures("certificates")
def test_a_recorded_namespace_is_kept_while_others_in_it_cannot_be_read(
    proxy: FaultProxy, cluster: Cluster, admin: Admin, prefix: str
) -> None:
    started(admin, prefix)
    target = admin.namespace(f"mtv-target-{prefix}")
    body = {"apiVersion": "example.com/v1", "kind": "Certificate", "metadata": {"name": "theirs"}}
    path = f"{CERTIFICATES}/namespaces/{target}/certificates"
    theirs = admin.api.request("POST", path, body)["metadata"]["uid"]
    session = Session(
        prefix=prefix, records=(Record("Namespace", target, module="ocp_resources.namespace", entry="N"),)
    )
    proxy.rules = [Rule("500", path=rf"/namespaces/{target}/certificates")]
    run = teardown(through(proxy), session)
    assert admin.api.request("GET", f"{path}/theirs")["metadata"]["uid"] == theirs
    assert ("Namespace", prefix) in run.deleted
    assert run.remaining("Namespace", target)["cause"] == "kept-unread"
    assert run.verdict == "unverified"
    assert places(run.judged["kept"]) == {("Namespace", target)}
    proxy.rules = []
    admin.api.request("DELETE", f"{path}/theirs")
    again = teardown(cluster, session.learned(started=run.found["session"]["started"]))
    assert ("Namespace", target) in again.deleted
    assert again.verdict == "clean"


def claim(admin: Admin, namespace: str, name: str, owners: list[dict[str, Any]], plan: str) -> str:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    meta = {"labels": {"plan": plan}, "ownerReferences": owners}
    return str(admin.make("PersistentVolumeClaim", namespace, name, metadata=meta, spec=spec)["metadata"]["uid"])


def test_a_plan_stays_while_the_claims_cannot_be_read_that_forklift_would_delete_with_it(
    proxy: FaultProxy, cluster: Cluster, admin: Admin, prefix: str
) -> None:
    started(admin, prefix)
    shared = admin.namespace(f"shared-{prefix}")
    plan = admin.make("Plan", prefix, f"{prefix}-p", spec={**PLAN_SPEC, "targetNamespace": shared})["metadata"]["uid"]
    migration = {"plan": {"name": f"{prefix}-p", "namespace": prefix}}
    admin.make("Migration", prefix, f"{prefix}-m", spec=migration)
    disk = claim(admin, shared, "disk", [], plan)
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "disk"}}]
    domain = {"devices": {"disks": [{"name": "v", "disk": {"bus": "virtio"}}]}}
    machine = {"runStrategy": "Halted", "template": {"spec": {"domain": domain, "volumes": volumes}}}
    admin.make("VirtualMachine", shared, "rescued", spec=machine)
    proxy.rules = [Rule("500", path=rf"/namespaces/{shared}/persistentvolumeclaims")]
    run = teardown(through(proxy), Session(prefix=prefix))
    assert run.verdict == "leftovers"
    for kind, name in (("Plan", f"{prefix}-p"), ("Migration", f"{prefix}-m")):
        left = run.left(kind, name)
        assert (left["cause"], f"whose claims in {shared}" in left["reason"]) == ("contested", True)
        now = admin.get(kind, prefix, name)
        assert "deletionTimestamp" not in now["metadata"]
        assert not now["spec"].get("archived") and not now["spec"].get("cancel")
    assert run.left("Namespace", prefix)["cause"] == "contested"
    assert admin.uid("PersistentVolumeClaim", shared, "disk") == disk
    # Read, it is the VM that holds them.
    proxy.rules = []
    reason = teardown(cluster, Session(prefix=prefix)).left("Plan", f"{prefix}-p")["reason"]
    assert "used by VirtualMachine" in reason


def test_claims_that_others_own_or_use_stay_and_the_rest_goes(cluster: Cluster, admin: Admin, prefix: str) -> None:
    started(admin, prefix)
    shared = admin.namespace(f"shared-{prefix}")
    spec = {**PLAN_SPEC, "targetNamespace": shared}
    plan = admin.make("Plan", prefix, f"{prefix}-p", spec=spec)["metadata"]["uid"]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    body = {"selector": {"matchLabels": {"a": "b"}}, "template": template, "replicas": 0}
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db"}
    stateful = admin.api.request(
        "POST",
        f"/apis/apps/v1/namespaces/{shared}/statefulsets",
        {"metadata": {"name": "db"}, "spec": {**body, "serviceName": "db"}},
    )["metadata"]["uid"]
    crd = admin.api.request("GET", f"{CRDS}/plans.forklift.konveyor.io")["metadata"]
    above = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "name": crd["name"]}
    kept = {
        claim(admin, shared, "of-a-stateful-set", [{**owner, "uid": stateful}], plan),
        claim(admin, shared, "of-what-is-in-no-namespace", [{**above, "uid": crd["uid"]}], plan),
        claim(admin, shared, "of-a-stopped-vm", [], plan),
    }
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "of-a-stopped-vm"}}]
    domain = {"devices": {"disks": [{"name": "v", "disk": {"bus": "virtio"}}]}}
    machine = {"runStrategy": "Halted", "template": {"spec": {"domain": domain, "volumes": volumes}}}
    theirs = admin.make("VirtualMachine", shared, "rescued", spec=machine)["metadata"]["uid"]
    claim(admin, shared, "free", [], plan)
    rules = {"metadata": {"name": "labelled", "labels": {"plan": plan}}, "spec": {"podSelector": {}}}
    policies = f"/apis/networking.k8s.io/v1/namespaces/{shared}/networkpolicies"
    admin.api.request("POST", policies, rules)
    admin.api.request("POST", policies, {"metadata": {"name": "theirs"}, "spec": {"podSelector": {}}})
    run = teardown(cluster, Session(prefix=prefix))
    names = ("of-a-stateful-set", "of-what-is-in-no-namespace", "of-a-stopped-vm")
    assert {admin.uid("PersistentVolumeClaim", shared, name) for name in names} == kept
    for name in names:
        now = admin.get("PersistentVolumeClaim", shared, name)
        assert "deletionTimestamp" not in now["metadata"]
        assert run.left("PersistentVolumeClaim", name)["cause"] == "contested"
    assert admin.uid("VirtualMachine", shared, "rescued") == theirs
    assert {("PersistentVolumeClaim", "free"), ("NetworkPolicy", "labelled")} <= run.deleted
    assert [item["metadata"]["name"] for item in admin.api.request("GET", policies)["items"]] == ["theirs"]
    assert run.verdict == "leftovers"
    assert {name for kind, name in run.leftovers if kind == "PersistentVolumeClaim"} == set(names)
    again = teardown(cluster, Session(prefix=prefix, plans=(Key(f"{prefix}-p", prefix, plan, shared),)))
    assert {admin.uid("PersistentVolumeClaim", shared, name) for name in names} == kept
    assert again.verdict == "leftovers"


def test_what_stands_outside_namespaces_is_seen_and_goes_by_evidence(
    cluster: Cluster, admin: Admin, prefix: str
) -> None:
    started(admin, prefix)
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": prefix}
    other = {**subject, "namespace": "default"}
    snapshot = {"namespace": prefix, "name": "s", "uid": "0b1e1a0c-0000-4000-8000-00000000a001"}
    content = {
        "deletionPolicy": "Retain",
        "driver": "csi.example.com",
        "source": {"volumeHandle": "v-1"},
        "volumeSnapshotRef": snapshot,
    }
    contents = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents"
    classes = "/apis/storage.k8s.io/v1/storageclasses"
    ours = [
        (f"{rbac}/clusterroles", {"metadata": {"name": f"{prefix}-reader"}, "rules": []}),
        (f"{rbac}/clusterrolebindings", {"metadata": {"name": f"b-{prefix}"}, "roleRef": role, "subjects": [subject]}),
        (classes, {"metadata": {"name": f"{prefix}-fast"}, "provisioner": "example.com/none"}),
        (contents, {"metadata": {"name": f"content-{prefix}"}, "spec": content}),
    ]
    theirs = [
        (f"{rbac}/clusterroles", {"metadata": {"name": f"{prefix}9-reader"}, "rules": []}),
        (
            f"{rbac}/clusterrolebindings",
            {"metadata": {"name": f"c-{prefix}"}, "roleRef": role, "subjects": [subject, other]},
        ),
        ("/apis/storage.k8s.io/v1/csidrivers", {"metadata": {"name": f"{prefix}-driver"}, "spec": {}}),
        (
            contents,
            {
                "metadata": {"name": f"theirs-{prefix}"},
                "spec": {**content, "volumeSnapshotRef": {**snapshot, "namespace": "default"}},
            },
        ),
    ]
    made = {}
    for path, body in (*ours, *theirs):
        kind = {"kind": "VolumeSnapshotContent", "apiVersion": "snapshot.storage.k8s.io/v1"} if path == contents else {}
        name = body["metadata"]["name"]  # type: ignore[index]
        made[f"{path}/{name}"] = admin.api.request("POST", path, {**kind, **body})["metadata"]["uid"]
    run = teardown(cluster, Session(prefix=prefix))
    assert run.verdict == "clean"
    gone = {body["metadata"]["name"] for _path, body in ours}  # type: ignore[index]
    assert gone <= {name for _kind, name in run.deleted}
    for path, body in theirs:
        place = f"{path}/{body['metadata']['name']}"  # type: ignore[index]
        assert admin.api.request("GET", place)["metadata"]["uid"] == made[place]
        admin.api.request("DELETE", place)
    assert ("CSIDriver", f"{prefix}-driver") in places(run.judged["refused"])


def test_an_entry_that_fits_nowhere_is_named(cluster: Cluster, admin: Admin, prefix: str) -> None:
    started(admin, prefix)
    records = (
        Record("ConfigMap", f"{prefix}-c", None, module="ocp_resources.config_map", entry="ConfigMap[0]"),
        Record("ClusterRole", f"{prefix}-r", "x", module="ocp_resources.cluster_role", entry="ClusterRole[0]"),
    )
    run = teardown(cluster, Session(prefix=prefix, records=records))
    assert run.verdict == "unverified"
    told = {entry["kind"]: entry["error"] for entry in run.judged["unreadable"]}
    assert "lies in a namespace, and the entry names none" in told["ConfigMap"]
    assert "lies in no namespace, and the entry names x" in told["ClusterRole"]
