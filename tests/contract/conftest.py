# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane of the tests' own, without the operator: here the clients meet the real API server."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._clients import rest
from ansible_collections.mtv.teardown.plugins.module_utils._clients.cluster import Cluster

from tests.lab import controlplane
from tests.lab.faults import FaultProxy
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
_NUMBERS = itertools.count(1)
# Two processes that test side by side have labs of their own.
LABS = os.environ.get("MTV_TEARDOWN_LABS", "")


@pytest.fixture(scope="session")
def lab() -> Iterator[controlplane.Lab]:
    started = controlplane.start(f"{LABS}contract", operator=False, say=lambda text: print(f"lab: {text}"))
    yield started
    controlplane.stop(started)


@pytest.fixture(scope="session")
def acting_lab() -> Iterator[controlplane.Lab]:
    """A lab whose operator acts as Forklift, KubeVirt and CDI do."""
    started = controlplane.start(f"{LABS}operator", say=lambda text: print(f"lab: {text}"))
    yield started
    controlplane.stop(started)


def cluster_of(kubeconfig: Path, user: str | None = None) -> Cluster:
    """Our client; user: on behalf of this one, with its rights alone."""
    return Cluster(rest.connect(SimpleNamespace(params={"kubeconfig": str(kubeconfig), "impersonate_user": user})))


# A server that hangs is found out in a second; the waits between two tries are noted, not waited.
HASTY = rest.Patience(tries=3, connect=2.0, silence=0.25, answer=0.4, listing=2.0)


def hasty(kubeconfig: Path, waits: list[float] | None = None, patience: rest.Patience = HASTY) -> Cluster:
    """Our client with little patience. waits: what it would have waited between tries."""
    http = rest.connect(SimpleNamespace(params={"kubeconfig": str(kubeconfig)}))
    http.patience = patience
    http._sleep = (waits if waits is not None else []).append
    return Cluster(http)


@pytest.fixture
def cluster(lab: controlplane.Lab) -> Cluster:
    """Our client, as the user whose requests are logged."""
    return cluster_of(lab.kubeconfig)


@pytest.fixture
def limited(lab: controlplane.Lab) -> Cluster:
    """Our client, as a user without any right."""
    return cluster_of(lab.limited_kubeconfig)


@pytest.fixture
def prefix() -> str:
    """A session of this test alone."""
    return f"auto-t{next(_NUMBERS):03d}"


@pytest.fixture(scope="session")
def proxy(lab: controlplane.Lab) -> Iterator[FaultProxy]:
    """Fails on purpose; tests that run side by side name their own paths in their rules."""
    with FaultProxy(lab) as started:
        yield started


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


def admin_of(lab: controlplane.Lab) -> Admin:
    token = yaml.safe_load(lab.admin_kubeconfig.read_text())["users"][0]["user"]["token"]
    return Admin(Api(lab.port, lab.state / "pki" / "ca.crt", token))


@pytest.fixture
def admin(lab: controlplane.Lab) -> Admin:
    return admin_of(lab)


def writes(lab: controlplane.Lab, since: int) -> list[dict[str, Any]]:
    """What our user changed since the mark; the log is written a moment after the answer."""
    time.sleep(0.3)
    found = controlplane.requests(lab, since)
    return [r for r in found if r["verb"] in ("create", "update", "patch", "delete", "deletecollection")]
