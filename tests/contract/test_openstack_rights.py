# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles in a token of a real Keystone, and what the real services let them do."""

from __future__ import annotations

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._openstack import site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown, undo
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target

from tests.contract import clouds
from tests.contract.vm_changes import OFF, causes, noted, put_back
from tests.lab.openstack.seed import connect
from tests.lab.openstack.settings import PASSWORD
from tests.lab.openstack.worlds import Project


def account(project: Project, name: str, *roles: str) -> Connection:
    """A user with these roles in project ci."""
    keystone = connect(project.peer.port, "admin").identity
    if left := keystone.find_user(name, domain_id="default"):  # by a run that was killed
        keystone.delete_user(left)
    user = keystone.create_user(name=name, password=PASSWORD, domain_id="default")
    for role in roles:
        made = keystone.find_role(role) or keystone.create_role(name=role)
        keystone.assign_project_role_to_user(keystone.find_project("ci"), user, made)
    return clouds.connection(project.peer, auth={"username": name, "project_name": "ci"})


def lacking(at: Connection, prefix: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return teardown.missing_rights([Target(at, site.open_site)], clouds.session(prefix))


def test_a_token_that_may_only_read_is_a_clear_no_and_a_member_is_enough(project: Project, prefix: str) -> None:
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    reader = account(project, f"reader-{prefix}", "reader")
    missing, unchecked = lacking(reader, prefix)
    assert [(entry["verb"], entry["resource"], entry["name"]) for entry in missing] == [
        ("role member", "Project", "ci")
    ]
    assert unchecked == []
    refused = clouds.clear(reader, clouds.session(prefix), clouds.STUCK)
    assert refused.causes() == {volume: "forbidden"}
    assert volume in project.everything()
    member = account(project, f"member-{prefix}", "member")
    assert lacking(member, prefix) == ([], [])
    assert clouds.clear(member, clouds.session(prefix)).held == {}
    assert volume not in project.everything()


def test_roles_of_the_operators_own_are_his_to_explain(project: Project, prefix: str) -> None:
    project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    missing, unchecked = lacking(account(project, f"tester-{prefix}", "reader", f"tester-{prefix}"), prefix)
    assert missing == []
    assert any(f"tester-{prefix}" in entry["error"] for entry in unchecked)


def test_who_may_only_read_cannot_put_servers_back(project: Project, prefix: str) -> None:
    name = f"base-of-{prefix}"
    server = project.clone(name).server
    at = Target(clouds.connection(project.peer), site.open_site)
    change = noted(at, name, prefix, power_state=OFF)
    with clouds.site(project.peer) as there:
        (one,) = there.called(name)
        assert there.put(one, {"power_state": "off"}, clouds.LIMITS) is None
    reader, member = (
        Target(account(project, f"{role}-puts-{prefix}", role), site.open_site) for role in ("reader", "member")
    )
    missing, unchecked = undo.missing_rights([reader], [change])
    assert [(one["verb"], one["resource"], one["name"]) for one in missing] == [("role member", "Project", "ci")]
    assert unchecked == []
    refused = put_back([reader], [change], limits=clouds.STUCK)
    assert (causes(refused), refused.settled) == (["forbidden"], [])
    assert undo.missing_rights([member], [change]) == ([], [])
    assert put_back([member], [change], limits=clouds.LIMITS).settled == [change.id]
    assert undo.missing_rights([reader], [change]) == ([], [])  # nothing is to be put back any more
    assert server in project.everything()
