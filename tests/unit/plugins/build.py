# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and sessions for tables of decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.coverage import Coverage
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.kinds import group_of
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource, from_item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ownership import Ownership
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

PREFIX = "auto-ab12"
BEFORE, STARTED, AFTER = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", "2026-01-01T12:00:00Z"

RESOURCES = {
    kind: Resource(group, version, plural, kind, namespaced, frozenset({"list", "delete", "get", "watch"}))
    for group, version, plural, kind, namespaced in (
        ("", "v1", "namespaces", "Namespace", False),
        ("", "v1", "persistentvolumes", "PersistentVolume", False),
        ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True),
        ("", "v1", "pods", "Pod", True),
        ("", "v1", "secrets", "Secret", True),
        ("", "v1", "configmaps", "ConfigMap", True),
        ("", "v1", "serviceaccounts", "ServiceAccount", True),
        ("", "v1", "events", "Event", True),
        ("apps", "v1", "deployments", "Deployment", True),
        ("apps", "v1", "replicasets", "ReplicaSet", True),
        ("apps", "v1", "statefulsets", "StatefulSet", True),
        ("batch", "v1", "jobs", "Job", True),
        ("batch", "v1", "cronjobs", "CronJob", True),
        ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True),
        ("cert-manager.io", "v1", "certificates", "Certificate", True),
        ("operators.coreos.com", "v1", "operators", "Operator", False),
        ("storage.k8s.io", "v1", "storageclasses", "StorageClass", False),
        ("storage.k8s.io", "v1", "csidrivers", "CSIDriver", False),
        ("security.openshift.io", "v1", "securitycontextconstraints", "SecurityContextConstraints", False),
        ("snapshot.storage.k8s.io", "v1", "volumesnapshotcontents", "VolumeSnapshotContent", False),
        ("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False),
        ("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False),
        ("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", True),
        ("forklift.konveyor.io", "v1beta1", "plans", "Plan", True),
        ("forklift.konveyor.io", "v1beta1", "migrations", "Migration", True),
        ("forklift.konveyor.io", "v1beta1", "providers", "Provider", True),
        ("forklift.konveyor.io", "v1beta1", "networkmaps", "NetworkMap", True),
        ("forklift.konveyor.io", "v1beta1", "conversions", "Conversion", True),
        ("forklift.konveyor.io", "v1beta1", "ovaproviderservers", "OVAProviderServer", True),
        ("forklift.konveyor.io", "v1beta1", "hypervproviderservers", "HyperVProviderServer", True),
        ("kubevirt.io", "v1", "virtualmachines", "VirtualMachine", True),
        ("kubevirt.io", "v1", "virtualmachineinstances", "VirtualMachineInstance", True),
        ("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", False),
        ("cdi.kubevirt.io", "v1beta1", "datavolumes", "DataVolume", True),
        ("k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", True),
        ("snapshot.storage.k8s.io", "v1", "volumesnapshots", "VolumeSnapshot", True),
    )
}


def obj(
    kind: str,
    name: str,
    namespace: str | None = None,
    *,
    uid: str = "",
    created: str = AFTER,
    owners: tuple[str | Obj, ...] = (),
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    spec: dict[str, Any] | None = None,
    status: dict[str, Any] | None = None,
    finalizers: tuple[str, ...] = (),
    controller: Obj | None = None,
    deleting: str = "",
    **top: Any,
) -> Obj:
    """A live object; its uid is made from its place, and an owner is given whole, or by uid when its kind does not
    matter; top: fields beside metadata, spec and status."""
    meta = {
        "name": name,
        "namespace": namespace,
        "uid": uid or f"uid-{kind}-{namespace}-{name}",
        "creationTimestamp": created,
        "labels": labels or {},
        "annotations": annotations or {},
        "finalizers": list(finalizers),
        "ownerReferences": [_reference(owner) for owner in owners],
    }
    if controller is not None:
        above = {"uid": controller.uid, "kind": controller.kind, "name": controller.name, "controller": True}
        meta["ownerReferences"] += [{**above, "apiVersion": controller.resource.api_version}]
    if deleting:
        meta["deletionTimestamp"] = deleting
    return from_item(RESOURCES[kind], {"metadata": meta, "spec": spec or {}, "status": status or {}, **top})


def _reference(owner: str | Obj) -> dict[str, Any]:
    if isinstance(owner, str):
        return {"uid": owner, "kind": "X", "name": "x"}
    return {"uid": owner.uid, "kind": owner.kind, "name": owner.name, "apiVersion": owner.resource.api_version}


def record(kind: str, name: str, namespace: str | None = None, test_name: str = "") -> Record:
    return Record(kind, name, namespace, test_name=test_name, entry=f"{kind}:{namespace}/{name}")


def session(*records: Record, **keys: Any) -> Session:
    return Session(**{"prefix": PREFIX, "started": STARTED, "records": records, **keys})


PLAN = Key("auto-ab12-p", "mtv", "plan-uid", target_namespace="shared-vms", test_name="test_plan")
MIGRATION = Key("auto-ab12-m", "mtv", "migration-uid", plan_uid="plan-uid")
PROVIDER = Key("auto-ab12-ova", "mtv", "provider-uid", test_name="test_ova", type="ova")


def covered(objects: Iterable[Obj], **less: Any) -> Coverage:
    """A reading that covered all of the cluster that these objects make up, and knows every owner; less: what it did
    not."""
    objects = list(objects)
    places = {o.namespace for o in objects if o.namespace} | {o.name for o in objects if o.kind == "Namespace"}
    uids = {o.uid for o in objects}
    whole = {
        "read": frozenset((r.group, r.kind, None) for r in RESOURCES.values()),
        "served": {(r.group, r.kind): r.namespaced for r in RESOURCES.values()},
        "whole": frozenset(places),
        "gone": frozenset(owner.uid for o in objects for owner in o.owners if owner.uid not in uids),
    }
    return Coverage(**{**whole, **less})


def decide(known: Session, target: Obj, *others: Obj, **less: Any) -> Decision:
    """The one decision on target, over a reading of these objects; less: what that reading did not cover."""
    groups = {r.entry: group_of(r, RESOURCES.values()) or "" for r in known.records if not r.on_provider}
    return Ownership(known, [target, *others], groups, covered([target, *others], **less)).of(target)
