# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that a play makes in a real OpenStack, recorded as they are made; killed; torn down from what was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file

from tests.contract.ansible_runs import Playbooks
from tests.lab.controlplane import Lab
from tests.lab.openstack import seed
from tests.lab.openstack.worlds import Project

HOSTS = 2
PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  module_defaults:
    openstack.cloud.server:
      auth: "{{ auth }}"
      region_name: RegionOne
      image: base-image
      flavor: "{{ flavor }}"
      network: "{{ network }}"
      auto_ip: false
  tasks:
    - name: The namespace
      kubernetes.core.k8s: {kind: Namespace, name: "{{ prefix }}"}
      run_once: true
    - name: A server that is there
      openstack.cloud.server: {name: theirs, description: changed}
      run_once: true
    - name: Servers
      openstack.cloud.server: {name: "machine-{{ inventory_hostname }}-{{ item }}"}
      loop: [a, b]
"""


class Cloud:
    """A play on OpenStack, and other people's servers."""

    def __init__(self, lab: Lab, project: Project, folder: Path, prefix: str) -> None:
        self.project, self.prefix, self.folder = project, prefix, folder
        self.others = {project.clone(name).server: name for name in ("theirs", "machine-h9-a")}
        for ident in self.others:  # of what is younger than an hour no answer tells whether it was there before
            project.set_created("Server", ident, "2020-01-01 00:00:00")
        (folder / "setup.yml").write_text(PLAY, encoding="utf-8")
        (folder / "hosts").write_text("\n".join(f"h{n}" for n in range(1, HOSTS + 1)), encoding="utf-8")
        self.file = folder / "record" / "resources.json"
        names = {"username": "ci", "password": "secret", "project_name": "ci"}
        domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
        self.given: dict[str, Any] = {
            "auth": {"auth_url": project.peer.auth_url, **names, **domains},
            "prefix": prefix,
            "flavor": seed.FLAVOR,
            "network": seed.NETWORK,
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
        servers = {one.id: one.name for one in self.project.sdk.compute.servers(details=False)}
        assert {ident: servers.get(ident) for ident in self.others} == self.others
        return {ident: name for ident, name in servers.items() if ident not in self.others}

    def teardown(self) -> dict[str, Any]:
        entry = {"type": "openstack", "api_url": self.project.peer.auth_url, "username": "ci", "password": "secret"}
        where = {"user_domain_name": "Default", "region_name": "RegionOne", "project_name": "ci"}
        file = self.folder.with_suffix(".providers.json")
        file.write_text(json.dumps({"psi": {**entry, **where}}), encoding="utf-8")
        playbooks = Playbooks(self.playbooks.lab, self.folder)
        given = {"resources_file": str(self.file), "session_prefix": self.prefix, "providers_file": str(file)}
        done = playbooks.run("teardown", mtv_teardown_stall_timeout=60, **given)
        result = playbooks.result(self.prefix)
        assert (result["verdict"] == "clean") == (done.code == 0), done.output
        return result


@pytest.fixture
def cloud(lab: Lab, project: Project, tmp_path: Path, prefix: str) -> Cloud:
    return Cloud(lab, project, tmp_path, prefix)


def test_servers_are_named_by_their_ids_and_go(cloud: Cloud) -> None:
    done = cloud.playbooks.run_file(cloud.folder / "setup.yml", **cloud.given)
    assert done.code == 0, done.output
    assert len(cloud.there()) == HOSTS * 2
    records = [one for one in resources_file.read(str(cloud.file)) if one.kind == "openstack"]
    assert {one.id: one.name for one in records} == cloud.there()
    assert all(one.sure and one.place for one in records)
    assert "secret" not in cloud.file.read_text(encoding="utf-8")
    result = cloud.teardown()
    assert result["verdict"] == "clean" and cloud.there() == {}
    evidence = {one["evidence"] for one in result["deleted"] if one["kind"] == "Server"}
    assert evidence == {"record, by id"}


def test_killed_while_servers_are_made(cloud: Cloud) -> None:
    cloud.playbooks.killed(str(cloud.folder / "setup"), when=lambda: len(cloud.there()) >= 2, **cloud.given)
    records = resources_file.read(str(cloud.file))
    made = cloud.there()
    assert set(made.values()) <= {one.name for one in records}
    unsure = {one.name for one in records if not one.sure}
    result = cloud.teardown()
    left = set(cloud.there().values())
    assert left <= unsure  # nothing but their age would show that these are not other people's
    contested = [one for one in result["leftovers"] if one["cause"] == "contested"]
    told = {one["name"] for one in contested if one["kind"] == "Server"}
    assert {one["kind"] for one in contested} <= {"Server", "Port"}  # a port that Nova made for one has no name
    assert left == told and (result["verdict"] == "clean") == (not left)
