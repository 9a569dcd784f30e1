# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finalizers that the user names, on a real API server: off what hangs and is the session's, and off nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete, needed_rights, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError as OurError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import preflight
from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations

from tests.contract.ansible_runs import Playbooks
from tests.contract.clusters import cluster_of
from tests.contract.conftest import writes
from tests.contract.test_least_privilege import allow, shipped
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab, mark
from tests.lab.kube import ApiError
from tests.project.test_result_form import errors

HELD, OTHER = "example.com/held", "example.com/other"
CLONE, VM = "cdi.kubevirt.io/cloneSource", "kubevirt.io/virtualMachineControllerFinalize"
WORD = {"name": HELD, "guarded_is_gone": True}
NAMED = [WORD, CLONE, VM]
AT_ONCE = {"default": 1, "VirtualMachine": 1, "PersistentVolumeClaim": 1}
LIMITS = Limits(stall=2, total=60, settle=2)
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}, "storageClassName": "none"}
GUEST = {"running": False, "template": {"spec": {"domain": {}}}}
VMIS = "/apis/kubevirt.io/v1/namespaces/{}/virtualmachineinstances"


@dataclass
class Held:
    """A session with a namespace of its own, and neighbours whose objects have the same finalizers."""

    admin: Admin
    prefix: str
    neighbour: str

    def hold(self, kind: str, name: str, *names: str, namespace: str = "", **more: Any) -> None:
        self.admin.make(kind, namespace or self.prefix, name, metadata={"finalizers": list(names)}, **more)

    def finalizers(self, kind: str, name: str, namespace: str = "") -> list[str] | None:
        try:
            meta = self.admin.get(kind, namespace or self.prefix, name)["metadata"]
        except ApiError as exc:
            assert exc.code == 404
            return None
        return list(meta.get("finalizers") or [])

    def untouched(self) -> bool:
        kept = {"Secret": {HELD, OTHER}, "PersistentVolumeClaim": {CLONE}, "VirtualMachine": {VM}}
        there = {kind: self.finalizers(kind, f"{self.prefix}-a", self.neighbour) for kind in kept}
        # Kubernetes itself takes pvc-protection off, for no pod uses the claim.
        return {kind: {*(names or ())} - {"kubernetes.io/pvc-protection"} for kind, names in there.items()} == kept


@pytest.fixture
def held(admin: Admin, prefix: str) -> Iterator[Held]:
    made = Held(admin, admin.namespace(prefix), admin.namespace(f"{prefix}9"))
    made.hold("Secret", f"{prefix}-a", HELD, OTHER, namespace=made.neighbour)
    made.hold("PersistentVolumeClaim", f"{prefix}-a", CLONE, namespace=made.neighbour, spec=CLAIM)
    made.hold("VirtualMachine", f"{prefix}-a", VM, namespace=made.neighbour, spec=GUEST)
    # Theirs hang, too: what they need is time, not us.
    for base, plural in (("/api/v1", "secrets"), ("/api/v1", "persistentvolumeclaims")):
        admin.api.request("DELETE", f"{base}/namespaces/{made.neighbour}/{plural}/{prefix}-a")
    admin.api.request("DELETE", f"/apis/kubevirt.io/v1/namespaces/{made.neighbour}/virtualmachines/{prefix}-a")
    yield made
    assert made.untouched()


def run(cluster: Cluster, prefix: str, names: Any, phase: str = order.RESOURCES, check_mode: bool = False) -> Result:
    removal = finalizers.of(names, AT_ONCE)
    return delete.run(cluster, Session(prefix=prefix), LIMITS, check_mode, phase=phase, removal=removal)


def off(result: Result) -> set[tuple[str, str, str]]:
    return {(e["name"], e["finalizer"], e["by"]) for e in result.finalizers["finalizers_removed"]}


def stayed(result: Result) -> dict[str, str]:
    return {e["name"]: e["reason"] for e in result.finalizers["finalizers_kept"]}


def one(cluster: Cluster, kind: str, namespace: str, name: str) -> Obj:
    resource = cluster.discover().find("", kind)
    assert resource is not None
    found = cluster.get(resource, namespace, name)
    assert found is not None
    return found


def test_off_what_hangs_and_nothing_else(lab: Lab, cluster: Cluster, held: Held) -> None:
    held.hold("Secret", "s", HELD)
    held.hold("Secret", "two", OTHER, HELD)
    held.hold("Secret", "unnamed", OTHER)
    held.hold("PersistentVolumeClaim", "c", CLONE, spec=CLAIM)
    held.hold("VirtualMachine", "free", VM, spec=GUEST)
    held.hold("VirtualMachine", "guest", VM, spec=GUEST)
    guest = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance"}
    meta = {"name": "guest", "finalizers": ["kubevirt.io/foregroundDeleteVirtualMachine"]}
    held.admin.api.create(VMIS.format(held.prefix), {**guest, "metadata": meta, "spec": {"domain": {}}})
    since = mark(lab)
    vms = run(cluster, held.prefix, NAMED, order.VMS)
    assert off(vms) == {("free", VM, "reading")}
    assert f"VirtualMachineInstance {held.prefix}/guest" in stayed(vms)["guest"]
    rest = run(cluster, held.prefix, NAMED)
    assert off(rest) == {("s", HELD, "word"), ("two", HELD, "word"), ("c", CLONE, "reading")}
    assert stayed(rest) == {}
    patched = [r for r in writes(lab, since) if r["verb"] == "patch"]
    assert len(patched) == 4 and {r["code"] for r in patched} <= {200}
    assert held.finalizers("Secret", "two") == [OTHER] and held.finalizers("Secret", "unnamed") == [OTHER]
    assert held.finalizers("Secret", "s") is None and held.finalizers("PersistentVolumeClaim", "c") is None
    assert held.finalizers("VirtualMachine", "free") is None and held.finalizers("VirtualMachine", "guest") == [VM]
    assert all(e["account"] and e["removed"] for e in rest.finalizers["finalizers_removed"])
    again = run(cluster, held.prefix, NAMED)
    assert off(again) == set() and again.done == []


def test_check_mode_foresees_it_and_writes_nothing(lab: Lab, cluster: Cluster, held: Held) -> None:
    held.hold("Secret", "s", HELD)
    held.admin.api.request("DELETE", f"/api/v1/namespaces/{held.prefix}/secrets/s")
    since = mark(lab)
    foreseen = run(cluster, held.prefix, NAMED, check_mode=True)
    assert writes(lab, since) == []
    assert off(foreseen) == {("s", HELD, "word")} and held.finalizers("Secret", "s") == [HELD]
    assert off(run(cluster, held.prefix, NAMED)) == off(foreseen)


def test_a_namespace_keeps_its_own(cluster: Cluster, held: Held) -> None:
    path = f"/api/v1/namespaces/{held.prefix}"
    held.admin.rewrite(path, lambda now: now["metadata"].update(finalizers=[HELD]))
    result = run(cluster, held.prefix, NAMED, order.NAMESPACES)
    assert result.finalizers == {"finalizers_removed": [], "finalizers_kept": []}
    assert held.admin.api.request("GET", path)["metadata"]["finalizers"] == [HELD]
    held.admin.rewrite(path, lambda now: now["metadata"].update(finalizers=[]))


def test_the_server_refuses_what_is_not_as_it_was_read(cluster: Cluster, held: Held) -> None:
    """A write, and one of the same name that was made anew."""
    held.hold("Secret", "s", HELD)
    read = one(cluster, "Secret", held.prefix, "s")
    held.admin.change("Secret", held.prefix, "s", metadata={"labels": {"whose": "another"}})
    with pytest.raises(OurError) as changed:
        cluster.without_finalizer(read, HELD)
    held.admin.release("Secret", held.prefix, "s")
    held.admin.api.request("DELETE", f"/api/v1/namespaces/{held.prefix}/secrets/s")
    with pytest.raises(OurError) as gone:
        cluster.without_finalizer(read, HELD)
    held.hold("Secret", "s", HELD)
    with pytest.raises(OurError) as another:
        cluster.without_finalizer(read, HELD)
    assert [caught.value.status for caught in (changed, gone, another)] == [422, 404, 422]
    assert held.finalizers("Secret", "s") == [HELD]


def test_nobody_can_put_one_back_on_what_is_being_deleted(cluster: Cluster, held: Held) -> None:
    held.hold("Secret", "two", HELD, OTHER)
    run(cluster, held.prefix, [WORD])
    with pytest.raises(ApiError) as caught:
        held.admin.rewrite(
            f"/api/v1/namespaces/{held.prefix}/secrets/two",
            lambda now: now["metadata"].update(finalizers=[HELD, OTHER]),
        )
    assert caught.value.code == 422


def test_what_somebody_changes_meanwhile_is_decided_on_anew(
    lab: Lab, cluster: Cluster, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time it is written to; the second time the controller of one of them was faster."""
    held.hold("Secret", "s", HELD)
    held.hold("Secret", "t", HELD)
    real, sent = cluster.without_finalizer, []

    def late(obj: Obj, finalizer: str) -> None:
        other = admin_of(lab)  # patches are sent side by side
        if not sent.count(obj.name):
            other.change("Secret", held.prefix, obj.name, metadata={"labels": {"round": "one"}})
        elif obj.name == "t":
            other.release("Secret", held.prefix, "t")
        sent.append(obj.name)
        real(obj, finalizer)

    monkeypatch.setattr(cluster, "without_finalizer", late)
    result = run(cluster, held.prefix, [WORD])
    assert off(result) == {("s", HELD, "word")} and stayed(result) == {}
    assert sent.count("s") == 2 and held.finalizers("Secret", "t") is None


def test_rights(lab: Lab, held: Held) -> None:
    """Asked for only with the option; without patch it is told, with the shipped manifest it is done."""
    held.hold("Secret", "s", HELD)
    admin, prefix = cluster_of(lab.admin_kubeconfig), held.prefix
    found = find(admin, Session(prefix=prefix))
    without, needed = (preflight.needs(found, named).rights() for named in (False, True))
    assert "patch" not in {right.verb for right in without if right.resource == "secrets"}
    patches = {right for right in needed if right.verb == "patch"} - set(without)
    assert {(right.namespace, right.resource) for right in patches} >= {(prefix, "secrets")}
    assert not {"namespaces", "roles", "rolebindings"} & {right.resource for right in patches}
    user = f"u-{prefix}"
    allow(admin_of(lab), user, needed_rights.manifests(without, "x"))
    limited = cluster_of(lab.admin_kubeconfig, user)
    told = preflight.preflight(limited, find(limited, Session(prefix=prefix)), finalizers=True)
    assert {(e["verb"], e["remedy"]) for e in told["missing"]} == {("patch", "extensions/rights/remove-finalizers.yml")}
    refused = run(limited, prefix, [WORD])
    assert off(refused) == set() and "403" in stayed(refused)["s"] and held.finalizers("Secret", "s") == [HELD]
    allow(admin_of(lab), f"{user}-more", needed_rights.manifests(without, "x"))
    _bind(admin_of(lab), f"{user}-more", shipped(("remove-finalizers", prefix)))
    able = cluster_of(lab.admin_kubeconfig, f"{user}-more")
    assert preflight.preflight(able, find(able, Session(prefix=prefix)), finalizers=True)["missing"] == []
    assert off(run(able, prefix, [WORD])) == {("s", HELD, "word")}


def _bind(admin: Admin, user: str, manifests: list[dict[str, Any]]) -> None:
    """Beside the roles that the user has."""
    base = "/apis/rbac.authorization.k8s.io/v1"
    for manifest in manifests:
        kind, namespace = manifest["kind"], manifest["metadata"].get("namespace", "")
        place = f"{base}/namespaces/{namespace}" if namespace else base
        name = f"{user}-finalizers"
        admin.api.create(f"{place}/{kind.lower()}s", {"metadata": {"name": name}, "rules": manifest["rules"]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        body = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
        admin.api.create(f"{place}/{kind.lower()}bindings", body)
        admin.wait_right(user, manifest["rules"][0], namespace)


def test_the_playbook(lab: Lab, tmp_path: Path, held: Held) -> None:
    """Bad input before anything is asked; check mode; the run, its verdict and its audit; and a second one."""
    held.hold("Secret", "s", HELD)
    playbooks = Playbooks(lab, tmp_path)
    teardown = partial(playbooks.run, "teardown", session_prefix=held.prefix, mtv_teardown_finalizer_grace=AT_ONCE)
    for bad, named in (
        (["*"], "remove_finalizers[0]"),
        ([HELD, HELD], "remove_finalizers[1]"),
        (["kubernetes"], "namespaces"),
    ):
        stopped = teardown(mtv_teardown_remove_finalizers=bad)
        assert (stopped.code, stopped.asked) == (2, []) and named in stopped.output, stopped.output
    plain = teardown()
    assert plain.code == 2 and held.finalizers("Secret", "s") == [HELD]
    assert "finalizers_removed" not in playbooks.result(held.prefix)
    checked = teardown("--check", "--diff", mtv_teardown_remove_finalizers=[WORD])
    assert checked.code == 0 and checked.wrote == [], checked.output
    assert f"finalizer {HELD} of Secret {held.prefix}/s" in checked.output
    done = teardown(mtv_teardown_remove_finalizers=[WORD], mtv_teardown_stall_timeout=20)
    assert done.code == 0, done.output
    assert "1 finalizer was taken off, as the user named" in done.output
    result = playbooks.result(held.prefix)
    assert [(e["name"], e["finalizer"]) for e in result["finalizers_removed"]] == [("s", HELD)]
    assert result["verdict"] == "clean" and result["finalizers_kept"] == [] and errors(result) == []
    assert mutations.program().audit(result).findings == []
    again = teardown(mtv_teardown_remove_finalizers=[WORD])
    assert again.code == 0 and "changed=0" in again.output and again.wrote == []
