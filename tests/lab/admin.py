# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's client: makes things in a lab, changes them, and says whether they live."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import yaml

from tests.lab.controlplane import Lab
from tests.lab.kube import Api, ApiError

FORKLIFT = "/apis/forklift.konveyor.io/v1beta1"
PLURALS = {
    "Secret": ("/api/v1", "secrets"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Pod": ("/api/v1", "pods"),
    "Event": ("/api/v1", "events"),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims"),
    "NetworkMap": (FORKLIFT, "networkmaps"),
    "StorageMap": (FORKLIFT, "storagemaps"),
    "Host": (FORKLIFT, "hosts"),
    "Hook": (FORKLIFT, "hooks"),
    "Plan": (FORKLIFT, "plans"),
    "Migration": (FORKLIFT, "migrations"),
    "Provider": (FORKLIFT, "providers"),
    "OVAProviderServer": (FORKLIFT, "ovaproviderservers"),
    "ForkliftController": (FORKLIFT, "forkliftcontrollers"),
    "VirtualMachine": ("/apis/kubevirt.io/v1", "virtualmachines"),
    "VolumeSnapshot": ("/apis/snapshot.storage.k8s.io/v1", "volumesnapshots"),
    "NetworkAttachmentDefinition": ("/apis/k8s.cni.cncf.io/v1", "network-attachment-definitions"),
    "Deployment": ("/apis/apps/v1", "deployments"),
}


class Admin:
    """Other people's client: makes things, and says whether they live."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def namespace(self, name: str) -> str:
        self.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
        return name

    def make(self, kind: str, namespace: str, name: str, **more: Any) -> dict[str, Any]:
        base, plural = PLURALS[kind]
        meta = {"name": name, **more.pop("metadata", {})}
        api_version = base.removeprefix("/apis/").removeprefix("/api/")
        body = {"apiVersion": api_version, "kind": kind, "metadata": meta, **more}
        made: dict[str, Any] = self.api.request("POST", f"{base}/namespaces/{namespace}/{plural}", body)
        if "status" in more:
            made = self._set_status(f"{base}/namespaces/{namespace}/{plural}/{name}", more["status"])
        return made

    def _set_status(self, path: str, status: Any) -> dict[str, Any]:
        """Again when somebody else wrote at the same moment."""
        for _attempt in range(5):
            now = self.api.request("GET", path)
            try:
                made: dict[str, Any] = self.api.request("PUT", f"{path}/status", {**now, "status": status})
            except ApiError as exc:
                if exc.code != 409:
                    raise
            else:
                return made
        raise AssertionError(f"{path} changes all the time")

    def uid(self, kind: str, namespace: str, name: str) -> str:
        """The uid of a living object, or nothing."""
        base, plural = PLURALS[kind]
        try:
            meta = self.api.request("GET", f"{base}/namespaces/{namespace}/{plural}/{name}")["metadata"]
        except ApiError as exc:
            if exc.code != 404:
                raise
            return ""
        return "" if meta.get("deletionTimestamp") else str(meta["uid"])

    def change(self, kind: str, namespace: str, name: str, **change: Any) -> None:
        """Merge into metadata and spec, as somebody with kubectl would."""
        base, plural = PLURALS[kind]
        path = f"{base}/namespaces/{namespace}/{plural}/{name}"
        now = self.api.request("GET", path)
        for part, values in change.items():
            for key, value in values.items():
                old = now[part].get(key)
                now[part][key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
        self.api.request("PUT", path, now)

    def release(self, kind: str, namespace: str, name: str) -> None:
        """Take the finalizers off, as the controller that set them would."""
        base, plural = PLURALS[kind]
        path = f"{base}/namespaces/{namespace}/{plural}/{name}"
        now = self.api.request("GET", path)
        now["metadata"]["finalizers"] = []
        self.api.request("PUT", path, now)

    def allow(self, user: str, verbs: list[str], name: str) -> Callable[[], None]:
        """Let a user do this with everything; returns how to take it back."""
        role = {"metadata": {"name": name}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]}
        binding = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        }
        base = "/apis/rbac.authorization.k8s.io/v1"
        self.api.create(f"{base}/clusterroles", role)
        self.api.create(f"{base}/clusterrolebindings", binding)
        time.sleep(0.5)  # the authorizer reads roles through a cache

        def undo() -> None:
            self.api.request("DELETE", f"{base}/clusterrolebindings/{name}")
            self.api.request("DELETE", f"{base}/clusterroles/{name}")
            time.sleep(0.5)

        return undo


def admin_of(lab: Lab) -> Admin:
    token = yaml.safe_load(lab.admin_kubeconfig.read_text())["users"][0]["user"]["token"]
    return Admin(Api(lab.port, lab.state / "pki" / "ca.crt", token))
