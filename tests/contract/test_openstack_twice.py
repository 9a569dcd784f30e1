# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every contested and refused case in a project of a real OpenStack, in runs that follow each other in one folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract import clouds, twice
from tests.contract.providers import session_of
from tests.contract.test_openstack_site import ours
from tests.lab.openstack.worlds import Project

Case = Callable[[Project, str], Session]


def two_of_one_name(project: Project, prefix: str) -> Session:
    for _number in range(2):
        project.clone(f"{prefix}-rhel8-aaaa")
    return clouds.session(prefix, f"{prefix}-rhel8-aaaa")


def renamed(project: Project, prefix: str) -> Session:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    project.sdk.compute.update_server(clone.server, name="keep-me")
    return session_of(prefix, "openstack", clone.name, plans={clone.server: clone.name}, host=clouds.HOST)


def a_volume_that_would_go_with_its_server(project: Project, prefix: str) -> Session:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    theirs = project.volume("database")
    project.attach(clone.server, theirs)
    project.ends_with_server(theirs)
    return clouds.session(prefix)


def a_volume_at_somebodys_server(project: Project, prefix: str) -> Session:
    project.attach(project.clone("database").server, project.volume(f"{prefix}-rhel8-aaaa-data-vol-1"))
    return clouds.session(prefix, f"{prefix}-rhel8-aaaa")


def a_recorded_snapshot_of_another_session(project: Project, prefix: str) -> Session:
    name = "snapshot for auto-zz99-rhel8-aaaa-snapshot"
    theirs = project.snapshot(project.volume("rhel8-base-disk"), name)
    return clouds.session(prefix, records=(clouds.snapshot_record(theirs, name),))


def a_snapshot_of_a_volume_that_stays(project: Project, prefix: str) -> Session:
    """Both stay, by the snapshot alone."""
    project.snapshot(project.volume(f"{prefix}-rhel8-aaaa-boot-vol"), "by hand")
    return clouds.session(prefix)


CASES: tuple[Case, ...] = (
    two_of_one_name,
    renamed,
    a_volume_that_would_go_with_its_server,
    a_volume_at_somebodys_server,
    a_recorded_snapshot_of_another_session,
    a_snapshot_of_a_volume_that_stays,
)


def target(project: Project) -> Target:
    return Target(clouds.connection(project.peer), partial(open_site, patience=clouds.HASTY))


@pytest.mark.parametrize("case", some(CASES, 2), ids=lambda case: case.__name__)
def test_what_is_not_taken_at_first_is_not_taken_later(
    case: Case, project: Project, prefix: str, tmp_path: Path
) -> None:
    session = case(project, prefix)
    before = ours(project)
    twice.check(tmp_path, target(project), session, lambda: project.image(f"{prefix}-goes-snapshot"))
    assert ours(project) == before


def test_a_run_that_is_killed_loses_no_volume(project: Project, prefix: str, tmp_path: Path) -> None:
    """Nova has taken the delete of the server, and nothing but the note tells whose its volumes and ports are."""
    clone = project.clone(f"{prefix}-rhel8-aaaa", own_volumes=1, ports=1)
    stranger = project.volume()
    folder = twice.Folder(tmp_path, target(project))
    folder.killed(clouds.session(prefix, clone.name))
    project.sdk.compute.delete_server(clone.server)
    project.sdk.compute.wait_for_delete(project.sdk.compute.get_server(clone.server), interval=0.2)
    left = {*clone.volumes, *clone.ports}
    assert left <= ours(project).keys()
    assert teardown.survey(folder.targets, Session(prefix)).decided == ()
    folder.verify(folder.known(Session(prefix)))
    found = teardown.survey(folder.targets, folder.known(Session(prefix)))
    assert {one.id for one, _made in found.with_status(Status.OWNED)} == left
    folder.teardown(folder.known(Session(prefix)))
    assert ours(project).keys() == {stranger}


def test_what_is_older_than_the_session(project: Project, prefix: str, tmp_path: Path) -> None:
    project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    before = ours(project)
    twice.check(tmp_path, target(project), clouds.session(prefix, started="2099-01-01T00:00:00Z"))
    assert ours(project) == before
