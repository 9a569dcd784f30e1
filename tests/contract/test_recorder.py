# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback plugin recorder under plays that set tests up, with many forks: they end, fail and are killed; what they
made is named, what they found there is not, and the teardown from that ends clean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.conftest import LABS
from tests.lab.admin import Admin
from tests.lab.controlplane import Lab
from tests.lab.vcenter import peer

# With many forks once; each host is nine modules of others, of which each takes a second or two.
HOSTS, FEW = 4, 2
APPLIED = ("ConfigMap", "applied")
# Before it is said what they are, all of them are templates.
PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  module_defaults:
    group/kubernetes.core.k8s:
      kubeconfig: "{{ the_kubeconfig }}"
  tasks:
    - name: The namespace
      kubernetes.core.k8s: {kind: Namespace, name: "{{ prefix }}"}
      run_once: true
    - name: Values
      kubernetes.core.k8s:
        definition:
          kind: ConfigMap
          metadata: {name: "{{ item }}-{{ inventory_hostname }}", namespace: "{{ shared }}"}
          data: {password: not-to-be-shown}
      loop: [one, two]
    - name: A login
      kubernetes.core.k8s:
        apply: true
        definition:
          apiVersion: v1
          kind: Secret
          metadata: {name: "login-{{ inventory_hostname }}", namespace: "{{ shared }}"}
          stringData: {password: not-to-be-shown}
      no_log: true
    - name: Several, of which one is named by the server
      kubernetes.core.k8s:
        namespace: "{{ shared }}"
        definition:
          - {kind: ConfigMap, metadata: {generateName: made-}, data: {of: "{{ inventory_hostname }}"}}
          - {kind: ServiceAccount, metadata: {name: "runner-{{ inventory_hostname }}"}}
    - name: What is there is changed
      kubernetes.core.k8s:
        apply: "{{ item == 'applied' }}"
        definition:
          kind: ConfigMap
          metadata: {name: "{{ item }}", namespace: "{{ shared }}"}
          data: {by: "{{ inventory_hostname }}"}
      loop: [applied, patched]
      run_once: true
    - name: What has gone again
      kubernetes.core.k8s:
        kind: ConfigMap
        name: "gone-{{ inventory_hostname }}"
        namespace: "{{ shared }}"
        state: "{{ item }}"
      loop: [present, absent]
    - name: A VM
      community.vmware.vmware_guest:
        hostname: "{{ center.fqdn.split(':')[0] }}"
        port: "{{ center.fqdn.split(':')[1] }}"
        username: "{{ center.username }}"
        password: "{{ center.password }}"
        validate_certs: false
        name: "machine-{{ inventory_hostname }}"
        guest_id: centos64Guest
        datacenter: DC0
        folder: /DC0/vm
        cluster: DC0_C0
        disk: [{size_gb: 1, type: thin, datastore: LocalDS_0}]
        hardware: {memory_mb: 256, num_cpus: 1}
    - name: The VM that is there is changed
      community.vmware.vmware_guest:
        hostname: "{{ center.fqdn.split(':')[0] }}"
        port: "{{ center.fqdn.split(':')[1] }}"
        username: "{{ center.username }}"
        password: "{{ center.password }}"
        validate_certs: false
        name: theirs
        hardware: {memory_mb: 128}
      run_once: true
    - name: The end
      ansible.builtin.debug: {msg: done}
      failed_when: fails | default(false)
"""


# As far as what is in that namespace: what becomes of the record needs no more.
SHORT = PLAY[: PLAY.index("    - name: What is there is changed")] + PLAY[PLAY.index("    - name: The end") :]


@pytest.fixture(scope="module")
def center() -> Iterator[peer.VCenter]:
    started = peer.start(f"{LABS}recorder-vcenter")
    yield started
    peer.stop(f"{LABS}recorder-vcenter")


class Setup:
    """A play that sets tests up, beside what is other people's."""

    def __init__(self, lab: Lab, admin: Admin, center: peer.VCenter, folder: Path, prefix: str) -> None:
        self.admin, self.center, self.prefix = admin, center, prefix
        self.playbooks = Playbooks(lab, folder)
        self.shared = admin.namespace(f"shared-{prefix}")
        center.clear()
        self.machine = center.make("theirs", "machine-h9")[0]
        others = [("ConfigMap", self.shared, name) for name in ("applied", "patched", "one-h9", "made-by-others")]
        others.append(("ConfigMap", admin.namespace(f"{prefix}0"), "one-h1"))
        self.others = {one: admin.make(*one)["metadata"]["uid"] for one in others}
        self.machines = {vm["id"]: vm["uuid"] for vm in center.vms().values()}
        self.folder = folder
        self.plays(PLAY)
        self.on(FEW)
        self.file = folder / "record" / "resources.json"
        self.playbooks.variables = {
            "ANSIBLE_CALLBACKS_ENABLED": "mtv.teardown.recorder",
            "MTV_TEARDOWN_RECORDER_PATH": str(self.file.parent),
            "MTV_TEARDOWN_RECORDER_PREFIX": prefix,
            "ANSIBLE_INVENTORY": str(folder / "hosts"),
            "ANSIBLE_FORKS": str(HOSTS),
        }
        self.given: dict[str, Any] = {
            "prefix": prefix,
            "shared": self.shared,
            "center": center.entry(),
            "the_kubeconfig": str(lab.kubeconfig),
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }

    def plays(self, text: str) -> None:
        (self.folder / "setup.yml").write_text(text, encoding="utf-8")

    def on(self, hosts: int) -> None:
        """Play it on so many."""
        (self.folder / "hosts").write_text("\n".join(f"h{n}" for n in range(1, hosts + 1)), encoding="utf-8")

    def run(self, *arguments: str, **extra: Any) -> Run:
        return self.playbooks.run_file(self.folder / "setup.yml", *arguments, **self.given, **extra)

    def run_on_a_disk(self, options: str) -> Run:
        """The folder of the record is a file system of its own."""
        return self.playbooks.run_on_a_disk(options, self.file.parent, self.folder / "setup.yml", **self.given)

    def records(self) -> tuple[Record, ...]:
        return resources_file.read(str(self.file))

    def named(self) -> set[tuple[str, str]]:
        return {(one.kind, one.name) for one in self.records()}

    def events(self) -> list[dict[str, Any]]:
        text = (self.file.parent / "resources.journal.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def there(self) -> set[tuple[str, str]]:
        """What the play made, by the servers' word."""
        found: set[tuple[str, str]] = set()
        for kind, path in (("ConfigMap", "configmaps"), ("Secret", "secrets"), ("ServiceAccount", "serviceaccounts")):
            listed = self.admin.api.request("GET", f"/api/v1/namespaces/{self.shared}/{path}")["items"]
            names = {one["metadata"]["name"] for one in listed if one["metadata"]["uid"] not in self.others.values()}
            found |= {(kind, name) for name in names - {"kube-root-ca.crt", "default"}}
        spaces = self.admin.api.request("GET", "/api/v1/namespaces")["items"]
        found |= {("Namespace", self.prefix) for one in spaces if one["metadata"]["name"] == self.prefix}
        machines = self.center.vms()
        return found | {("vsphere", machines[one]["name"]) for one in machines.keys() - self.machines.keys()}

    def teardown(self, verdict: str = "clean", code: int = 0) -> dict[str, Any]:
        """By the playbook, from what was written; the bystanders live."""
        providers = self.folder / "providers.json"
        providers.write_text(json.dumps({"vsphere-8": self.center.entry()}), encoding="utf-8")
        playbooks = Playbooks(self.playbooks.lab, self.folder)
        done = playbooks.run(
            "teardown", resources_file=str(self.file), session_prefix=self.prefix, providers_file=str(providers),
            mtv_teardown_stall_timeout=30,
        )  # fmt: skip
        result = playbooks.result(self.prefix)
        assert (result["verdict"], done.code) == (verdict, code), done.output
        self.live()
        return result

    def live(self) -> None:
        assert {one: self.admin.uid(*one) for one in self.others} == self.others
        there = self.center.vms()
        assert {vm_id: there[vm_id]["uuid"] for vm_id in self.machines} == self.machines


@pytest.fixture
def setup(lab: Lab, admin: Admin, center: peer.VCenter, tmp_path: Path, prefix: str) -> Iterator[Setup]:
    yield Setup(lab, admin, center, tmp_path, prefix)


def test_what_a_play_made_is_named_and_what_it_found_is_not(setup: Setup) -> None:
    setup.on(HOSTS)
    done = setup.run()
    assert done.code == 0, done.output
    assert "mtv.teardown.recorder:" not in done.output
    made = setup.there()
    assert len(made) == 1 + HOSTS * (2 + 1 + 2 + 1)
    # Whether the last of these was there before, no answer tells; it is older than the session.
    assert setup.named() - {APPLIED} == made
    records = [one for one in setup.records() if (one.kind, one.name) != APPLIED]
    assert all(one.sure and one.place for one in records)
    machines = setup.center.vms()
    for one in records:
        if one.kind == "vsphere":
            assert (one.name, one.uid) == (machines[one.id]["name"], machines[one.id]["uuid"])
        elif one.kind in ("ConfigMap", "Secret"):
            assert one.uid == setup.admin.uid(one.kind, one.namespace or "", one.name)
    for file in setup.file.parent.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "not-to-be-shown" not in text and setup.center.password not in text
    deleted = setup.teardown()["deleted"]
    assert {one["evidence"] for one in deleted if one["namespace"] == setup.shared} == {"record, by uid"}
    assert setup.there() == set()


def test_a_play_that_fails_and_one_that_only_looks(setup: Setup) -> None:
    setup.on(1)
    setup.plays(SHORT)
    looked = setup.run("--check")
    assert looked.code in (0, 2)
    assert not setup.file.exists() and setup.there() == set()
    assert setup.run(fails=True).code == 2
    assert setup.named() - {APPLIED} == setup.there()
    again = setup.run()
    assert again.code == 0, again.output
    assert setup.named() - {APPLIED} == setup.there()
    setup.teardown()
    assert setup.there() == set()


@pytest.mark.parametrize("number", some([7, 2, 12], 3))
def test_killed(setup: Setup, number: int) -> None:
    """With two tasks in flight: what was answered is named by its identity, what was not, as an intent."""
    setup.playbooks.killed(str(setup.folder / "setup"), when=lambda: len(setup.there()) >= number, **setup.given)
    made = setup.there()
    sure = {(one.kind, one.name) for one in setup.records() if one.sure}
    nameless = [one for one in setup.records() if not one.name]
    unnamed = {(kind, name) for kind, name in made - setup.named() if name.startswith("made-")}
    # Intents that tell nothing apart are one entry, however many of them there are.
    assert made - unnamed <= setup.named() and len(unnamed) <= FEW
    assert len(nameless) == 1 or not unnamed
    unsure = made - sure - unnamed
    assert len(unsure) <= FEW
    # What nobody knows to be the session's own, by its name or its id, stays for a person to look at.
    verdict = "leftovers" if unsure else "unverified" if nameless else "clean"
    result = setup.teardown(verdict, 0 if verdict == "clean" else 2)
    assert {one["cause"] for one in result["leftovers"]} == ({"contested"} if unsure else set())
    assert setup.there() == unsure | unnamed


def test_a_folder_that_cannot_be_written_is_told_once_and_the_play_goes_on(setup: Setup) -> None:
    setup.on(1)
    setup.plays(SHORT)
    setup.file.parent.write_text("a file", encoding="utf-8")
    done = setup.run()
    assert done.code == 0, done.output
    assert done.output.count("mtv.teardown.recorder:") == 1
    assert len(setup.there()) == 1 + 5


def test_a_disk_that_may_only_be_read_is_told_once_and_the_play_goes_on(setup: Setup) -> None:
    setup.on(1)
    setup.plays(SHORT)
    done = setup.run_on_a_disk("ro")
    assert done.code == 0, done.output
    assert done.output.count("mtv.teardown.recorder:") == 1 and "Read-only file system" in done.output
    assert len(setup.there()) == 1 + 5 and not list(setup.file.parent.iterdir())
    setup.live()


def test_a_full_disk_is_told_once_and_what_is_written_is_whole(setup: Setup) -> None:
    setup.plays(SHORT)
    done = setup.run_on_a_disk("size=8k")
    assert done.code == 0, done.output
    assert done.output.count("mtv.teardown.recorder:") == 1 and "No space left" in done.output
    assert len(setup.there()) == 1 + FEW * 5
    assert all("event" in one for one in setup.events())
    assert set() < setup.named() < setup.there()
    setup.live()
