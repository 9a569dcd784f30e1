# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role migrated_vms alone, after one test class: by a plan, and by names in a namespace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.ansible_runs import Playbooks
from tests.lab.controlplane import Lab
from tests.lab.kube import Api
from tests.lab.worlds import seed

VMS = "/apis/kubevirt.io/v1/virtualmachines"
CLAIMS = "/api/v1/persistentvolumeclaims"
PREFIX = "auto-vm01"


@pytest.fixture(scope="module")
def api(acting_lab: Lab) -> Api:
    token = yaml.safe_load(acting_lab.admin_kubeconfig.read_text())["users"][0]["user"]["token"]
    return Api(acting_lab.port, acting_lab.state / "pki" / "ca.crt", token)


@pytest.fixture(scope="module")
def plans(acting_lab: Lab, api: Api, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Two plans of one session: the first made two VMs, the second one."""
    seed.seed(acting_lab, "cold", PREFIX, tmp_path_factory.mktemp("world"), say=lambda _text: None)
    path = f"/apis/forklift.konveyor.io/v1beta1/namespaces/{PREFIX}/plans"
    found: list[dict[str, Any]] = api.request("GET", path)["items"]
    return sorted(found, key=lambda plan: -len(plan["spec"]["vms"]))


def uids(api: Api, path: str, plan: dict[str, Any] | None = None) -> set[str]:
    """All objects of a kind, or those that a plan's migration made."""
    wanted = plan and plan["metadata"]["uid"]
    found = api.request("GET", path)["items"]
    return {o["metadata"]["uid"] for o in found if not wanted or o["metadata"].get("labels", {}).get("plan") == wanted}


def living(api: Api, path: str) -> set[str]:
    """All objects of a kind that nobody has deleted."""
    found = api.request("GET", path)["items"]
    return {o["metadata"]["uid"] for o in found if "deletionTimestamp" not in o["metadata"]}


def reference(plan: dict[str, Any]) -> dict[str, str]:
    return {"name": plan["metadata"]["name"], "namespace": plan["metadata"]["namespace"]}


def test_the_vms_of_a_plan(acting_lab: Lab, api: Api, plans: list[dict[str, Any]], tmp_path: Path) -> None:
    playbooks = Playbooks(acting_lab, tmp_path)
    before = {path: (uids(api, path), uids(api, path, plans[0])) for path in (VMS, CLAIMS)}
    assert [len(mine) for _all, mine in before.values()] == [2, 4]
    checked = playbooks.run_role("migrated_vms", "--check", migrated_vms_plan=reference(plans[0]))
    assert checked.code == 0, checked.output
    assert checked.wrote == []
    assert "changed=1" in checked.output
    done = playbooks.run_role("migrated_vms", migrated_vms_plan=reference(plans[0]))
    assert done.code == 0, done.output
    # Exactly these VMs and their claims; the other plan's and everybody else's live. The Plan is not archived, so its
    # finished conversion pods still hold the claims.
    assert {path: living(api, path) for path in before} == {path: old - mine for path, (old, mine) in before.items()}
    assert {r["resource"] for r in done.wrote} == {"virtualmachines"}
    again = playbooks.run_role("migrated_vms", migrated_vms_plan=reference(plans[0]))
    assert again.code == 0
    assert "changed=0" in again.output


def test_vms_by_name(acting_lab: Lab, api: Api, plans: list[dict[str, Any]], tmp_path: Path) -> None:
    playbooks = Playbooks(acting_lab, tmp_path)
    vms = api.request("GET", VMS)["items"]
    one = next(vm for vm in vms if vm["metadata"].get("labels", {}).get("plan") == plans[1]["metadata"]["uid"])
    before = uids(api, VMS)
    variables = {"migrated_vms_vms": [one["metadata"]["name"]], "migrated_vms_namespace": PREFIX}
    asked = playbooks.run_role("migrated_vms", migrated_vms_wait=False, **variables)
    assert asked.code == 0 and "changed=1" in asked.output, asked.output
    assert [(r["verb"], r["name"]) for r in asked.wrote] == [("delete", one["metadata"]["name"])]
    done = playbooks.run_role("migrated_vms", **variables)
    assert done.code == 0, done.output
    assert before - uids(api, VMS) == {one["metadata"]["uid"]}


def test_other_peoples_vms_are_not_migrated_ones(acting_lab: Lab, api: Api, tmp_path: Path) -> None:
    """A name and a namespace that somebody has by mistake: no label says that a migration made it."""
    before = uids(api, VMS)
    variables = {"migrated_vms_vms": ["people-db"], "migrated_vms_namespace": "shared-vms"}
    done = Playbooks(acting_lab, tmp_path).run_role("migrated_vms", "-v", **variables)
    assert uids(api, VMS) == before
    assert json.dumps("people-db") in done.output
    assert done.wrote == []
