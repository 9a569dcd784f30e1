# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an object that a server sent has the shape of its kind, wherever it is read here. Pure.

Every decision relies on these: a label that is a list, an owner that is a text, a claim without a shape would be
overlooked, and what was overlooked protects nobody. So an object with such a field counts as one that was not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import FORKLIFT

# A dict: an object whose named fields are of these shapes; TEXTS: one of texts only; a list: of that shape. Nothing at
# all (null) is always right.
TEXT, TEXTS, TIME = "text", "object of texts", "time"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

_METADATA = {
    "name": TEXT,
    "uid": TEXT,
    "namespace": TEXT,
    "creationTimestamp": TIME,
    "deletionTimestamp": TIME,
    "labels": TEXTS,
    "annotations": TEXTS,
    "ownerReferences": [{"uid": TEXT, "kind": TEXT, "name": TEXT, "apiVersion": TEXT}],
    "finalizers": [TEXT],
}
_REF = {"namespace": TEXT, "name": TEXT}
_VMS = [{"id": TEXT, "name": TEXT}]
_CONDITIONS = [{"type": TEXT, "status": TEXT, "message": TEXT, "reason": TEXT, "category": TEXT}]
_STATUS = {"conditions": _CONDITIONS, "phase": TEXT, "message": TEXT}
_CLAIM = {"claimName": TEXT}
_SOURCE = {**_REF, "kind": TEXT}
_VOLUMES = [
    {
        "name": TEXT,
        "persistentVolumeClaim": _CLAIM,
        "dataVolume": {"name": TEXT},
        "ephemeral": {"persistentVolumeClaim": _CLAIM},
        "memoryDump": _CLAIM,
    }
]
# What makes pods or guests (order.USER_KINDS), by where the specification of one lies in it.
_TEMPLATE = {"spec": {"template": {"spec": {"volumes": _VOLUMES}}}, "status": _STATUS}
_PLUGGED = {"volumeRequests": [{"addVolumeOptions": {"volumeSource": _VOLUMES[0]}}]}
_KINDS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("", "Namespace"): {"status": _STATUS},
    ("", "Node"): {"status": _STATUS},
    ("", "PersistentVolume"): {
        "spec": {
            "claimRef": {**_REF, "uid": TEXT},
            "persistentVolumeReclaimPolicy": TEXT,
            "csi": {"driver": TEXT, "volumeHandle": TEXT},
            "nfs": {"server": TEXT, "path": TEXT},
            "iscsi": {"targetPortal": TEXT, "iqn": TEXT},
        },
        "status": _STATUS,
    },
    ("", "PersistentVolumeClaim"): {
        "spec": {"volumeName": TEXT, "dataSource": _SOURCE, "dataSourceRef": _SOURCE},
        "status": {"phase": TEXT},
    },
    ("", "Pod"): {
        "spec": {"nodeName": TEXT, "volumes": _VOLUMES},
        "status": _STATUS,
    },
    **{("apps", kind): _TEMPLATE for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")},
    ("batch", "Job"): _TEMPLATE,
    ("batch", "CronJob"): {"spec": {"jobTemplate": _TEMPLATE}},
    ("kubevirt.io", "VirtualMachine"): {**_TEMPLATE, "status": {**_STATUS, **_PLUGGED}},
    ("kubevirt.io", "VirtualMachineInstance"): {
        "spec": {"volumes": _VOLUMES},
        "status": {**_STATUS, "nodeName": TEXT, "activePods": TEXTS},
    },
    ("kubevirt.io", "VirtualMachineInstanceReplicaSet"): _TEMPLATE,
    ("pool.kubevirt.io", "VirtualMachinePool"): {"spec": {"virtualMachineTemplate": _TEMPLATE}},
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): {
        "subjects": [{"kind": TEXT, "name": TEXT, "namespace": TEXT}],
    },
    ("security.openshift.io", "SecurityContextConstraints"): {"users": [TEXT], "groups": [TEXT]},
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): {
        "spec": {
            "volumeSnapshotRef": {**_REF, "uid": TEXT},
            "source": {"volumeHandle": TEXT, "snapshotHandle": TEXT},
            "deletionPolicy": TEXT,
            "driver": TEXT,
        },
        "status": {"snapshotHandle": TEXT},
    },
    ("", "Event"): {"involvedObject": {"uid": TEXT}, "message": TEXT, "lastTimestamp": TIME},
    ("apiregistration.k8s.io", "APIService"): {"status": _STATUS},
    ("storage.k8s.io", "VolumeAttachment"): {
        "spec": {"source": {"persistentVolumeName": TEXT}, "nodeName": TEXT, "attacher": TEXT},
        "status": {"detachError": {"message": TEXT}, "attachError": {"message": TEXT}},
    },
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): {
        "spec": {"source": {"persistentVolumeClaimName": TEXT}},
        "status": {"boundVolumeSnapshotContentName": TEXT},
    },
    (FORKLIFT, "Plan"): {
        "spec": {"targetNamespace": TEXT, "provider": {"source": _REF, "destination": _REF}, "vms": _VMS},
        "status": {
            **_STATUS,
            "migration": {
                "vms": _VMS,
                "history": [{"migration": {**_REF, "uid": TEXT}, "conditions": _CONDITIONS}],
            },
        },
    },
    (FORKLIFT, "Migration"): {
        "spec": {"plan": _REF, "cancel": _VMS},
        "status": {**_STATUS, "vms": _VMS},
    },
    (FORKLIFT, "Provider"): {"spec": {"type": TEXT, "url": TEXT, "secret": _REF}, "status": _STATUS},
    (FORKLIFT, "NetworkMap"): {"spec": {"provider": {"source": _REF, "destination": _REF}}},
    (FORKLIFT, "StorageMap"): {"spec": {"provider": {"source": _REF, "destination": _REF}}},
}


def fault(resource: Resource, item: Mapping[str, Any]) -> str:
    """The first field that is of another shape, and what it should be; empty when all are right."""
    shape = {**_KINDS.get((resource.group, resource.kind), {}), "metadata": _METADATA}
    return _fault(shape, item, "")


def _fault(shape: Any, value: Any, place: str) -> str:
    """Plain loops: it is asked of each field of each object that is read."""
    if value is None:
        return ""
    if isinstance(shape, dict):
        if not isinstance(value, Mapping):
            return f"{place} is no object"
        for name, inner in shape.items():
            held = value.get(name)
            told = "" if held is None else _fault(inner, held, f"{place}.{name}" if place else name)
            if told:
                return told
        return ""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{place} is no list"
        for index, one in enumerate(value):
            told = f"{place}[{index}] is nothing" if one is None else _fault(shape[0], one, f"{place}[{index}]")
            if told:
                return told
        return ""
    return "" if _is(shape, value) else f"{place} is no {shape}"


def _is(shape: str, value: Any) -> bool:
    if shape == TEXTS:
        return isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())
    return isinstance(value, str) and (shape != TIME or bool(_RFC3339.fullmatch(value)))
