# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's client: makes things in a lab, changes them, and says whether they live."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from tests.lab.controlplane import Lab
from tests.lab.kube import Api, ApiError

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
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
    "Conversion": (FORKLIFT, "conversions"),
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
        return self.rewrite(path, lambda now: now.update(status=status), f"{path}/status")

    def rewrite(self, path: str, alter: Callable[[dict[str, Any]], None], to: str = "") -> dict[str, Any]:
        """Read, alter and write; again when somebody else wrote at the same moment."""
        for _attempt in range(20):
            now = self.api.request("GET", path)
            alter(now)
            try:
                made: dict[str, Any] = self.api.request("PUT", to or path, now)
            except ApiError as exc:
                if exc.code != 409:
                    raise
            else:
                return made
        raise AssertionError(f"{path} changes all the time")

    def get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        base, plural = PLURALS[kind]
        found: dict[str, Any] = self.api.request("GET", f"{base}/namespaces/{namespace}/{plural}/{name}")
        return found

    def uid(self, kind: str, namespace: str, name: str) -> str:
        """The uid of a living object, or nothing."""
        try:
            meta = self.get(kind, namespace, name)["metadata"]
        except ApiError as exc:
            if exc.code != 404:
                raise
            return ""
        return "" if meta.get("deletionTimestamp") else str(meta["uid"])

    def change(self, kind: str, namespace: str, name: str, **change: Any) -> None:
        """Merge into metadata and spec, as somebody with kubectl would."""
        base, plural = PLURALS[kind]
        path = f"{base}/namespaces/{namespace}/{plural}/{name}"

        def merge(now: dict[str, Any]) -> None:
            for part, values in change.items():
                for key, value in values.items():
                    old = now[part].get(key)
                    now[part][key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value

        self.rewrite(path, merge)

    def release(self, kind: str, namespace: str, name: str) -> None:
        """Take the finalizers off, as the controller that set them would."""
        base, plural = PLURALS[kind]
        path = f"{base}/namespaces/{namespace}/{plural}/{name}"
        self.rewrite(path, lambda now: now["metadata"].update(finalizers=[]))

    def allow(self, user: str, verbs: list[str], name: str) -> Callable[[], None]:
        """Let a user do this with everything; returns how to take it back."""
        rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}
        role = {"metadata": {"name": name}, "rules": [rule]}
        binding = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        }
        base = "/apis/rbac.authorization.k8s.io/v1"
        self.api.create(f"{base}/clusterroles", role)
        self.api.create(f"{base}/clusterrolebindings", binding)
        self.wait_right(user, rule)

        def undo() -> None:
            self.api.request("DELETE", f"{base}/clusterrolebindings/{name}")
            self.api.request("DELETE", f"{base}/clusterroles/{name}")
            self.wait_right(user, rule, given=False)

        return undo

    def wait_right(self, user: str, rule: Mapping[str, Any], namespace: str = "", given: bool = True) -> None:
        """Wait until a role with this rule, and its binding, are known to the authorizer: it reads through a cache."""
        asked = {
            "verb": rule["verbs"][0],
            "group": rule["apiGroups"][0],
            "resource": rule["resources"][0].partition("/")[0],
            "subresource": rule["resources"][0].partition("/")[2],
            "name": (rule.get("resourceNames") or [""])[0],
            "namespace": namespace,
        }
        review = {"spec": {"user": user, "resourceAttributes": asked}}
        deadline = time.monotonic() + 60
        while self.api.request("POST", _REVIEWS, review)["status"]["allowed"] is not given:
            assert time.monotonic() < deadline, f"{user} and {rule}: the authorizer does not hear of it"
            time.sleep(0.02)


def admin_of(lab: Lab) -> Admin:
    token = yaml.safe_load(lab.admin_kubeconfig.read_text())["users"][0]["user"]["token"]
    return Admin(Api(lab.port, lab.state / "pki" / "ca.crt", token))
