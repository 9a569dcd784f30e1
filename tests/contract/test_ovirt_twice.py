# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every contested and refused case on an oVirt engine, in runs that follow each other in one folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract import twice
from tests.contract.ovirt_runs import HASTY, connection
from tests.contract.providers import session_of
from tests.lab.engine.peer import Peer

PREFIX, NAME, HOST = "auto-ab12", "auto-ab12-rhel8-x1y2", "127.0.0.1"
STARTED = "2026-11-20T09:00:00Z"
Case = Callable[[Peer], Session]


def session(*names: str, **more: Any) -> Session:
    return session_of(PREFIX, "ovirt", *names, **more).learned(started=STARTED)


def two_of_one_name(engine: Peer) -> Session:
    engine.vm(NAME, cluster="east")
    engine.vm(NAME, cluster="west")
    return session(NAME)


def renamed(engine: Peer) -> Session:
    return session(NAME, plans={engine.vm("please-keep-me")["id"]: NAME}, host=HOST)


def older(engine: Peer) -> Session:
    engine.vm(NAME, created="2025-01-01T00:00:00.000Z")
    return session()


def recorded_and_older(engine: Peer) -> Session:
    engine.vm("base-vm", created="2025-01-01T00:00:00.000Z")
    return session("base-vm")


def recorded_of_another_session(engine: Peer) -> Session:
    engine.vm("auto-zz99-rhel8")
    return session("auto-zz99-rhel8")


def a_name_that_lost_too_much(engine: Peer) -> Session:
    engine.vm(f"ab12-{'a' * 53}-9fzk")
    return session()


def with_disk(**disk: Any) -> Case:
    """A clone with a disk of its own and this one."""

    def made(engine: Peer) -> Session:
        engine.vm(NAME, disks=[{"alias": "own"}, engine.disk("database", **disk)["id"]], status="up")
        return session(NAME)

    return made


def a_shared_disk(engine: Peer) -> Session:
    """On a clone that stays, as the only one that is not asked for."""
    shared = engine.disk("shared", shareable=True)
    engine.vm("somebody-elses", disks=[shared["id"]])
    engine.vm(NAME, disks=[{"alias": "own"}, shared["id"]], delete_protected=True)
    return session()


CASES: dict[str, Case] = {
    "two of one name": two_of_one_name,
    "renamed": renamed,
    "older": older,
    "recorded and older": recorded_and_older,
    "recorded of another session": recorded_of_another_session,
    "a name that lost too much": a_name_that_lost_too_much,
    "a floating disk": with_disk(created="2025-01-01T00:00:00.000Z"),
    "a disk without a date": with_disk(created=""),
    "a LUN": with_disk(storage_type="lun"),
    "a shared disk": a_shared_disk,
}


def target(engine: Peer) -> Target:
    return Target(connection(engine), partial(open_site, patience=HASTY))


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_taken_at_first_is_not_taken_later(case: str, engine: Peer, tmp_path: Path) -> None:
    known = CASES[case](engine)
    before, disks = engine.vms(), engine.disks()
    twice.check(tmp_path, target(engine), known, lambda: engine.vm(f"{PREFIX}-goes"))
    assert (engine.vms(), engine.disks()) == (before, disks)


@pytest.mark.parametrize("taken", [False, True])
def test_a_run_that_is_killed_loses_no_disk(taken: bool, engine: Peer, tmp_path: Path) -> None:
    """The VM has gone, and nothing but the note tells whose its disk was; unless somebody has taken it since."""
    disk, stranger = engine.disk("no-name-of-ours"), engine.disk("somebody-elses")
    vm = engine.vm(NAME, disks=[disk["id"]])
    folder = twice.Folder(tmp_path, target(engine))
    folder.killed(session(NAME))
    engine.change(vm["id"], disks=[])
    engine.ask("DELETE", f"/vms/{vm['id']}")
    if taken:
        engine.vm("keeper", disks=[disk["id"]])
    assert teardown.survey(folder.targets, session()).decided == ()
    folder.verify(folder.known(session()))
    [(one, made)] = teardown.survey(folder.targets, folder.known(session())).decided
    assert (one.id, made.status) == (disk["id"], Status.CONTESTED if taken else Status.OWNED)
    folder.teardown(folder.known(session()))
    assert set(engine.disks()) == ({disk["id"], stranger["id"]} if taken else {stranger["id"]})
