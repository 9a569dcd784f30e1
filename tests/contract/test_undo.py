# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session changed for a time is put back by the teardown, and nothing that somebody else has changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    Change,
    differences,
    merged,
    parse,
    written,
)

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.clusters import cluster_of
from tests.lab.admin import FORKLIFT, Admin
from tests.lab.controlplane import Lab

DEFAULT = "storageclass.kubernetes.io/is-default-class"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
MERGE = "application/merge-patch+json"


class World:
    """A StorageClass and a ForkliftController of others, which a session has changed for a time."""

    def __init__(self, lab: Lab, admin: Admin, folder: Path, prefix: str) -> None:
        self.admin, self.prefix = admin, prefix
        self.playbooks = Playbooks(lab, folder)
        self.where = str(cluster_of(lab.kubeconfig).where["url"])
        self.ledger = folder / ".data-collector" / "resources.undo.json"
        self.ledger.parent.mkdir()
        self.record = self.ledger.with_name("resources.json")
        self.record.write_text(json.dumps({"Namespace": [{"name": prefix, "namespace": None}]}), encoding="utf-8")
        place = admin.namespace(f"forklift-{prefix}")
        self.storage = f"{CLASSES}/fast-{prefix}"
        self.setting = f"{FORKLIFT}/namespaces/{place}/forkliftcontrollers/forklift"
        self.names = {self.storage: ("StorageClass", None), self.setting: ("ForkliftController", place)}
        meta = {"name": f"fast-{prefix}", "annotations": {DEFAULT: "true", "example.com/theirs": "stays"}}
        self.admin.api.create(CLASSES, {"metadata": meta, "provisioner": "example.com/none"})
        admin.make(
            "ForkliftController", place, "forklift", spec={"controller_max_vm_inflight": "20", "theirs": "stays"}
        )
        self.before = {path: self.read(path) for path in self.names}
        self.changes: list[Change] = []

    def read(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.admin.api.request("GET", path)
        return {key: found[key] for key in ("metadata", "spec", "provisioner") if key in found}

    def patch(self, path: str, change: dict[str, Any]) -> None:
        self.admin.rewrite(path, lambda now: now.update(merged(now, change)))

    def change(self, path: str, patch: dict[str, Any], made: bool = True) -> None:
        """As a session does, whose recorder notes it before."""
        now = self.admin.api.request("GET", path)
        kind, namespace = self.names[path]
        one = Change(
            id=f"change-{len(self.changes):04d}",
            kind=kind,
            api_version=now["apiVersion"],
            namespace=namespace,
            name=now["metadata"]["name"],
            uid=now["metadata"]["uid"],
            place=self.where,
            test_name="test_of_it",
            session=self.prefix,
            fields=tuple(differences(now, merged(now, patch))),
        )
        self.changes.append(one)
        self.write()
        if made:
            self.patch(path, patch)

    def write(self) -> None:
        self.ledger.write_text(written(self.changes), encoding="utf-8")
        self.ledger.chmod(0o600)

    def change_both(self) -> None:
        self.change(self.storage, {"metadata": {"annotations": {DEFAULT: "false"}}})
        self.change(self.setting, {"spec": {"controller_max_vm_inflight": "1", "feature_copy_offload": "true"}})

    def teardown(self, *arguments: str, **more: Any) -> Run:
        given = {"resources_file": str(self.record), "mtv_teardown_openshift_only": True, **more}
        return self.playbooks.run("teardown", *arguments, mtv_teardown_quiet_interval=0, **given)

    def result(self) -> dict[str, Any]:
        return self.playbooks.result(self.prefix)

    def is_as_before(self, path: str) -> bool:
        now, before = self.read(path), self.before[path]
        same = all(now[part] == before[part] for part in before if part != "metadata")
        told = ("annotations", "labels", "uid")
        return same and all(now["metadata"].get(key) == before["metadata"].get(key) for key in told)

    def audited(self) -> None:
        self.playbooks.audited(self.prefix)


@pytest.fixture
def changed(lab: Lab, admin: Admin, tmp_path: Path, prefix: str) -> Iterator[World]:
    world = World(lab, admin, tmp_path, prefix)
    yield world
    admin.api.request("DELETE", world.storage)


def wrote(run: Run) -> list[tuple[str, str]]:
    return [(one["verb"], one["resource"]) for one in run.wrote]


def test_what_was_changed_is_put_back_and_once(changed: World) -> None:
    changed.change_both()
    changed.patch(changed.setting, {"spec": {"somebody": "else"}})  # beside it, and since
    changed.before[changed.setting]["spec"]["somebody"] = "else"

    predicted = changed.teardown("--check", "--diff")
    assert (predicted.code, wrote(predicted)) == (0, []), predicted.output
    assert f'-StorageClass fast-{changed.prefix} /metadata/annotations/{DEFAULT.replace("/", "~1")}: "false"' in (
        predicted.output
    )
    assert not changed.is_as_before(changed.storage)
    assert {one.state for one in parse(changed.ledger.read_text("utf-8"))} == {"intent"}

    done = changed.teardown()
    assert done.code == 0, done.output
    assert sorted(wrote(done)) == [("patch", "forkliftcontrollers"), ("patch", "storageclasses")]
    assert changed.is_as_before(changed.storage) and changed.is_as_before(changed.setting)
    found = changed.result()
    assert [(one["kind"], one["outcome"], bool(one["undone"])) for one in found["changes"]] == [
        ("StorageClass", "as-before", True),
        ("ForkliftController", "as-before", True),
    ]
    changed.audited()

    # What somebody sets after that is nobody's but theirs, though it is what the session had set.
    changed.patch(changed.storage, {"metadata": {"annotations": {DEFAULT: "false"}}})
    again = changed.teardown()
    assert (again.code, wrote(again)) == (0, []), again.output


def test_what_somebody_else_has_changed_since_stays_and_is_left(changed: World) -> None:
    changed.change_both()
    changed.patch(changed.setting, {"spec": {"controller_max_vm_inflight": "7"}})
    done = changed.teardown()
    assert done.code != 0
    assert wrote(done) == [("patch", "storageclasses")]
    spec = changed.read(changed.setting)["spec"]
    assert (spec["controller_max_vm_inflight"], spec["feature_copy_offload"]) == ("7", "true")
    found = changed.result()
    assert found["verdict"] == "leftovers"
    assert [(one["kind"], one["cause"]) for one in found["leftovers"]] == [("ForkliftController", "changed-since")]
    changed.audited()

    accepted = changed.teardown(
        mtv_teardown_verify_ignore=[{"expression": "cause == 'changed-since'", "reason": "the team wants 7"}]
    )
    assert accepted.code == 0, accepted.output


def test_an_object_that_was_made_again_is_not_touched(changed: World) -> None:
    changed.change(changed.setting, {"spec": {"controller_max_vm_inflight": "1"}})
    changed.admin.api.request("DELETE", changed.setting)
    changed.admin.make(
        "ForkliftController",
        str(changed.names[changed.setting][1]),
        "forklift",
        spec={"controller_max_vm_inflight": "1"},
    )
    done = changed.teardown()
    assert (done.code, wrote(done)) == (0, []), done.output
    assert [one["outcome"] for one in changed.result()["changes"]] == ["other-object"]
    changed.audited()


def test_a_change_that_was_never_made_is_none(changed: World) -> None:
    changed.change(changed.storage, {"metadata": {"annotations": {DEFAULT: "false"}}}, made=False)
    done = changed.teardown()
    assert (done.code, wrote(done)) == (0, []), done.output


def test_several_changes_of_one_field_go_back_to_the_first(changed: World) -> None:
    for number in ("1", "2", "3"):
        changed.change(changed.setting, {"spec": {"controller_max_vm_inflight": number}})
    done = changed.teardown()
    assert (done.code, wrote(done)) == (0, [("patch", "forkliftcontrollers")]), done.output
    assert changed.is_as_before(changed.setting)


def test_without_the_right_it_is_left_and_says_so(changed: World, lab: Lab) -> None:
    undo = changed.admin.allow("limited", ["get", "list", "watch"], f"reader-{changed.prefix}")
    changed.change_both()
    changed.playbooks.kubeconfig = str(lab.limited_kubeconfig)
    done = changed.teardown(mtv_teardown_preflight=False)
    undo()
    assert done.code != 0
    found = changed.result()
    assert found["verdict"] == "leftovers", done.output
    assert {(one["kind"], one["cause"]) for one in found["leftovers"]} == {
        ("StorageClass", "forbidden"),
        ("ForkliftController", "forbidden"),
    }


def test_a_right_that_undoing_lacks_is_told_before_anything_is_changed(changed: World, lab: Lab) -> None:
    reader = changed.admin.allow("limited", ["get", "list", "watch", "delete"], f"reader-{changed.prefix}")
    changed.change_both()
    changed.playbooks.kubeconfig = str(lab.limited_kubeconfig)
    done = changed.teardown()
    reader()
    assert done.code == 2 and wrote(done) == []
    told = " ".join(done.output.split())
    assert "storageclasses.storage.k8s.io" in told and "forkliftcontrollers.forklift.konveyor.io" in told, told
    assert "Nothing was changed" in told


def test_what_is_no_ledger_ends_the_run_before_anything_is_touched(changed: World) -> None:
    changed.ledger.write_text('{"version": 2, "changes": []}', encoding="utf-8")
    changed.ledger.chmod(0o600)
    done = changed.teardown()
    assert done.code != 0 and "is no ledger of changes" in done.output
    assert done.asked == []


def test_what_was_changed_on_another_cluster_or_by_another_session_is_left_alone(changed: World) -> None:
    changed.change_both()
    first, second = changed.changes
    changed.changes = [
        Change(**{**vars(first), "place": "https://api.elsewhere.example.com:6443"}),
        Change(**{**vars(second), "session": "auto-zz99"}),
    ]
    changed.write()
    done = changed.teardown()
    assert done.code != 0 and wrote(done) == []
    found = changed.result()
    assert found["verdict"] == "unverified"
    assert "https://api.elsewhere.example.com:6443" in json.dumps(found["unreadable"])


def by_hand(world: World, check_mode: bool = False, **given: Any) -> Run:
    meta = {"kind": "StorageClass", "api_version": "storage.k8s.io/v1", "name": f"fast-{world.prefix}"}
    task = {"undo_file": str(world.ledger), "session_prefix": world.prefix, **meta, **given}
    return world.playbooks.run_module("change", check_mode, **task)


def test_by_hand_an_object_is_changed_noted_and_undone(changed: World) -> None:
    patch = {"metadata": {"annotations": {DEFAULT: "false", "example.com/ours": "new"}}}
    predicted = by_hand(changed, True, patch=patch)
    assert (predicted.code, wrote(predicted), changed.ledger.exists()) == (0, [], False), predicted.output
    done = by_hand(changed, patch=patch)
    assert (done.code, wrote(done)) == (0, [("patch", "storageclasses")]), done.output
    (one,) = parse(changed.ledger.read_text("utf-8"))
    assert (one.state, one.session, one.place, len(one.fields)) == ("made", changed.prefix, changed.where, 2)
    assert changed.ledger.stat().st_mode & 0o777 == 0o600
    again = by_hand(changed, patch=patch)
    assert (again.code, wrote(again)) == (0, []), again.output
    assert changed.teardown().code == 0
    assert changed.is_as_before(changed.storage)


def test_by_hand_a_value_is_noted_as_the_server_keeps_it(changed: World, admin: Admin) -> None:
    """It is sent 2048Mi, and keeps 2Gi; whoever notes what was sent takes that for somebody else's."""
    place = admin.namespace(f"quota-{changed.prefix}")
    path = f"/api/v1/namespaces/{place}/resourcequotas/size"
    admin.api.create(path.rpartition("/")[0], {"metadata": {"name": "size"}, "spec": {"hard": {"memory": "1Gi"}}})
    quota = {"kind": "ResourceQuota", "api_version": "v1", "namespace": place, "name": "size"}
    done = by_hand(changed, **quota, patch={"spec": {"hard": {"memory": "2048Mi"}}})
    assert (done.code, wrote(done)) == (0, [("patch", "resourcequotas")]), done.output
    assert changed.read(path)["spec"] == {"hard": {"memory": "2Gi"}}
    (one,) = parse(changed.ledger.read_text("utf-8"))
    assert [(field.before, field.after) for field in one.fields] == [("1Gi", "2Gi")]
    again = by_hand(changed, **quota, patch={"spec": {"hard": {"memory": "2097152Ki"}}})
    assert (again.code, wrote(again)) == (0, []), again.output
    assert changed.teardown().code == 0
    assert changed.read(path)["spec"] == {"hard": {"memory": "1Gi"}}


def test_by_hand_what_is_settled_is_taken_out(changed: World) -> None:
    assert by_hand(changed, patch={"metadata": {"annotations": {DEFAULT: "false"}}}).code == 0
    done = by_hand(changed, state="absent")
    assert (done.code, wrote(done)) == (0, []), done.output
    assert parse(changed.ledger.read_text("utf-8")) == ()
    assert changed.teardown().code == 0
    assert not changed.is_as_before(changed.storage)


@pytest.mark.parametrize(
    "given",
    [
        {"patch": {"metadata": {"finalizers": ["example.com/mine"]}}},
        {"patch": {"parameters": {"password": "not-to-be-shown"}}},
        {"kind": "Secret", "api_version": "v1", "namespace": "default", "patch": {"stringData": {"a": "b"}}},
    ],
)
def test_by_hand_what_no_ledger_may_hold_is_not_changed(changed: World, given: dict[str, Any]) -> None:
    done = by_hand(changed, **given)
    assert done.code != 0 and "Nothing was changed" in done.output
    assert wrote(done) == [] and not changed.ledger.exists()
