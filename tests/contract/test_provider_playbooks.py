# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source providers in the playbooks: cleaned beside the cluster, whatever one of them does; verified with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.conftest import LABS
from tests.lab.admin import Admin
from tests.lab.controlplane import Lab
from tests.lab.engine.peer import PASSWORD, USER, Peer
from tests.lab.vcenter import peer


@pytest.fixture(scope="module")
def center() -> Iterator[peer.VCenter]:
    started = peer.start(f"{LABS}playbooks-vcenter")
    yield started
    peer.stop(f"{LABS}playbooks-vcenter")


class World:
    """A session on the cluster, on a vCenter and on an engine, with neighbours on all of them."""

    def __init__(self, playbooks: Playbooks, admin: Admin, center: peer.VCenter, engine: Peer, prefix: str) -> None:
        self.playbooks, self.admin, self.center, self.engine, self.prefix = playbooks, admin, center, engine, prefix
        self.clone, self.other = f"{prefix}-rhel8-9fzk", f"{prefix}0-rhel8"
        admin.make("Secret", admin.namespace(prefix), "a")
        admin.make("VirtualMachine", prefix, "migrated", spec={"template": {"spec": {}}})
        center.clear()
        center.make({"name": self.clone, "power": "poweredOn"}, self.other)
        for name in (self.clone, self.other):
            engine.vm(name, status="up", created=datetime.now(UTC).isoformat(timespec="milliseconds"))
        self.providers: dict[str, Any] = {"vsphere-8": center.entry(), "ovirt-4.4": self.engine_entry()}
        record = {
            "Namespace": [{"name": prefix, "namespace": None, "module": "ocp_resources.namespace"}],
            "vsphere": [{"name": self.clone}],
            "ovirt": [{"name": self.clone}],
        }
        self.record = playbooks.folder / "resources.json"
        self.record.write_text(json.dumps(record), encoding="utf-8")

    def engine_entry(self) -> dict[str, Any]:
        return {
            "type": "ovirt",
            "version": "4.4",
            "api_url": self.engine.url,
            "username": USER,
            "password": PASSWORD,
            "ca_file": self.engine.ca_file,
        }

    def killed(self, when: Callable[[], bool]) -> None:
        self.playbooks.killed("teardown", when, **self._given())

    def _given(self) -> dict[str, Any]:
        file = self.playbooks.folder.with_suffix(".providers.json")
        file.write_text(json.dumps(self.providers), encoding="utf-8")
        # A namespace is not looked into for its first 5 s. Nothing moves any more when verify looks, so that its second
        # look need not be long in coming.
        waits = {"namespaces_stall_timeout": 30, "mtv_teardown_quiet_interval": 0.5}
        return {"resources_file": str(self.record), "providers_file": str(file), **waits}

    def run(self, name: str = "teardown", *arguments: str, **extra: Any) -> Run:
        done = self.playbooks.run(name, *arguments, **{**self._given(), **extra})
        secrets = [entry.get("password", "") for entry in self.providers.values()]
        written = [(self.playbooks.folder / path).read_text(encoding="utf-8") for path in self.playbooks.files()]
        assert not [
            secret for secret in secrets for text in (done.output, *written) if len(secret) > 12 and secret in text
        ]
        return done

    def there(self) -> tuple[set[str], set[str]]:
        """Names of ours and our neighbours' on both providers."""
        return (
            {name for name in self.center.named() if name.startswith(self.prefix)},
            {vm["name"] for vm in self.engine.vms().values() if vm["name"].startswith(self.prefix)},
        )

    def result(self) -> dict[str, Any]:
        return self.playbooks.result(self.prefix)


@pytest.fixture
def world(lab: Lab, tmp_path: Path, admin: Admin, center: peer.VCenter, engine: Peer, prefix: str) -> Iterator[World]:
    made = World(Playbooks(lab, tmp_path), admin, center, engine, prefix)
    yield made
    vsphere, ovirt = made.there()
    assert made.other in vsphere and made.other in ovirt
    assert center.sessions() == []


def test_clones_go_with_the_session_and_a_second_run_is_unchanged(world: World) -> None:
    before = world.there()
    checked = world.run("teardown", "--check")
    assert checked.code == 0, checked.output
    assert (world.there(), checked.wrote, world.playbooks.files()) == (before, [], ["resources.json"])
    done = world.run()
    assert done.code == 0, done.output
    assert world.there() == ({world.other}, {world.other})
    result = world.result()
    assert (result["verdict"], result["not_covered"], result["absent"]) == ("clean", [], [])
    deleted = [(e.get("provider", ""), e["kind"]) for e in result["deleted"] if e["kind"] in ("VirtualMachine", "Vm")]
    # The migrated one was asked to go before the clones, and is told of once.
    assert sorted(deleted) == [("", "VirtualMachine"), ("ovirt-4.4", "Vm"), ("vsphere-8", "VirtualMachine")]
    lines = [line for line in done.output.splitlines() if line.startswith("TASK") and " : Delete" in line]
    tasks = [line.split(" : ")[1] for line in lines]
    assert [task.split("]")[0] for task in tasks[:2]] == ["Delete migrated VMs", "Delete clones"]
    assert {"vsphere-8", "ovirt-4.4"} <= {scope.get("provider") for scope in result["scopes"]}
    again = world.run()
    assert again.code == 0 and "changed=0" in again.output, again.output


def test_the_connection_of_the_cluster_is_the_clusters_alone(world: World) -> None:
    """Its kubeconfig, its user and its password are options of provider modules, too, for other servers. Only a prefix
    searches what is configured."""
    kubeconfig, world.playbooks.kubeconfig = world.playbooks.kubeconfig, "/nowhere"
    done = world.run(mtv_teardown_kubeconfig=kubeconfig, resources_file="", session_prefix=world.prefix)
    assert done.code == 0, done.output
    assert world.there() == ({world.other}, {world.other})
    world.providers["vsphere-8"].pop("password")
    cluster = {"mtv_teardown_username": world.center.entry()["username"], "mtv_teardown_password": "of-the-cluster"}
    world.center.forget_calls()
    for name in ("teardown", "verify"):
        assert world.run(name, mtv_teardown_kubeconfig=kubeconfig, **cluster).code == 2
    assert "Login" not in world.center.calls()


def test_a_type_that_the_record_names_and_nobody_configured(world: World) -> None:
    del world.providers["ovirt-4.4"]
    done = world.run()
    assert done.code == 2 and "UNVERIFIED" in done.output
    assert world.there()[0] == {world.other}
    assert not world.admin.uid("Secret", world.prefix, "a")
    assert [entry["kind"] for entry in world.result()["not_covered"]] == ["ovirt"]
    alone = world.run("verify", mtv_teardown_openshift_only=True)
    assert alone.code == 0, alone.output


def test_a_provider_that_cannot_be_used_stops_nothing_else(world: World) -> None:
    world.providers["vsphere-8"]["password"] = "not-the-password"
    world.providers["odd"] = {"type": "kvm", "fqdn": "x"}
    done = world.run()
    assert done.code == 2 and "UNVERIFIED" in done.output
    assert world.there()[1] == {world.other}
    assert not world.admin.uid("Secret", world.prefix, "a")
    told = {entry["provider"]: entry["error"] for entry in world.result()["unreadable"]}
    assert "wrong name or password" in told["vsphere-8"]
    assert "'kvm'" in told["odd"]


def test_what_stays_on_a_provider_is_a_leftover_with_its_cause(world: World) -> None:
    rule = {"method": "Destroy_Task", "fault": "NoPermission", "value": "VirtualMachine.Inventory.Delete"}
    world.center.rules({"object": world.clone, **rule})
    done = world.run()
    assert done.code == 2 and "LEFTOVERS" in done.output
    left = world.result()["leftovers"]
    assert [(entry["provider"], entry["cause"]) for entry in left] == [("vsphere-8", "forbidden")]
    assert "VirtualMachine.Inventory.Delete" in left[0]["next_step"]
    looked = world.run("verify")
    assert looked.code == 2
    world.center.rules()
    assert world.run().code == 0


def test_what_a_killed_run_deleted_is_looked_for_where_it_was(world: World) -> None:
    """Killed between delete and verify: only what was noted before the delete tells where the clone's disk was."""
    disk, center = f"[LocalDS_1] luns/{world.clone}_disk_1.vmdk", world.center
    center.change(center.named()[world.clone], attach=disk)
    center.write_file(disk)
    center.write_file("[LocalDS_1] luns/other.vmdk")
    center.rules({"method": "Destroy_Task", "object": world.clone, "fault": "hang"})
    center.forget_calls()
    world.killed(when=lambda: "Destroy_Task" in center.calls())
    center.rules()
    center.delete(center.named()[world.clone])
    center.end_sessions()
    world.engine.ask("DELETE", "/sessions")
    for name in ("verify", "teardown"):
        done = world.run(name)
        assert done.code == 2 and "LEFTOVERS" in done.output, done.output
        assert disk in done.output and "other.vmdk" not in done.output
    left = world.result()["leftovers"]
    assert [(entry["place"], entry["cause"]) for entry in left] == [(disk, "files-left")]
    center.remove_files()
    assert world.run().code == 0


def test_providers_are_cleaned_when_the_cluster_does_not_answer(world: World) -> None:
    world.playbooks.kubeconfig = str(_nowhere(world.playbooks))
    done = world.run()
    assert done.code == 2 and "UNVERIFIED" in done.output, done.output
    assert world.there() == ({world.other}, {world.other})
    world.playbooks.kubeconfig = str(world.playbooks.lab.kubeconfig)
    checked = world.run("verify")
    assert checked.code == 2 and "LEFTOVERS" in checked.output
    assert world.run().code == 0


def _nowhere(playbooks: Playbooks) -> Path:
    """A kubeconfig of a server that is not there."""
    text = playbooks.lab.kubeconfig.read_text(encoding="utf-8")
    file = playbooks.folder.with_suffix(".nowhere.yaml")
    file.write_text(text.replace(playbooks.lab.url, "https://127.0.0.1:1"), encoding="utf-8")
    return file


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_that_is_none_stops_before_anything_is_touched(world: World, text: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text, encoding="utf-8")
    before = world.there()
    done = world.run(providers_file=str(file))
    assert done.code == 2 and "broken.json" in done.output
    assert (world.there(), done.wrote) == (before, [])


def test_roles_work_alone(world: World) -> None:
    file = world.playbooks.folder.with_suffix(".providers.json")
    file.write_text(json.dumps(world.providers), encoding="utf-8")
    given = {"provider_clones_resources_file": str(world.record), "provider_clones_providers_file": str(file)}
    done = world.playbooks.run_role("provider_clones", **given)
    assert done.code == 0, done.output
    assert world.there() == ({world.other}, {world.other})
    without = world.playbooks.run_role("provider_clones", provider_clones_resources_file=str(world.record))
    assert without.code == 2 and "no provider of that type is configured" in without.output


def test_one_task_cleans_all_types_whatever_one_of_them_does(world: World) -> None:
    """A cloud where nobody listens, a wrong password: told, and tried once each; check mode writes nothing."""
    world.providers["psi"] = {
        "type": "openstack",
        "api_url": "http://127.0.0.1:1/v3",
        "username": "u",
        "password": "of-the-cloud-0815",
        "project_name": "p",
    }
    file = world.playbooks.folder.with_suffix(".providers.json")
    file.write_text(json.dumps(world.providers), encoding="utf-8")
    given = {"provider_clones_resources_file": str(world.record), "provider_clones_providers_file": str(file)}
    before, files = world.there(), world.playbooks.files()
    quiet = {**given, "provider_clones_fail_on_remaining": False}
    checked = world.playbooks.run_role("provider_clones", "--check", "--diff", **quiet)
    assert checked.code == 0 and world.there() == before, checked.output
    assert set(world.playbooks.files()) - set(files) == {"roles.json.yml"}
    world.center.forget_calls()
    done = world.playbooks.run_role("provider_clones", "--diff", **quiet)
    assert done.code == 0 and world.there() == ({world.other}, {world.other}), done.output
    foreseen, gone = (
        sorted(line for line in run.output.splitlines() if line.startswith("-") and world.clone in line)
        for run in (checked, done)
    )
    assert len(foreseen) == 3 and foreseen == gone  # the disk goes along
    assert world.center.calls()["Login"] == 1
    again = world.playbooks.run_role("provider_clones", **given)
    assert again.code == 2 and "1 scopes not read" in again.output and "psi" in again.output, again.output
    assert "of-the-cloud-0815" not in checked.output + done.output + again.output
    del world.providers["psi"]
    file.write_text(json.dumps(world.providers), encoding="utf-8")
    clean = world.playbooks.run_role("provider_clones", **given)
    assert clean.code == 0 and "changed=0" in clean.output, clean.output


def test_a_right_that_is_missing_on_a_provider_stops_before_anything_is_changed(world: World) -> None:
    world.center.deny("VirtualMachine.Inventory.Delete")
    before = world.there()
    done = world.run()
    assert done.code == 2
    assert f"on vsphere-8: VirtualMachine.Inventory.Delete on /DC0/vm/{world.clone}" in done.output
    assert (world.there(), done.wrote) == (before, [])
    assert world.admin.uid("Secret", world.prefix, "a")
    gone_on = world.run(mtv_teardown_preflight=False)
    assert gone_on.code == 2 and "LEFTOVERS" in gone_on.output
    assert world.there() == ({world.clone, world.other}, {world.other})
    world.center.deny()


def _second(world: World, **given: Any) -> Run:
    """The role alone, on a result as a run has left it, or as it would be if our own look had missed something. Of the
    kinds on the cluster a few: each is listed by a module of its own."""
    file = world.playbooks.folder.with_suffix(".providers.json")
    file.write_text(json.dumps(world.providers), encoding="utf-8")
    told = world.result()
    few = {
        name: [one for one in told[name] if one.get("provider") or one["kind"] in ("Namespace", "Plan")]
        for name in ("scopes", "deleted")
    }
    result = {**told, **few, **given}
    done = world.playbooks.run_role("second_look", second_look_result=result, second_look_providers_file=str(file))
    assert not [entry["password"] for entry in world.providers.values() if entry["password"] in done.output]
    return done


def test_a_second_look_agrees_with_a_clean_run(world: World) -> None:
    done = world.run(mtv_teardown_second_look=True)
    assert done.code == 0 and "second look: other modules agree" in done.output, done.output
    result = world.result()
    assert result["verdict"] == "clean" and result["second_look"]["agrees"]
    assert result["second_look"]["asked"] > 5 and result["second_look"]["seen"] > 3
    assert world.there() == ({world.other}, {world.other})


def test_a_second_look_sees_what_our_own_overlooked(world: World) -> None:
    """On the cluster, on the vCenter and on the engine: by the identity of what we say is gone, and by the prefix."""
    assert world.run().code == 0
    world.admin.make("ConfigMap", world.admin.namespace(f"{world.prefix}-again"), "a")
    world.center.make(f"{world.prefix}-late")
    world.engine.vm(f"{world.prefix}-late")
    named = _second(world)
    assert named.code == 2 and "do not agree" in named.output and "nothing of it is told" in named.output
    for what in (
        f"Namespace {world.prefix}-again",
        "community.vmware.vmware_vm_info says",
        "ovirt.ovirt.ovirt_vm_info says",
    ):
        assert what in named.output, named.output
    gone = world.result()["deleted"]
    config = {**gone[0], "kind": "ConfigMap", "api_version": "v1", "namespace": f"{world.prefix}-again", "name": "b"}
    config["uid"] = world.admin.uid("ConfigMap", f"{world.prefix}-again", "a")
    remote = [entry for entry in gone if entry.get("provider")]
    machines = {entry["provider"]: entry for entry in remote if entry["kind"] in ("VirtualMachine", "Vm")}
    vm = next(one for one in world.engine.vms().values() if one["name"] == world.other)
    ids = {"vsphere-8": world.center.named()[world.other], "ovirt-4.4": vm["id"]}
    forged = [config, *({**one, "id": ids[key], "uid": ids[key]} for key, one in machines.items())]
    by_id = _second(world, deleted=forged)
    assert by_id.code == 2 and by_id.output.count("deleted, and gone") >= 3, by_id.output
    assert f"ConfigMap {world.prefix}-again/a" in by_id.output and world.other in by_id.output


def test_what_a_second_look_cannot_read_is_no_agreement(world: World) -> None:
    assert world.run().code == 0
    agreed = _second(world)
    assert agreed.code == 0, agreed.output
    right, world.providers["vsphere-8"]["password"] = world.providers["vsphere-8"]["password"], "of-nobody-0815"
    refused = _second(world)
    assert refused.code == 2, refused.output
    assert "could not be read by community.vmware.vmware_vm_info" in refused.output
    world.providers["vsphere-8"]["password"] = right
    engine = world.providers.pop("ovirt-4.4")
    assert "is not configured any more" in _second(world).output
    world.providers["ovirt-4.4"] = engine
    nothing = {"kind": "Nothing", "api_version": "no.such/v1", "namespace": None, "count": 0}
    unknown = _second(world, scopes=[nothing])
    assert unknown.code == 2 and "Nothing" in unknown.output, unknown.output
    kubeconfig, world.playbooks.kubeconfig = world.playbooks.kubeconfig, str(_nowhere(world.playbooks))
    assert "Namespace" in _second(world).output
    world.playbooks.kubeconfig = kubeconfig


def test_a_second_look_that_breaks_leaves_no_verdict_clean(world: World) -> None:
    """Also not in the result, which a pipeline reads, whatever the exit code was taken for."""
    assert world.run().code == 0
    done = world.run("verify", mtv_teardown_second_look=True, second_look_providers_file="/nowhere")
    assert done.code == 2 and "UNVERIFIED: a second look does not agree" in done.output, done.output
    told = json.loads(
        (world.playbooks.folder / f".data-collector/verify-{world.prefix}.result.json").read_text("utf-8")
    )
    assert (told["verdict"], told["artifacts"]["mtv_teardown_verdict"]) == ("unverified", "unverified")
