# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real OpenStack refuses or does not end, line by line of providers.md 5.3: each ends in a cause, and holds
nothing but itself and what must wait for it."""

from __future__ import annotations

import threading
import time

import pytest

from tests.contract import clouds
from tests.contract.test_openstack_site import ours
from tests.lab.faults import Rule
from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.worlds import Project


def forbid(project: Project, service: str, rule: str) -> None:
    """Nobody may, from the next request on."""
    project.peer.policy(service).write_text(f'"{rule}": "!"\n', encoding="ascii")


def test_locked_server(project: Project, prefix: str) -> None:
    """409. The other clone goes all the same; the locked one's volume is not touched."""
    locked = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    project.clone(f"{prefix}-rhel8-bbbb")
    project.lock(locked.server)
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {locked.server: "server-locked", locked.volumes[0]: "volume-in-use"}
    assert "unlock" in run.held[locked.server].next_step
    assert set(ours(project)) == {locked.server, *locked.volumes}


def test_disable_terminate(project: Project, prefix: str) -> None:
    """204, and nothing happens."""
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.set_server(clone.server, disable_terminate=1)
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {clone.server: "delete-ignored"}
    project.set_server(clone.server, disable_terminate=0)


def test_stuck_deleting(project: Project, prefix: str) -> None:
    """Nova takes a second delete and does nothing, for it has begun the first."""
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.set_server(clone.server, task_state="deleting")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {clone.server: "server-stuck-deleting"}
    project.set_server(clone.server, task_state=None)


def test_a_deletion_that_fails(project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    """Nova begins, meets an error and gives up: asked once more, then told with Nova's own words."""
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.set_server(clone.server, task_state="deleting")
    nova = cloud_proxies["nova"]

    def give_up() -> None:
        project.set_server(clone.server, task_state=None, vm_state="error")

    def asked() -> None:
        nova.rules = [Rule(method="GET", times=1, before=give_up)]

    nova.rules = [Rule(method="DELETE", times=1, before=asked)]
    run = clouds.clear(clouds.connection(project.peer, cloud_proxies), clouds.session(prefix))
    assert (run.held, ours(project)) == ({}, {})
    assert len([one for one in nova.seen if one.method == "DELETE"]) == 2


def test_soft_deleted_is_not_gone(project: Project, prefix: str) -> None:
    """Off the lists of its own project; force_delete ends it where that is allowed."""
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    # Without a bin of its own, our Nova would end it at the next delete.
    project.set_server(clone.server, vm_state="soft-delete", deleted_at="2026-01-01 00:00:00", disable_terminate=1)
    assert clone.server not in ours(project)
    forbid(project, "nova", "os_compute_api:os-deferred-delete:force")
    seen = clouds.look(project.peer, clouds.session(prefix))
    assert (seen.owned, seen.seen.remotes[0].facts["status"]) == ({clone.server}, "SOFT_DELETED")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {clone.server: "server-soft-deleted"}
    project.peer.policy("nova").write_text("{}\n", encoding="ascii")
    project.set_server(clone.server, disable_terminate=0)
    assert clouds.clear(project.peer, clouds.session(prefix)).causes() == {}
    assert clouds.look(project.peer, clouds.session(prefix)).owned == set()


def test_error_deleting_volume_and_snapshot(project: Project, prefix: str) -> None:
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    fine = project.volume(f"{prefix}-rhel8-aaaa-data-vol-1")
    snapshot = project.snapshot(project.volume("base"), f"snapshot for {prefix}-rhel8-aaaa-snapshot")
    project.set_volume(volume, "error_deleting")
    project.set_snapshot(snapshot, "error_deleting")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {volume: "error-deleting", snapshot: "error-deleting"}
    assert fine not in ours(project)


def test_volume_in_use(project: Project, prefix: str) -> None:
    """The server has gone, and Cinder still says that it is attached."""
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    project.set_volume_row(volume, status="in-use")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {volume: "volume-in-use"}
    project.set_volume(volume, "available")


@pytest.mark.parametrize("status", ["awaiting-transfer", "maintenance", "backing-up", "uploading"])
def test_what_cinder_is_at(project: Project, prefix: str, status: str) -> None:
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    project.set_volume_row(volume, status=status)
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {volume: "busy"} and status in run.held[volume].text
    project.set_volume(volume, "available")


def test_volume_is_awaited_while_it_is_detached(project: Project, prefix: str) -> None:
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    project.set_volume(volume, "detaching")
    later = threading.Timer(0.8, project.set_volume, (volume, "available"))
    later.start()
    assert clouds.clear(project.peer, clouds.session(prefix)).held == {}
    later.join()
    assert ours(project) == {}


def test_snapshot_blocks_volume(project: Project, prefix: str) -> None:
    """Somebody has made a snapshot since we looked: it is not taken, and the volume stays."""
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    made: list[str] = []
    run = clouds.clear(
        project.peer,
        clouds.session(prefix),
        clouds.STUCK,
        between=lambda: made.append(project.snapshot(volume, "backup")),
    )
    assert run.causes() == {volume: "volume-has-snapshots"}
    assert made[0] in run.held[volume].text
    assert set(ours(project)) == {volume, *made}


def test_volume_stuck_in_deletion(project: Project, prefix: str) -> None:
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    project.set_volume_row(volume, status="deleting")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {volume: "stuck-deleting"}
    project.set_volume(volume, "error")


def test_protected_image(project: Project, prefix: str) -> None:
    """403, as for no right; the image itself tells which."""
    image = project.image(f"{prefix}-rhel8-aaaa-snapshot", is_protected=True)
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {image: "image-protected"}


def test_image_in_use(project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    """409 while a volume of the storage depends on it: asked again, and then told."""
    image = project.image(f"{prefix}-rhel8-aaaa-snapshot")
    at = clouds.connection(project.peer, cloud_proxies)
    cloud_proxies["glance"].rules = [Rule("409", method="DELETE")]
    assert clouds.clear(at, clouds.session(prefix), clouds.STUCK).causes() == {image: "image-in-use"}
    cloud_proxies["glance"].rules = [Rule("409", method="DELETE", times=1)]
    assert clouds.clear(at, clouds.session(prefix)).causes() == {}


def test_forbidden_to_delete(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    image = project.image(f"{prefix}-rhel8-aaaa-snapshot")
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    forbid(project, "nova", "os_compute_api:servers:delete")
    forbid(project, "cinder", "volume:delete")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.causes() == {clone.server: "forbidden", volume: "forbidden"}
    assert image not in ours(project)


@pytest.mark.parametrize(
    ("service", "rule", "kind"),
    [
        ("nova", "os_compute_api:servers:detail", "Server"),
        ("cinder", "volume:get_all", "Volume"),
        ("cinder", "volume:get_all_snapshots", "Snapshot"),
        ("glance", "", "Image"),
        ("neutron", "", "Port"),
    ],
)
def test_forbidden_to_read(
    project: Project, cloud_proxies: CloudProxies, prefix: str, service: str, rule: str, kind: str
) -> None:
    """Never "nothing there": the kind is not among those that were read. Two of them only by a proxy: Glance keeps a
    rule that was taken back, and Neutron leaves out what one may not see."""
    if rule:
        forbid(project, service, rule)
    else:
        cloud_proxies[service].rules = [Rule("403", path="limit=")]
    seen = clouds.look(clouds.connection(project.peer, cloud_proxies), clouds.session(prefix)).seen
    assert set(seen.unread) == {kind} and "403" in seen.unread[kind]
    assert kind not in seen.scopes and len(seen.scopes) == 4


def test_reading_fails_after_the_delete(project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    """What cannot be read has not gone."""
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    at = clouds.connection(project.peer, cloud_proxies)

    def deaf() -> None:
        cloud_proxies["cinder"].rules = [Rule("403", method="GET")]

    run = clouds.clear(at, clouds.session(prefix), clouds.STUCK, clouds.HASTY, between=deaf)
    assert set(run.held) == {volume}


def test_other_owner_all_projects(project: Project, prefix: str) -> None:
    """An administrator's token of our project shows our project alone; what others share is theirs."""
    other = Project(project.peer, "other")
    shared = other.image(f"{prefix}-rhel8-aaaa-snapshot")
    admin = Project(project.peer, "admin")
    public = admin.image(f"{prefix}-rhel8-bbbb-snapshot")
    admin.sdk.image.update_image(public, visibility="public")
    try:
        for user in ("ci", "admin"):
            options = {"auth": {"username": user, "project_name": user}}
            run = clouds.look(clouds.connection(project.peer, **options), clouds.session(prefix))
            assert shared not in run.decided
            assert (public in run.decided) is (user == "admin")
    finally:
        other.empty()
        admin.empty()


def test_throttling(project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    """429 with Retry-After, 503 and 413: asked again, and no more than asked for."""
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    at = clouds.connection(project.peer, cloud_proxies)
    cloud_proxies["cinder"].rules = [Rule("429", times=1), Rule("503", method="GET", times=2)]
    started = time.monotonic()
    run = clouds.clear(at, clouds.session(prefix))
    assert run.seen.unread == {}
    assert (run.owned, run.held) == ({volume}, {})
    assert time.monotonic() - started >= 1.0


def test_timed_out(project: Project, prefix: str) -> None:
    """A deletion that the cloud does not get done in all of the time there is."""
    volume = project.volume(f"{prefix}-rhel8-aaaa-boot-vol")
    project.set_volume(volume, "detaching")
    limits = clouds.Limits(stall=60.0, total=1.0, settle=60.0)
    started = time.monotonic()
    run = clouds.clear(project.peer, clouds.session(prefix), limits)
    assert run.causes() == {volume: "volume-in-use"}
    assert time.monotonic() - started < 30
    project.set_volume(volume, "available")
