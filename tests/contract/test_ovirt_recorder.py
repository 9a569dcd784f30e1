# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that a play makes on an oVirt engine, recorded as they are made; killed; torn down from what was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file

from tests.contract.ansible_runs import Playbooks
from tests.lab.controlplane import Lab
from tests.lab.engine.peer import PASSWORD, USER, Peer

HOSTS = 2
PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  module_defaults:
    ovirt.ovirt.ovirt_vm: {auth: "{{ auth }}", cluster: Default, poll_interval: 1}
  tasks:
    - name: The namespace
      kubernetes.core.k8s: {kind: Namespace, name: "{{ prefix }}"}
      run_once: true
    - name: A VM that is there
      ovirt.ovirt.ovirt_vm: {name: theirs, description: changed}
      run_once: true
    - name: VMs
      ovirt.ovirt.ovirt_vm: {name: "machine-{{ inventory_hostname }}-{{ item }}"}
      loop: [a, b]
"""


class Rhv:
    """A play on an engine, and other people's VMs."""

    def __init__(self, lab: Lab, engine: Peer, folder: Path, prefix: str) -> None:
        self.engine, self.prefix, self.folder = engine, prefix, folder
        self.others = {engine.vm(name)["id"]: name for name in ("theirs", "machine-h9-a")}
        (folder / "setup.yml").write_text(PLAY, encoding="utf-8")
        (folder / "hosts").write_text("\n".join(f"h{n}" for n in range(1, HOSTS + 1)), encoding="utf-8")
        self.file = folder / "record" / "resources.json"
        auth = {"url": engine.url, "username": USER, "password": PASSWORD, "ca_file": engine.ca_file}
        self.given: dict[str, Any] = {
            "auth": auth,
            "prefix": prefix,
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        }
        self.playbooks = Playbooks(lab, folder)
        self.playbooks.variables = {
            "ANSIBLE_CALLBACKS_ENABLED": "mtv.teardown.recorder",
            "MTV_TEARDOWN_RECORDER_PATH": str(self.file.parent),
            "ANSIBLE_INVENTORY": str(folder / "hosts"),
        }

    def there(self) -> dict[str, str]:
        """What the play made: id -> name."""
        vms = {ident: vm["name"] for ident, vm in self.engine.vms().items()}
        assert {ident: vms.get(ident) for ident in self.others} == self.others
        return {ident: name for ident, name in vms.items() if ident not in self.others}

    def teardown(self) -> dict[str, Any]:
        entry = {"type": "ovirt", "api_url": self.engine.url, "username": USER, "password": PASSWORD}
        file = self.folder.with_suffix(".providers.json")
        file.write_text(json.dumps({"rhv": {**entry, "ca_file": self.engine.ca_file}}), encoding="utf-8")
        playbooks = Playbooks(self.playbooks.lab, self.folder)
        given = {"resources_file": str(self.file), "session_prefix": self.prefix, "providers_file": str(file)}
        done = playbooks.run("teardown", mtv_teardown_stall_timeout=60, **given)
        result = playbooks.result(self.prefix)
        assert (result["verdict"] == "clean") == (done.code == 0), done.output
        return result


@pytest.fixture
def rhv(lab: Lab, engine: Peer, tmp_path: Path, prefix: str) -> Rhv:
    return Rhv(lab, engine, tmp_path, prefix)


def test_vms_are_named_by_their_ids_and_go(rhv: Rhv) -> None:
    done = rhv.playbooks.run_file(rhv.folder / "setup.yml", **rhv.given)
    assert done.code == 0, done.output
    assert len(rhv.there()) == HOSTS * 2
    records = [one for one in resources_file.read(str(rhv.file)) if one.kind == "ovirt"]
    assert {one.id: one.name for one in records} == rhv.there()
    assert all(one.sure and one.place for one in records)
    assert PASSWORD not in rhv.file.read_text(encoding="utf-8")
    result = rhv.teardown()
    assert result["verdict"] == "clean" and rhv.there() == {}
    assert {one["evidence"] for one in result["deleted"] if one["kind"] == "Vm"} == {"record, by id"}


def test_killed_while_vms_are_made(rhv: Rhv) -> None:
    rhv.playbooks.killed(str(rhv.folder / "setup"), when=lambda: len(rhv.there()) >= 2, **rhv.given)
    records = resources_file.read(str(rhv.file))
    assert set(rhv.there().values()) <= {one.name for one in records}
    unsure = {one.name for one in records if not one.sure}
    result = rhv.teardown()
    left = set(rhv.there().values())
    assert left <= unsure  # nothing but their age would show that these are not other people's
    contested = {one["name"] for one in result["leftovers"] if one["cause"] == "contested" and one["kind"] == "Vm"}
    assert left == contested and (result["verdict"] == "clean") == (not left)
