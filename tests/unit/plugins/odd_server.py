# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server of bytes under the real client: a session and its neighbours, any field of which can be made odd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import Http, Patience
from ansible_collections.mtv.teardown.tests.unit.plugins.build import AFTER, BEFORE, RESOURCES

OWN, SHARED, MTV = "auto-ab12-vms", "shared-vms", "openshift-mtv"
HOLDING = "2026-01-01T12:30:00Z"
EXTRA = (
    Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False, frozenset({"list", "get"})),
    Resource("", "v1", "nodes", "Node", False, frozenset({"list", "get"})),
    Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False, frozenset({"list", "get"})),
)
KINDS = {**RESOURCES, **{resource.kind: resource for resource in EXTRA}}
Path = tuple[str | int, ...]


def uid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def _item(number: int, kind: str, name: str, namespace: str | None = None, **more: Any) -> dict[str, Any]:
    meta = {
        "name": name,
        "uid": uid(number),
        "creationTimestamp": more.pop("created", AFTER),
        "labels": more.pop("labels", {}),
        "annotations": more.pop("annotations", {}),
        "ownerReferences": more.pop("owners", []),
        "finalizers": more.pop("finalizers", []),
    }
    if namespace:
        meta["namespace"] = namespace
    if "deleting" in more:
        meta["deletionTimestamp"] = more.pop("deleting")
    return {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": meta, **more}


def _owner(number: int, kind: str, name: str) -> list[dict[str, Any]]:
    version = KINDS[kind].api_version
    return [{"apiVersion": version, "kind": kind, "name": name, "uid": uid(number), "controller": True}]


def _condition(kind: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, "message": "told", "reason": "R", **more}


def world() -> list[dict[str, Any]]:
    """What a session left in its own and in a shared namespace, stuck in many ways; neighbours have uids from 900."""
    ref = {"namespace": MTV, "name": "auto-ab12-source-vsphere-8-0"}
    plan = {"plan": uid(10), "vmID": "vm-1"}
    running = {"conditions": [_condition("Running")], "vms": [{"id": "vm-1", "name": "rhel8"}]}
    history = [{"migration": {"namespace": MTV, "name": "auto-ab12-m", "uid": uid(11)}, "conditions": []}]
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "auto-ab12-disk"}}]
    held = ["kubernetes.io/pvc-protection"]
    return [
        _item(1, "Namespace", OWN, status={"phase": "Active", "conditions": [_condition("NamespaceContentRemaining")]}),
        _item(10, "Plan", "auto-ab12-p", MTV,
              spec={"targetNamespace": SHARED,
                    "provider": {"source": ref, "destination": {"namespace": OWN, "name": "host"}},
                    "vms": [{"id": "vm-1", "name": "rhel8"}]},
              status={"conditions": [_condition("Ready", category="Required"), _condition("X", category="Critical")],
                      "migration": {"vms": [{"id": "vm-1", "name": "rhel8"}], "history": history}}),
        _item(11, "Migration", "auto-ab12-m", MTV,
              spec={"plan": {"namespace": MTV, "name": "auto-ab12-p"}, "cancel": []}, status=running,
              owners=_owner(10, "Plan", "auto-ab12-p")),
        _item(12, "Provider", "auto-ab12-source-vsphere-8-0", MTV,
              spec={"type": "vsphere", "url": "https://vc.example.com/sdk", "secret": {"namespace": MTV, "name": "s"}},
              status={"conditions": [_condition("Ready")]}),
        _item(13, "NetworkMap", "auto-ab12-nm", MTV, spec={"provider": {"source": {"namespace": OWN, "name": "x"}}}),
        _item(20, "VirtualMachine", "auto-ab12-vm", SHARED, labels=plan, deleting=HOLDING,
              finalizers=["kubevirt.io/virtualMachineControllerFinalize"]),
        _item(21, "VirtualMachineInstance", "auto-ab12-vm", SHARED, labels=plan,
              owners=_owner(20, "VirtualMachine", "auto-ab12-vm")),
        _item(22, "Pod", "virt-launcher-x", SHARED, labels=plan, deleting=HOLDING,
              owners=_owner(21, "VirtualMachineInstance", "auto-ab12-vm"),
              spec={"nodeName": "node-1", "volumes": volumes}, status={"phase": "Running", "conditions": []}),
        _item(23, "DataVolume", "auto-ab12-dv", SHARED, labels=plan, spec={}, status={"phase": "Succeeded"}),
        _item(24, "PersistentVolumeClaim", "auto-ab12-disk", SHARED, labels=plan, deleting=HOLDING,
              finalizers=held, owners=_owner(23, "DataVolume", "auto-ab12-dv"), spec={"volumeName": "pv-1"}),
        _item(25, "PersistentVolumeClaim", f"prime-{uid(24)}", SHARED, finalizers=held, deleting=HOLDING),
        _item(26, "Conversion", "auto-ab12-c", SHARED, labels=plan, status={"phase": "Running"}),
        _item(27, "ConfigMap", "auto-ab12-p-extra-v2v-conf", SHARED),
        _item(30, "PersistentVolume", "pv-1", deleting=HOLDING, finalizers=["kubernetes.io/pv-protection"],
              annotations={"pv.kubernetes.io/provisioned-by": "csi"},
              spec={"claimRef": {"namespace": SHARED, "name": "auto-ab12-disk", "uid": uid(24)},
                    "persistentVolumeReclaimPolicy": "Retain",
                    "csi": {"driver": "csi.vsphere.vmware.com", "volumeHandle": "v"}},
              status={"phase": "Released", "message": "m"}),
        _item(31, "PersistentVolume", "pv-2", annotations={"forklift.konveyor.io/populated-from": f"{OWN}/x"},
              spec={"claimRef": {"namespace": OWN, "name": "c", "uid": uid(999)}, "nfs": {"server": "s", "path": "/p"}},
              status={"phase": "Bound"}),
        _item(32, "ClusterRoleBinding", "auto-ab12-crb"),
        _item(40, "Secret", "left", OWN),
        _item(41, "Pod", "p", OWN, deleting=HOLDING, finalizers=["example.com/f"], spec={"volumes": volumes}),
        _item(50, "Node", "node-1", status={"conditions": [_condition("Ready", "Unknown")]}),
        _item(51, "Deployment", "forklift-controller", MTV, status={"availableReplicas": 0}),
        _item(52, "APIService", "v1.dead", status={"conditions": [_condition("Available", "False")]}),
        _item(53, "VolumeAttachment", "va",
              spec={"source": {"persistentVolumeName": "pv-1"}, "nodeName": "node-1", "attacher": "csi"},
              status={"detachError": {"message": "m"}}),
        _item(54, "Event", "e", SHARED, involvedObject={"uid": uid(24)}, message="m", lastTimestamp=AFTER),
        _item(55, "VolumeSnapshot", "vs", SHARED, spec={"source": {"persistentVolumeClaimName": "auto-ab12-disk"}}),
        # Neighbours.
        _item(900, "Namespace", SHARED, created=BEFORE),
        _item(901, "Namespace", MTV, created=BEFORE),
        _item(902, "Pod", "theirs", SHARED, created=BEFORE, labels={"plan": uid(990)},
              spec={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "theirs"}}]}),
        _item(903, "PersistentVolumeClaim", "theirs", SHARED, labels={"plan": uid(990)}),
        _item(904, "PersistentVolumeClaim", "both", SHARED, labels=plan, owners=_owner(902, "Pod", "theirs")),
        _item(905, "PersistentVolume", "pv-theirs", created=BEFORE,
              spec={"claimRef": {"namespace": SHARED, "name": "theirs", "uid": uid(903)}}, status={"phase": "Bound"}),
        _item(906, "Plan", "theirs", MTV, created=BEFORE, spec={"targetNamespace": SHARED, "vms": [{"id": "vm-9"}]}),
        _item(907, "VirtualMachine", "theirs", SHARED, created=BEFORE),
        _item(908, "Provider", "theirs", MTV, created=BEFORE, spec={"type": "ova", "url": "nfs:/x"}),
    ]  # fmt: skip


def paths(held: Any, place: Path = ()) -> Iterator[Path]:
    """Every field of it."""
    if place:
        yield place
    inside = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    for key, one in inside:
        yield from paths(one, (*place, key))


def changed(held: Any, place: Path, value: Any) -> Any:
    """A copy with another value at that place."""
    made = json.loads(json.dumps(held))
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return made


def discovery() -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for one in KINDS.values():
        group = groups.setdefault(one.group, {"metadata": {"name": one.group}, "versions": []})
        version = next((v for v in group["versions"] if v["version"] == one.version), None)
        if version is None:
            version = {"version": one.version, "freshness": "Current", "resources": []}
            group["versions"].append(version)
        version["resources"].append(
            {
                "resource": one.plural,
                "responseKind": {"group": one.group, "version": one.version, "kind": one.kind},
                "scope": "Namespaced" if one.namespaced else "Cluster",
                "verbs": sorted(one.verbs),
            }
        )
    return list(groups.values())


class OddServer:
    """Answers like an API server, with these objects; answers: path -> the bytes that it sends instead."""

    def __init__(self, items: list[Any], groups: list[Any] | None = None) -> None:
        self.items, self.groups = items, discovery() if groups is None else groups
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.deleted: list[Any] = []

    def client(self) -> Cluster:
        token = {"BearerToken": {"in": "header", "key": "authorization", "value": "Bearer made-up"}}
        configuration = SimpleNamespace(host="https://odd.example.com", auth_settings=lambda: token, verify_ssl=True)
        return Cluster(Http(configuration, self, {}, lambda _seconds: None, Patience(tries=2)))

    def request(self, method: str, url: str, body: str | None = None, **_how: Any) -> Any:
        parts = urlsplit(url)
        status, raw = self.answers.get(parts.path) or self._answer(method, parts.path, parse_qs(parts.query), body)
        return SimpleNamespace(
            status=status,
            headers={},
            stream=lambda _size, decode_content: iter([raw]),  # noqa: ARG005 - urllib3's names
            release_conn=lambda: None,
            close=lambda: None,
        )

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: str | None) -> tuple[int, bytes]:
        if path in ("/api", "/apis"):
            held = [g for g in self.groups if (_name(g) == "") == (path == "/api")]
            return 200, _json({"kind": "APIGroupDiscoveryList", "metadata": {}, "items": held})
        if method == "POST":
            return 201, _json({"status": {"allowed": True, "resourceRules": []}})
        if method in ("DELETE", "PATCH"):
            self.deleted.append(json.loads(body or "{}"))
            return 200, _json({"kind": "Status", "status": "Success"})
        if "watch" in query:
            return 200, b""
        return self._list(path, query)

    def _list(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = parts[1] if parts[:1] == ["namespaces"] and len(parts) > 2 else None
        plural, *name = (parts[2:] if namespace else parts) or [""]
        group = "" if path.startswith("/api/") else path.split("/")[2]
        kind = next((k for k, one in KINDS.items() if (one.group, one.plural) == (group, plural)), "")
        if not kind:
            return 404, b"404 page not found"
        found = [one for one in self.items if one.get("kind") == kind and _stands(one, namespace)]
        if name:
            named = next((one for one in found if _name(one) == name[0]), None)
            told = {"kind": "Status", "reason": "NotFound", "message": "no", "details": {"name": name[0]}}
            return (200, _json(named)) if named else (404, _json(told))
        wanted = query.get("fieldSelector", [""])[0].removeprefix("metadata.name=")
        if wanted and "=" not in wanted:
            found = [one for one in found if _name(one) == wanted]
        return 200, _json({"kind": f"{kind}List", "metadata": {"resourceVersion": "1"}, "items": found})


def _stands(item: Any, namespace: str | None) -> bool:
    """By what it is, not by what its odd fields say."""
    meta = item.get("metadata") if isinstance(item, dict) else None
    place = meta.get("namespace") if isinstance(meta, dict) else None
    return namespace is None or place == namespace or not isinstance(place, str)


def _name(item: Any) -> Any:
    meta = item.get("metadata") if isinstance(item, dict) else None
    return meta.get("name") if isinstance(meta, dict) else None


def _json(data: Any) -> bytes:
    return json.dumps(data).encode()
