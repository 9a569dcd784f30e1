# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a world records, and what the look at it afterwards calls wrong: a check that can't fail proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.worlds import bulk, bystanders, check, suite
from tests.lab.worlds.table import WORLDS


def entry(kind: str, namespace: str | None, name: str) -> dict[str, Any]:
    return {"kind": kind, "namespace": namespace, "name": name, "uid": f"{kind}/{namespace}/{name}"}


OURS = entry("Secret", "auto-ab12", "a")
OTHERS = entry("Secret", "auto-ab123", "a")
SHARED = entry("ClusterRole", None, "populator-pv-reader")
WORLD = {"prefix": "auto-ab12", "bystanders": [OTHERS], "session": [OURS], "stays": [SHARED]}


def live(*entries: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["uid"]: one for one in entries}


@pytest.mark.parametrize(
    ("there", "expect", "told"),
    [
        pytest.param((OTHERS, SHARED), "clean", [], id="clean"),
        pytest.param((OTHERS,), "clean", [], id="shared-rbac-may-go"),
        pytest.param((OTHERS, OURS), "clean", ["still there"], id="leftover"),
        pytest.param((SHARED,), "clean", ["a bystander is gone"], id="bystander-gone"),
        pytest.param((OTHERS, {**OURS, "uid": "new"}), "clean", ["new, and of the session"], id="re-created"),
        pytest.param((OTHERS, entry("Pod", "team", "auto-ab12-x")), "clean", ["new, and of"], id="named-so-elsewhere"),
        pytest.param((OTHERS, entry("Pod", "auto-ab129", "x")), "clean", [], id="somebody-else's-new-thing"),
        pytest.param((OTHERS, OURS), "untouched", [], id="untouched"),
        pytest.param((OTHERS, {**OURS, "uid": "new"}), "untouched", ["touched"], id="check-mode-deleted"),
        pytest.param((OURS,), "untouched", ["a bystander is gone"], id="check-mode-bystander"),
    ],
)
def test_check(there: tuple[dict[str, Any], ...], expect: str, told: list[str]) -> None:
    wrong = check.problems(WORLD, live(*there), expect)
    assert len(wrong) == len(told)
    assert all(text in line for text, line in zip(told, wrong, strict=True))


@pytest.mark.parametrize("name", sorted(set(WORLDS) - {"bulk"}))
def test_records_are_what_the_suite_writes(name: str) -> None:
    session = suite.build(name, WORLDS[name], "auto-ab12")
    assert session.record == suite.build(name, WORLDS[name], "auto-ab12").record
    assert len({(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in session.objects}) == len(
        session.objects
    )
    assert session.record["Namespace"][0] == {
        "name": "auto-ab12",
        "namespace": None,
        "module": "ocp_resources.namespace",
    }
    for kind, entries in session.record.items():
        for one in entries:
            provider = kind in ("vsphere", "openstack", "ovirt", "hyperv", "VolumeSnapshot")
            assert ("module" in one) != provider or kind == "ConfigMap"
            assert len(one["name"]) <= 63 or "id" in one
    assert all(obj["kind"] not in ("DataVolume", "PersistentVolumeClaim", "Pod") for obj in session.objects)


def test_the_older_suite_records_vms_and_pods() -> None:
    session = suite.build("warm", WORLDS["warm"], "auto-ab12")
    assert "VirtualMachine" not in session.record
    suite.old_entries(session, WORLDS["warm"], ["importer-x"])
    assert [one["name"] for one in session.record["Pod"]] == ["importer-x", "importer-x"]
    assert session.record["VirtualMachine"][0]["module"] == "ocp_resources.virtual_machine"


def test_names_are_cut_from_the_left() -> None:
    assert suite.cut("auto-ab12-" + "x" * 63) == "x" * 63
    session = suite.build("many", WORLDS["many"], "auto-ab12")
    assert any(not one["name"].startswith("auto-") for obj in session.objects if obj["kind"] == "Plan"
               for one in obj["spec"]["vms"])  # fmt: skip


def test_modules_are_those_of_the_wrapper() -> None:
    assert suite.module_of("NetworkAttachmentDefinition") == "ocp_resources.network_attachment_definition"
    assert suite.module_of("StorageMap") == "ocp_resources.storage_map"


def test_bystanders_are_nobody_of_ours() -> None:
    session = suite.build("cold", WORLDS["cold"], "auto-ab12")
    for obj in (*bystanders.same_names(session), *bystanders.shared("auto-ab12")):
        assert obj["metadata"].get("namespace") != "auto-ab12"
        assert "'auto-ab12'" not in repr({k: v for k, v in obj.get("spec", {}).items() if k != "vms"})
    assert bystanders.longer_session("auto-ab12").prefix == "auto-ab123"


def test_bulk_is_spread_over_ten_kinds() -> None:
    session = bulk.build("auto-ab12", 100)
    counts = {kind: sum(o["kind"] == kind for o in session.objects) for kind in bulk.SEEDED}
    assert set(counts.values()) == {10}
