# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's operator against what is known of Forklift, KubeVirt and CDI: a test peer that lies proves nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from tests.contract.waiting import eventually
from tests.lab.controlplane import Lab
from tests.lab.kube import Api, ApiError
from tests.lab.worlds import seed

FORKLIFT = "/apis/forklift.konveyor.io/v1beta1"


@pytest.fixture(scope="module")
def api(acting_lab: Lab) -> Api:
    token = yaml.safe_load(acting_lab.admin_kubeconfig.read_text())["users"][0]["user"]["token"]
    return Api(acting_lab.port, acting_lab.state / "pki" / "ca.crt", token)


@pytest.fixture(scope="module")
def running(acting_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The world in which one migration still runs; returns its namespace."""
    seed.seed(acting_lab, "running", "auto-op01", tmp_path_factory.mktemp("world"), say=lambda _text: None)
    return "auto-op01"


def items(api: Api, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.request("GET", path)["items"]
    return found


def types(obj: dict[str, Any]) -> set[str]:
    return {c["type"] for c in obj.get("status", {}).get("conditions", []) if c["status"] == "True"}


def migration(api: Api, namespace: str, condition: str) -> dict[str, Any]:
    return next(m for m in items(api, f"{FORKLIFT}/namespaces/{namespace}/migrations") if condition in types(m))


def plan_of(api: Api, one: dict[str, Any]) -> dict[str, Any]:
    reference = one["spec"]["plan"]
    found: dict[str, Any] = api.request(
        "GET", f"{FORKLIFT}/namespaces/{reference['namespace']}/plans/{reference['name']}"
    )
    return found


def patch(api: Api, obj: dict[str, Any], spec: dict[str, Any]) -> None:
    metadata = obj["metadata"]
    plural = f"{obj['kind'].lower()}s"
    path = f"{FORKLIFT}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"
    now = api.request("GET", path)
    now["spec"].update(spec)
    api.request("PUT", path, now)


def test_what_a_migration_creates(api: Api, running: str) -> None:
    """Sections 2.1 and 2.2: labels carry uids, claims belong to DataVolumes first and to the VM after the hand-over."""
    going, ended = migration(api, running, "Running"), migration(api, running, "Succeeded")
    claims = items(api, f"/api/v1/namespaces/{running}/persistentvolumeclaims")
    for one, owner in ((going, "DataVolume"), (ended, "VirtualMachine")):
        mine = [c for c in claims if c["metadata"].get("labels", {}).get("migration") == one["metadata"]["uid"]]
        assert mine
        assert {c["metadata"]["ownerReferences"][0]["kind"] for c in mine} == {owner}
        assert {c["metadata"]["labels"]["plan"] for c in mine} == {plan_of(api, one)["metadata"]["uid"]}
    volumes = items(api, f"/apis/cdi.kubevirt.io/v1beta1/namespaces/{running}/datavolumes")
    assert {v["metadata"]["labels"]["migration"] for v in volumes} == {going["metadata"]["uid"]}


def test_a_deleted_importer_comes_back(api: Api, running: str) -> None:
    """Section 3.2: CDI re-creates the importer while its claim is neither complete nor being deleted."""
    path = f"/api/v1/namespaces/{running}/pods"
    pod = next(p for p in items(api, path) if p["metadata"]["name"].startswith("importer-"))
    api.request("DELETE", f"{path}/{pod['metadata']['name']}")

    def back() -> bool:
        found = {p["metadata"]["name"]: p["metadata"]["uid"] for p in items(api, path)}
        return found.get(pod["metadata"]["name"], pod["metadata"]["uid"]) != pod["metadata"]["uid"]

    assert eventually(back)


def test_a_claim_under_a_living_data_volume_comes_back(api: Api, running: str) -> None:
    """Section 3.2 (``handlePvcCreation``)."""
    path = f"/api/v1/namespaces/{running}/persistentvolumeclaims"
    claim = next(
        c for c in items(api, path) if any(o["kind"] == "DataVolume" for o in c["metadata"].get("ownerReferences", []))
    )
    api.request("DELETE", f"{path}/{claim['metadata']['name']}")

    def back() -> bool:
        found = {c["metadata"]["name"]: c["metadata"]["uid"] for c in items(api, path)}
        return found.get(claim["metadata"]["name"], claim["metadata"]["uid"]) != claim["metadata"]["uid"]

    assert eventually(back)


def test_cancel_by_vm_id(api: Api, running: str) -> None:
    """Sections 1.1 and 3.1: names alone cancel nothing here; Canceled has no ``completed``; the disks go."""
    one = migration(api, running, "Running")
    plan = plan_of(api, one)
    ids = [vm["id"] for vm in plan["status"]["migration"]["vms"]]
    patch(api, one, {"cancel": [{"name": vm["name"]} for vm in plan["status"]["migration"]["vms"]]})
    time.sleep(2)
    assert "Running" in types(migration(api, running, "Running"))
    patch(api, one, {"cancel": [{"id": vm} for vm in ids]})
    path = f"{FORKLIFT}/namespaces/{running}/migrations/{one['metadata']['name']}"
    assert eventually(lambda: "Canceled" in types(api.request("GET", path)))
    assert "completed" not in api.request("GET", path)["status"]
    volumes = f"/apis/cdi.kubevirt.io/v1beta1/namespaces/{running}/datavolumes"
    assert eventually(lambda: not items(api, volumes))


def test_archive_keeps_what_succeeded(api: Api, running: str) -> None:
    """Section 3.3: pods and secrets go, the VM and its claims stay; Archived is for ever and Ready goes."""
    one = migration(api, running, "Succeeded")
    plan = plan_of(api, one)
    uid = plan["metadata"]["uid"]
    patch(api, plan, {"archived": True})
    assert eventually(lambda: types(plan_of(api, one)) >= {"Archived"})
    assert "Ready" not in types(plan_of(api, one))

    def labelled(path: str) -> list[dict[str, Any]]:
        return [o for o in items(api, path) if o["metadata"].get("labels", {}).get("plan") == uid]

    assert eventually(lambda: not labelled(f"/api/v1/namespaces/{running}/pods"))
    assert labelled(f"/apis/kubevirt.io/v1/namespaces/{running}/virtualmachines")
    assert labelled(f"/api/v1/namespaces/{running}/persistentvolumeclaims")


def test_a_plan_without_its_secret_is_never_archived(api: Api, running: str) -> None:
    """Section 3.3: the Provider is still Ready, so it is not dangling; ``validate`` errors."""
    canceled = migration(api, running, "Canceled")
    plan = plan_of(api, canceled)
    source = plan["spec"]["provider"]["source"]
    provider = api.request("GET", f"{FORKLIFT}/namespaces/{source['namespace']}/providers/{source['name']}")
    secret = provider["spec"]["secret"]
    api.request("DELETE", f"/api/v1/namespaces/{secret['namespace']}/secrets/{secret['name']}")
    patch(api, plan, {"archived": True})
    time.sleep(4)
    assert "Archived" not in types(plan_of(api, canceled))


def test_a_vm_goes_in_the_order_of_its_finalizers(api: Api, running: str) -> None:
    """Section 4: VM gone means VMI gone, and the VMI waits for its launcher."""
    assert running
    base = "/apis/kubevirt.io/v1/namespaces/shared-vms"
    pods = "/api/v1/namespaces/shared-vms/pods"
    api.request("DELETE", f"{base}/virtualmachines/people-web")

    def names(path: str) -> set[str]:
        return {o["metadata"]["name"] for o in items(api, path)}

    def has_launcher() -> bool:
        return any(name.startswith("virt-launcher-people-web") for name in names(pods))

    seen = []
    while "people-web" in names(f"{base}/virtualmachines"):
        seen.append((has_launcher(), "people-web" in names(f"{base}/virtualmachineinstances")))
        time.sleep(0.1)
        assert len(seen) < 200
    assert (True, True) in seen  # the launcher takes its time, and the VMI is there as long
    assert not has_launcher()
    with pytest.raises(ApiError, match="404"):
        api.request("GET", f"{base}/virtualmachineinstances/people-web")
