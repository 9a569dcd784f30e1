# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session full of objects that do not go, each for another cause: named rightly, all for the price of one wait."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.clusters import cluster_of
from tests.contract.teardown import Run, teardown
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.contract.test_faults_deleting import ARCHIVED, CANCELED
from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.kube import ApiError
from tests.lab.operator.settings import IGNORED, NODE
from tests.lab.webhook import Webhook, configuration

OWN, WINDOW = "auto-st01", 10.0
HELD = {"finalizers": ["example.com/held"]}
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
POD = {"nodeName": "lab-node", "terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "x"}]}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
VM = {"running": True, "template": {"spec": {"domain": {}}}}
# Three of each, held by a finalizer whose controller nobody knows.
THREE_OF = {
    "Secret": {},
    "ConfigMap": {},
    "Pod": {"spec": POD},
    "NetworkMap": {"spec": {"map": [], "provider": {}}},
    "StorageMap": {"spec": {"map": [], "provider": {}}},
    "Host": {"spec": {"id": "host-1", "provider": {}, "ipAddress": "192.0.2.7", "secret": {}}},
    "Hook": {"spec": {"image": "x"}},
    "Plan": {"spec": {**PLAN_SPEC, "targetNamespace": OWN}, "status": ARCHIVED},
    "Migration": {"spec": {"plan": {"name": "p", "namespace": OWN}}, "status": CANCELED},
    "NetworkAttachmentDefinition": {"spec": {"config": "{}"}},
    "VirtualMachine": {"spec": {"running": False, "template": {"spec": {"domain": {}}}}},
}


@dataclass
class Museum:
    admin: Admin
    made: list[tuple[str, str]]

    def make(self, kind: str, name: str, **more: Any) -> dict[str, Any]:
        self.made.append((kind, name))
        return self.admin.make(kind, OWN, name, **more)

    def claim(self, name: str, finalizer: str = "") -> None:
        self.make("PersistentVolumeClaim", name, metadata={"finalizers": [finalizer] if finalizer else []}, spec=CLAIM)

    def volume(self, name: str, policy: str, finalizers: tuple[str, ...] = (), driver: str = "") -> None:
        """A volume whose claim in the session's namespace has gone. driver: an outside one that should delete it."""
        notes = {"pv.kubernetes.io/provisioned-by": driver} if driver else {}
        spec = {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": policy,
            "claimRef": {"namespace": OWN, "name": f"{name}-claim", "uid": str(uuid.uuid4())},
            "csi": {"driver": driver or "nobody.example.com", "volumeHandle": name},
        }
        meta = {"name": name, "finalizers": list(finalizers), "annotations": notes}
        self.admin.api.create("/api/v1/persistentvolumes", {"metadata": meta, "spec": spec})

    def fill(self) -> None:
        api = self.admin.api
        for kind, more in THREE_OF.items():
            for number in range(3):
                self.make(kind, f"held-{number}", metadata={**HELD, "annotations": {IGNORED: "yes"}}, **more)
        api.create("/api/v1/nodes", {"metadata": {"name": "dead-node"}})
        dead = {"metadata": {"annotations": {NODE: "dead-node"}}, "spec": {"domain": {}}}
        self.make("VirtualMachine", "on-dead-node", spec={"running": True, "template": dead})
        slow = {"metadata": {"annotations": {"lab.mtv.teardown/vm-end-delay": "59"}}, "spec": {"domain": {}}}
        self.make("VirtualMachine", "slow-guest", spec={"running": True, "template": slow})
        user = {**POD, "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "used"}}]}
        self.claim("used")
        self.make("Pod", "user", metadata={"annotations": {IGNORED: "yes"}}, spec=user)
        self.claim("cloned", "cdi.kubevirt.io/cloneSource")
        self.claim("populated", "forklift.konveyor.io/populate-target-protection")
        self.claim("snapshotted", "snapshot.storage.kubernetes.io/pvc-as-source-protection")
        source = {"source": {"persistentVolumeClaimName": "snapshotted"}}
        held = {"finalizers": ["snapshot.storage.kubernetes.io/volumesnapshot-bound-protection"]}
        self.make("VolumeSnapshot", "taken", metadata=held, spec=source)
        server = {"finalizers": ["forklift/ova-provider"], "annotations": {IGNORED: "yes"}}
        self.make("OVAProviderServer", "server", metadata={**server, "labels": {"provider": str(uuid.uuid4())}})
        complained = self.make("Secret", "complained", metadata=HELD)
        about = {"kind": "Secret", "namespace": OWN, "name": "complained", "uid": complained["metadata"]["uid"]}
        self.admin.make(
            "Event", OWN, "e", involvedObject=about, type="Warning", message="backend is locked", reason="x"
        )
        for label in ("refused", "unanswered"):
            self.make("ConfigMap", label, metadata={"labels": {label: "yes"}})
        self.make("Secret", "kept-by-policy", metadata={"labels": {"kept": "yes"}})
        self.volume("stuck-failed", "Delete")
        failed = {"phase": "Failed", "message": "the lab's backend is locked"}
        self.admin._set_status("/api/v1/persistentvolumes/stuck-failed", failed)
        self.volume("stuck-driver", "Delete", driver="slow.example.com")
        self.volume("stuck-attached", "Retain", ("external-attacher/example",))
        attached = {
            "attacher": "x.example.com",
            "nodeName": "dead-node",
            "source": {"persistentVolumeName": "stuck-attached"},
        }
        api.create("/apis/storage.k8s.io/v1/volumeattachments", {"metadata": {"name": "stuck"}, "spec": attached})

    def lives(self) -> bool:
        """Claims are bound, guests run, and every controller has put its finalizers on."""
        claims = self.api_items("/api/v1", "persistentvolumeclaims")
        guests = self.api_items("/apis/kubevirt.io/v1", "virtualmachineinstances")
        running = {one["metadata"]["name"] for one in guests if one.get("status", {}).get("phase") == "Running"}
        bound = [claim for claim in claims if claim["status"].get("phase") == "Bound"]
        return len(bound) == len(claims) == 4 and running == {"on-dead-node", "slow-guest"}

    def api_items(self, base: str, plural: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin.api.request("GET", f"{base}/namespaces/{OWN}/{plural}")["items"]
        return found

    def guard(self, webhook: Webhook) -> None:
        """A webhook that refuses, one that is dead, and a policy. They are about labels that only this test uses."""
        configs = f"{ADMISSION}/validatingwebhookconfigurations"
        ours = configuration("refusing", webhook.url, webhook.ca_bundle, "configmaps", "refused")
        self.admin.api.create(configs, ours)
        dead = configuration("dead", "https://127.0.0.1:1/", webhook.ca_bundle, "configmaps", "unanswered")
        self.admin.api.create(configs, dead)
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["secrets"]}
        selector = {"matchExpressions": [{"key": "kept", "operator": "Exists"}]}
        constraints = {"resourceRules": [rule], "objectSelector": selector}
        spec = {"matchConstraints": constraints, "validations": [{"expression": "false", "message": "kept for audit"}]}
        self.admin.api.create(f"{ADMISSION}/validatingadmissionpolicies", {"metadata": {"name": "keep"}, "spec": spec})
        bound = {"policyName": "keep", "validationActions": ["Deny"]}
        path = f"{ADMISSION}/validatingadmissionpolicybindings"
        self.admin.api.create(path, {"metadata": {"name": "keep"}, "spec": bound})

    def unguard(self) -> None:
        for path in (
            "validatingwebhookconfigurations/refusing",
            "validatingwebhookconfigurations/dead",
            "validatingadmissionpolicybindings/keep",
            "validatingadmissionpolicies/keep",
        ):
            self.admin.api.request("DELETE", f"{ADMISSION}/{path}")

    def let_go(self) -> None:
        """The causes pass: finalizers go, nodes come back, volumes are detached."""
        api = self.admin.api
        api.request("DELETE", "/apis/storage.k8s.io/v1/volumeattachments/stuck")
        ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "Back"}]}
        self.admin.rewrite(
            "/api/v1/nodes/dead-node", lambda now: now.update(status=ready), "/api/v1/nodes/dead-node/status"
        )
        for kind, name in self.made:
            with _gone_is_fine():
                self.admin.release(kind, OWN, name)
        for pod in api.request("GET", f"/api/v1/namespaces/{OWN}/pods")["items"]:
            path = f"/api/v1/namespaces/{OWN}/pods/{pod['metadata']['name']}"
            with _gone_is_fine():
                api.request("DELETE", path, {"gracePeriodSeconds": 0})
        for name in ("stuck-failed", "stuck-driver", "stuck-attached"):
            path = f"/api/v1/persistentvolumes/{name}"
            with _gone_is_fine():
                self.admin.rewrite(path, lambda now: now["metadata"].update(finalizers=[]))
                if name != "stuck-attached":
                    api.request("DELETE", path)


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    """What has let go may end by itself meanwhile."""
    try:
        yield
    except ApiError as exc:
        if exc.code != 404:
            raise


@pytest.fixture(scope="module")
def museum(acting_lab: Lab) -> Museum:
    return Museum(admin_of(acting_lab), [])


@pytest.fixture(scope="module", autouse=True)
def bystander(acting_lab: Lab) -> tuple[Admin, str, str]:
    admin = admin_of(acting_lab)
    admin.namespace(f"{OWN}2")
    admin.make("Secret", f"{OWN}2", f"{OWN}-x")
    return admin, f"{OWN}2", admin.uid("Secret", f"{OWN}2", f"{OWN}-x")


@pytest.fixture(scope="module")
def run(acting_lab: Lab, museum: Museum, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, float]]:
    """One teardown of all of it, and the seconds it took."""
    museum.admin.namespace(OWN)
    with Webhook(tmp_path_factory.mktemp("webhook")) as webhook:
        museum.guard(webhook)
        museum.fill()
        assert eventually(museum.lives)
        begun = time.monotonic()
        ran = teardown(cluster_of(acting_lab.kubeconfig), Session(prefix=OWN), stall=WINDOW, namespace_stall=20)
        yield ran, time.monotonic() - begun
        museum.unguard()


CAUSES = {
    ("VirtualMachine", "on-dead-node"): ("node-gone", "dead-node"),
    ("VirtualMachine", "slow-guest"): ("grace-period", "virt-launcher-slow-guest"),
    ("PersistentVolumeClaim", "used"): ("pod-uses-claim", "user"),
    ("Pod", "user"): ("pod-hangs", "user"),
    ("PersistentVolumeClaim", "cloned"): ("clone-in-progress", "cloneSource"),
    ("PersistentVolumeClaim", "populated"): ("populator-holds-claim", "MTV-3353"),
    ("PersistentVolumeClaim", "snapshotted"): ("snapshot-in-progress", "VolumeSnapshot taken"),
    ("OVAProviderServer", "server"): ("provider-server-stuck", "Provider is gone already"),
    ("Secret", "complained"): ("controller-fails", "backend is locked"),
    ("ConfigMap", "refused"): ("webhook-refuses", "the lab forbids it"),
    ("ConfigMap", "unanswered"): ("webhook-dead", "dead.lab.example.com"),
    ("Secret", "kept-by-policy"): ("policy-refuses", "kept for audit"),
    ("PersistentVolume", "stuck-failed"): ("volume-failed", "the lab's backend is locked"),
    ("PersistentVolume", "stuck-driver"): ("driver-deletes", "slow.example.com"),
    ("PersistentVolume", "stuck-attached"): ("volume-attached", "dead-node"),
    ("Namespace", OWN): ("namespace-content", "Secret"),
    ("Secret", "held-0"): ("finalizer", "example.com/held"),
    ("VirtualMachine", "held-0"): ("finalizer", "example.com/held"),
}


@pytest.mark.parametrize("place", CAUSES, ids="-".join)
def test_the_cause_is_named_by_the_phase(run: tuple[Run, float], place: tuple[str, str]) -> None:
    cause, named = CAUSES[place]
    said = run[0].remaining(*place)
    assert said["cause"] == cause, said
    assert named in said["reason"] + said["next_step"], said
    assert said["next_step"]


def test_three_stuck_in_eleven_kinds_cost_one_window(run: tuple[Run, float]) -> None:
    """11 x 3 windows would be 330 s."""
    ran, seconds = run
    stuck = [entry for phase in ran.phases.values() for entry in phase.remaining]
    assert len([e for e in stuck if e["name"].startswith("held-")]) == 33
    assert len(THREE_OF) == 11
    print(f"{len(stuck)} stuck objects: {seconds:.1f} s with a window of {WINDOW:.0f} s")
    assert seconds < WINDOW * 33 / 2  # far from a window each, also on a busy machine


def test_everything_that_stayed_is_a_leftover(run: tuple[Run, float]) -> None:
    ran, _seconds = run
    assert ran.verdict == "leftovers"
    stuck = {(e["kind"], e["name"]) for phase in ran.phases.values() for e in phase.remaining}
    # The namespace takes along, while it waits, what only our own requests were refused for.
    taken = {("Secret", "kept-by-policy"), ("ConfigMap", "refused"), ("ConfigMap", "unanswered")}
    # On a busy machine the guest has ended by then, its launcher and its instance with it.
    by_itself = {place for place in stuck if "slow-guest" in place[1]}
    assert stuck - ran.leftovers <= taken | by_itself
    assert all(entry["cause"] and entry["next_step"] for entry in ran.judged["leftovers"])


@pytest.mark.usefixtures("run")
def test_when_the_causes_pass_it_ends_clean(acting_lab: Lab, museum: Museum, bystander: tuple[Admin, str, str]) -> None:
    museum.unguard()
    museum.unguard = lambda: None  # type: ignore[method-assign]
    museum.let_go()
    again = teardown(cluster_of(acting_lab.kubeconfig), Session(prefix=OWN), stall=60, namespace_stall=60)
    assert again.verdict == "clean", again.judged["leftovers"] + again.judged["unreadable"]
    admin, namespace, uid = bystander
    assert admin.uid("Secret", namespace, f"{OWN}-x") == uid
    assert teardown(cluster_of(acting_lab.kubeconfig), Session(prefix=OWN)).deleted == set()


def _is_dead(admin: Admin, path: str) -> bool:
    told = admin.api.request("GET", path).get("status", {}).get("conditions", [])
    return [(one["type"], one["status"]) for one in told] == [("Available", "False")]


def test_a_dead_api_holds_a_namespace_and_is_named(acting_lab: Lab) -> None:
    admin = admin_of(acting_lab)
    prefix = "auto-dead"
    admin.namespace(prefix)
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {
        "group": "dead.example.com",
        "version": "v1",
        "groupPriorityMinimum": 10,
        "versionPriority": 10,
        "insecureSkipTLSVerify": True,
        "service": {"namespace": "default", "name": "nobody"},
    }
    admin.api.create(path, {"metadata": {"name": "v1.dead.example.com"}, "spec": spec})
    try:
        assert eventually(lambda: _is_dead(admin, f"{path}/v1.dead.example.com"))
        run = teardown(cluster_of(acting_lab.kubeconfig), Session(prefix=prefix), namespace_stall=8)
    finally:
        admin.api.request("DELETE", f"{path}/v1.dead.example.com")
    assert run.verdict == "leftovers"
    said = run.left("Namespace", prefix)
    assert said["cause"] == "api-service-dead", said
    assert "v1.dead.example.com" in said["next_step"]
    assert "dead.example.com" in {entry["api_version"] for entry in run.judged["unreadable"]}
    again = teardown(cluster_of(acting_lab.kubeconfig), Session(prefix=prefix), namespace_stall=60)
    assert again.verdict == "clean"
