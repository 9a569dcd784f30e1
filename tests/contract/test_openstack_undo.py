# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of a real OpenStack that a session started or stopped for a time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import parse

from tests.contract import clouds
from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.vm_changes import OFF, ON, causes, noted, put_back, write
from tests.lab.controlplane import Lab
from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.worlds import Project


def target(project: Project, proxies: CloudProxies | None = None) -> Target:
    return Target(clouds.connection(project.peer, proxies), open_site)


def switch(project: Project, name: str, power: str) -> None:
    """By whoever may."""
    with clouds.site(project.peer) as site:
        (one,) = site.called(name)
        assert site.put(one, {"power_state": power}, clouds.LIMITS) is None


def power(project: Project, name: str) -> str:
    with clouds.site(project.peer) as site:
        (one,) = site.called(name)
    return str(one.facts["power_state"])


def test_servers_that_were_switched_are_switched_back_and_once(
    project: Project, cloud_proxies: CloudProxies, prefix: str
) -> None:
    stopped, started, other = (f"base-{number}-of-{prefix}" for number in ("a", "b", "c"))
    for name in (stopped, started, other):
        project.clone(name)
    switch(project, started, "off")
    at = target(project, cloud_proxies)
    changes = [noted(at, stopped, prefix, power_state=OFF), noted(at, started, prefix, power_state=ON)]
    # Killed before either was changed: nothing is to be put back.
    assert put_back([at], changes).settled == [one.id for one in changes]
    switch(project, stopped, "off")
    switch(project, started, "on")

    predicted = put_back([at], changes, check_mode=True)
    assert (power(project, stopped), power(project, started), cloud_proxies.writes()) == ("off", "on", [])
    announced: list[Any] = []
    done = put_back([at], changes, limits=clouds.LIMITS, told=announced)
    assert done.result.done == predicted.result.done == announced
    assert done.settled == [one.id for one in changes]
    assert (power(project, stopped), power(project, started), power(project, other)) == ("on", "off", "on")
    wrote = len(cloud_proxies.writes())
    assert wrote == 2
    assert put_back([at], changes).result.done == []
    assert len(cloud_proxies.writes()) == wrote


def test_what_is_in_another_state_locked_or_elsewhere_stays(project: Project, prefix: str) -> None:
    name = f"base-of-{prefix}"
    server = project.clone(name).server
    at = target(project)
    change = noted(at, name, prefix, power_state=ON)
    project.lock(server)
    done = put_back([at], [change], limits=clouds.LIMITS)
    assert (causes(done), done.settled) == (["server-locked"], [])
    assert "starts and stops it for nobody" in done.result.remaining[0]["reason"]
    project.set_server(server, vm_state="error")
    done = put_back([at], [change], limits=clouds.STUCK)
    assert (causes(done), done.settled) == (["changed-since"], [])
    other = replace(change, uid=f"0123456789abcdef0123456789abcdef@RegionOne/{server}")
    assert "is another server now" in put_back([at], [other]).result.unreadable[0]["error"]


def test_another_server_of_the_name_is_not_touched(project: Project, prefix: str) -> None:
    name = f"base-of-{prefix}"
    project.clone(name)
    at = target(project)
    change = noted(at, name, prefix, power_state=ON)
    done = put_back([at], [replace(change, uid=f"{change.uid[:-4]}0000", ref=f"{change.ref[:-4]}0000")])
    assert ([one["reason"] for one in done.result.absent], done.settled) == (["the object is gone"], [change.id])
    assert power(project, name) == "on"


@pytest.mark.parametrize("fields", [{"change_tracking": (False, True)}, {"power_state": ("SHELVED", "on")}])
def test_what_no_ledger_may_lead_to_is_not_done(project: Project, prefix: str, fields: dict[str, Any]) -> None:
    name = f"base-of-{prefix}"
    project.clone(name)
    done = put_back([target(project)], [noted(target(project), name, prefix, **fields)])
    assert causes(done) == ["never-undone"]


# -- a whole run ----------------------------------------------------------------------------------------------------


class Changed:
    """A session that has stopped a server of others for a time, and two more, one of which is off."""

    def __init__(self, lab: Lab, folder: Path, prefix: str, project: Project) -> None:
        self.prefix, self.project, self.playbooks = prefix, project, Playbooks(lab, folder)
        self.name, self.names = f"base-of-{prefix}", [f"{word}-of-others-{prefix}" for word in ("on", "off")]
        for name in (self.name, *self.names):
            project.clone(name)
        switch(project, self.names[1], "off")
        self.folder = folder / ".data-collector"
        self.folder.mkdir()
        self.ledger, self.record = self.folder / "resources.undo.json", self.folder / "resources.json"
        self.record.write_text(json.dumps({"Namespace": [{"name": prefix, "namespace": None}]}), encoding="utf-8")
        entry = {"type": "openstack", "api_url": project.peer.auth_url, "username": "ci", "password": "secret"}
        where = {"user_domain_name": "Default", "region_name": "RegionOne", "project_name": "ci"}
        self.providers = folder / "providers.json"
        self.providers.write_text(json.dumps({"psi": {**entry, **where}}), encoding="utf-8")
        write(self.ledger, [noted(target(project), self.name, prefix, power_state=OFF)])
        switch(project, self.name, "off")
        self.others = self.seen()

    def seen(self) -> dict[str, tuple[str, str, Any]]:
        """The servers of others: id, name, state, and when something was last done to them."""
        servers = self.project.sdk.compute.servers(details=True)
        return {one.id: (one.name, one.status, one.updated_at) for one in servers if one.name in self.names}

    def run(self, *arguments: str) -> Run:
        given = {"resources_file": str(self.record), "providers_file": str(self.providers)}
        return self.playbooks.run("teardown", *arguments, mtv_teardown_stall_timeout=60, **given)

    def states(self) -> list[str]:
        return [one.state for one in parse(self.ledger.read_text("utf-8"))]


def test_a_whole_teardown_starts_it_again_and_says_so(lab: Lab, project: Project, prefix: str, tmp_path: Path) -> None:
    changed = Changed(lab, tmp_path, prefix, project)
    predicted = changed.run("--check", "--diff")
    assert (predicted.code, power(project, changed.name), changed.states()) == (0, "off", ["intent"]), predicted.output
    assert f'-Server {changed.name} /power_state: "off"' in predicted.output

    done = changed.run()
    assert done.code == 0, done.output
    assert (power(project, changed.name), changed.seen()) == ("on", changed.others)
    result = changed.playbooks.result(prefix)
    (told,) = result["changes"]
    assert result["verdict"] == "clean" and "CLEAN" in done.output
    assert (told["kind"], told["name"], told["outcome"], told["provider"], bool(told["undone"])) == (
        "Server",
        changed.name,
        "as-before",
        "psi",
        True,
    )
    assert changed.states() == ["settled"]
    changed.playbooks.audited(prefix)

    # What somebody does after that is theirs.
    again = changed.run()
    assert again.code == 0 and "changed=0" in again.output, again.output
    switch(project, changed.name, "off")
    later = changed.run()
    assert (later.code, power(project, changed.name), changed.seen()) == (0, "off", changed.others), later.output
