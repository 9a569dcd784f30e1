# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer, seen by clients that are not ours: the modules of openstack.cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.contract.test_openstack_site import ours
from tests.lab.openstack import peer
from tests.lab.openstack.worlds import Project

NAME = "auto-ab12-rhel8-aaaa"


def run_modules(project: Project, folder: Path, *tasks: dict[str, Any]) -> dict[str, Any]:
    """Results by the names under which the tasks register them."""
    shown = {"ansible.builtin.copy": {"dest": str(folder / "out.json"), "content": "{{ vars | to_json }}"}}
    names = [task["register"] for task in tasks]
    shown["ansible.builtin.copy"]["content"] = "{{ {" + ", ".join(f"'{n}': {n}" for n in names) + "} | to_json }}"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [*tasks, shown]}
    play["vars"] = {"ansible_python_interpreter": sys.executable}
    (folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), str(folder / "play.yml")],
        env={**os.environ, **project.peer.environment(), "ANSIBLE_LOCALHOST_WARNING": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return told


def test_openstack_cloud_makes_lists_and_deletes(project: Project, tmp_path: Path) -> None:
    image, volume = project.base_image(), f"{NAME}-boot-vol"
    server = {"name": NAME, "image": image, "flavor": "m1.nano", "network": "shared", "auto_ip": False}
    made = run_modules(
        project,
        tmp_path,
        {"openstack.cloud.volume": {"name": volume, "size": 1}, "register": "volume"},
        {"openstack.cloud.server": server, "register": "server"},
        {"openstack.cloud.server_info": {"name": NAME}, "register": "servers"},
    )
    assert [one["status"] for one in made["servers"]["servers"]] == ["ACTIVE"]
    assert {made["volume"]["volume"]["id"], made["server"]["server"]["id"]} <= set(ours(project))
    gone = run_modules(
        project,
        tmp_path,
        {"openstack.cloud.server": {"name": NAME, "state": "absent"}, "register": "server"},
        {"openstack.cloud.volume": {"name": volume, "state": "absent"}, "register": "volume"},
    )
    assert all(one["changed"] for one in gone.values())
    assert ours(project) == {}


def test_starting_again_changes_nothing(project: Project) -> None:
    before = {name: project.peer.pid(name) for name in peer.PROJECTS}
    assert peer.start(project.peer.name, say=lambda _text: None) == project.peer
    assert {name: project.peer.pid(name) for name in peer.PROJECTS} == before


def test_projects_do_not_see_each_other(project: Project) -> None:
    volume = project.volume("mine")
    assert volume in project.everything()
    assert volume not in Project(project.peer, "other").everything()
