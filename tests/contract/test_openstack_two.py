# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two projects of one real OpenStack: an identity is the project and the id, and a name is good in its project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file, teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract import clouds, twice
from tests.contract.test_openstack_site import ours
from tests.lab.openstack.peer import Peer
from tests.lab.openstack.worlds import Project


@pytest.fixture
def other(project: Project) -> Iterator[Project]:
    """The project of somebody else, in which ci may do all the same what a member may."""
    admin = Project(project.peer, "admin").sdk.identity
    role, user = admin.find_role("member"), admin.find_user("ci")
    where = admin.find_project("other")
    admin.assign_project_role_to_user(where, user, role)
    made = Project(project.peer, "other")
    yield made
    made.empty()
    admin.unassign_project_role_from_user(where, user, role)


def targets(peer: Peer, *projects: str) -> list[Target]:
    """Entries of one file that differ in nothing but their project."""
    entry = {"type": "openstack", "api_url": peer.auth_url, "username": "ci", "password": "secret"}
    where = {"user_domain_name": "Default", "project_domain_name": "Default", "region_name": "RegionOne"}
    file = {f"osp-{name}": {**entry, **where, "project_name": name} for name in projects}
    made, wrong = connections(PROVIDERS["openstack"], {}, providers_file.parse(json.dumps(file)), {})
    assert (len(made), wrong) == (len(projects), {})
    return [Target(one, partial(open_site, patience=clouds.HASTY)) for one in made]


def filled(project: Project, name: str) -> set[str]:
    """Ids of one of each kind that the suite names after this clone."""
    clone = project.clone(name, boot_volume=True)
    image = project.image(f"{name}-snapshot")
    snapshot = project.snapshot(project.volume("base-disk"), f"snapshot for {name}-snapshot")
    return {clone.server, *clone.volumes, image, snapshot}


def share(image: str, owner: Project, member: Project) -> None:
    """In the list of both, with one id."""
    owner.sdk.image.update_image(image, visibility="shared")
    owner.sdk.image.add_member(image, member_id=member.sdk.current_project_id)
    member.sdk.image.update_member(member.sdk.current_project_id, image, status="accepted")
    assert image in {one.id for one in member.sdk.image.images()}


def uids(entries: list[dict[str, Any]]) -> set[str]:
    return {str(entry["id"]) for entry in entries}


def test_what_lies_in_another_project_is_never_touched(
    project: Project, other: Project, prefix: str, tmp_path: Path
) -> None:
    """By the record, by the name, by its id in a note, and for somebody who may delete there."""
    name = f"{prefix}-rhel8-aaaa"
    theirs, mine = filled(other, name), filled(project, name)
    shared = other.image(f"{prefix}-rhel8-bbbb-snapshot")
    share(shared, other, project)
    before = ours(other)
    noted = clouds.session(prefix, name, lineage=dict.fromkeys(theirs | {shared}, "test_x"))
    [target] = targets(project.peer, "ci")
    assert not (theirs | {shared}) & {one.id for one, _made in teardown.survey([target], noted).decided}
    folder = twice.Folder(tmp_path, target)
    first = folder.teardown(clouds.session(prefix, name))
    assert len(first | folder.teardown(folder.known(noted))) == len(mine)
    assert ours(other) == before
    assert not mine & ours(project).keys()


def test_two_entries_that_differ_in_the_project_alone_are_both_looked_at(
    project: Project, other: Project, prefix: str
) -> None:
    mine, theirs = filled(project, f"{prefix}-rhel8-aaaa"), filled(other, f"{prefix}-rhel8-bbbb")
    neighbours = project.clone(f"{prefix}9-rhel8").server, other.clone(f"{prefix}9-rhel8").server
    shared = other.image(f"{prefix}-rhel8-cccc-snapshot")
    share(shared, other, project)
    both = targets(project.peer, "ci", "other")
    checked = teardown.remove(both, Session(prefix), clouds.LIMITS, True)
    assert uids(checked.done) == mine | theirs | {shared}
    done = teardown.remove(both, Session(prefix), clouds.LIMITS, False)
    assert {(entry["provider"], entry["id"]) for entry in done.done} == {
        *(("osp-ci", one) for one in mine),
        *(("osp-other", one) for one in theirs | {shared}),
    }
    assert len({entry["uid"] for entry in done.done}) == len(done.done)
    assert neighbours[0] in ours(project) and neighbours[1] in ours(other)
    found = teardown.survey(both, Session(prefix))
    assert (found.decided, found.unreadable) == ((), ())
    assert {scope["provider"] for scope in found.scopes} == {"osp-ci", "osp-other"}


def test_one_name_in_both_is_nobodys_to_tell_apart(
    project: Project, other: Project, prefix: str, tmp_path: Path
) -> None:
    """Nothing says in which of them the session made it."""
    name = f"{prefix}-rhel8-aaaa"
    made = {project.clone(name).server, other.clone(name).server}
    both = targets(project.peer, "ci", "other")
    decided = teardown.survey(both, clouds.session(prefix, name)).decided
    assert {one.id: made.status for one, made in decided} == dict.fromkeys(made, Status.CONTESTED)
    assert all("osp-ci" in told.reason and "osp-other" in told.reason for _one, told in decided)
    folder = twice.Folder(tmp_path, *both)
    assert not folder.teardown(clouds.session(prefix, name))
    assert not folder.teardown(folder.known(Session(prefix)))
    assert made <= ours(project).keys() | ours(other).keys()
