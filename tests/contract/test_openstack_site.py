# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sessions leave in a project of a real OpenStack, and all that is beside it."""

from __future__ import annotations

from dataclasses import asdict, replace

from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status

from tests.contract import clouds
from tests.lab.openstack.faults import CloudProxies
from tests.lab.openstack.worlds import Project

KEPT_IMAGE = "base-image"


def ours(project: Project) -> dict[str, tuple[str, str]]:
    return {ident: one for ident, one in project.everything().items() if one[1] != KEPT_IMAGE}


def test_a_whole_session_goes_and_bystanders_stay(project: Project, prefix: str) -> None:
    """Volumes of all sorts, ports, an image, snapshots of a base VM's volume, and Forklift's own objects."""
    other = Project(project.peer, "other")
    base = project.volume("rhel8-base-disk")
    neighbour = project.clone(f"{prefix}9-rhel8-aaaa", boot_volume=True)
    project.volume(f"{prefix}9-rhel8-aaab-boot-vol")
    project.image(f"x{prefix}-rhel8-aaaa-snapshot")
    project.snapshot(base, f"snapshot for {prefix}9-rhel8-aaaa-snapshot")
    project.migrated(neighbour.server, neighbour.volumes[0])
    elsewhere = other.clone(f"{prefix}-rhel8-zzzz")
    before = ours(project)
    try:
        clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True, data=1)
        project.clone(f"{prefix}-rhel8-bbbb", own_volumes=1, ports=1)
        project.volume(f"{prefix}-rhel8-cccc-boot-vol")
        project.volume(f"{prefix}-rhel8-cccc-data-vol-2")
        project.image(f"{prefix}-rhel8-aaaa-snapshot")
        project.snapshot(base, f"snapshot for {prefix}-rhel8-aaaa-snapshot")
        project.snapshot(clone.volumes[0], f"{prefix}-rhel8-aaaa-before")
        project.migrated(clone.server, clone.volumes[0])
        world = set(ours(project)) - set(before)

        run = clouds.clear(project.peer, clouds.session(prefix))

        assert run.held == {}
        assert run.owned == world
        assert ours(project) == before
        assert elsewhere.server in other.everything()
        again = clouds.look(project.peer, clouds.session(prefix))
        assert (again.decided, again.seen.unread) == ({}, {})
        assert set(again.seen.scopes) == {"Server", "Volume", "Snapshot", "Image", "Port"}
    finally:
        other.empty()


def test_looking_writes_nothing_and_finds_what_goes(project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    before = project.everything()
    at = clouds.connection(project.peer, cloud_proxies)
    run = clouds.look(at, clouds.session(prefix))
    assert cloud_proxies.writes() == []
    assert project.everything() == before
    assert run.owned == {clone.server, *clone.volumes}
    assert clouds.clear(at, clouds.session(prefix)).owned == run.owned
    assert {(seen.method, seen.path.rpartition("/")[2]) for seen in cloud_proxies.writes()} >= {
        ("DELETE", clone.server)
    }


def test_calls_are_counted_and_few(project: Project, cloud_proxies: CloudProxies, prefix: str) -> None:
    with clouds.site(clouds.connection(project.peer, cloud_proxies)) as site:
        site.look(clouds.session(prefix))
        sent = sum(len(cloud_proxies[name].seen) for name in ("nova", "cinder", "glance", "neutron"))
        assert sent < site.calls <= sent + 6


def test_63_char_truncation(project: Project, prefix: str) -> None:
    """The server's name has lost the prefix; the image's has not. Only the record, or enough of the prefix, tells."""
    whole = f"{prefix}-{'very-long-base-name-of-a-vm-' * 2}rhel8-aaaa"
    clone = project.clone(whole)
    image = project.image(f"{whole}-snapshot")
    also = project.image(f"{clone.name}-snapshot")
    stranger = project.image("other-base-snapshot")
    assert len(clone.name) == 63 and not clone.name.startswith(prefix)

    assert clouds.look(project.peer, clouds.session(prefix)).owned == {image}
    run = clouds.clear(project.peer, clouds.session(prefix, clone.name))
    assert (run.owned, run.held) == ({clone.server, image, also}, {})
    assert set(ours(project)) == {stranger}


def test_hidden_images(project: Project, prefix: str) -> None:
    """Glance leaves them out of its list, to their owner too."""
    image = project.image(f"{prefix}-rhel8-aaaa-snapshot", is_hidden=True)
    stranger = project.image(f"{prefix}9-rhel8-aaaa-snapshot", is_hidden=True)
    run = clouds.clear(project.peer, clouds.session(prefix))
    assert (run.owned, run.held) == ({image}, {})
    assert set(ours(project)) == {stranger}


def test_duplicates_and_regex_names(project: Project, prefix: str) -> None:
    """Nova takes a name for a regular expression; names are not unique."""
    odd = project.clone(f"{prefix[:-1]}.-rhel8-aaaa")
    twins = {project.clone(f"{prefix}-rhel8-aaaa").server for _number in range(2)}
    assert odd.server not in clouds.look(project.peer, clouds.session(prefix)).decided
    run = clouds.clear(project.peer, clouds.session(prefix))
    assert {run.decided[ident].status for ident in twins} == {Status.CONTESTED}
    assert set(ours(project)) == {odd.server, *twins}
    planned = clouds.session(prefix, **clouds.plan(prefix, (min(twins), f"{prefix}-rhel8-aaaa")))
    assert clouds.clear(project.peer, planned).owned == {min(twins)}
    assert set(ours(project)) == {odd.server, max(twins)}


def test_created_but_never_recorded_and_recorded_but_never_created(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    run = clouds.clear(project.peer, clouds.session(prefix, f"{prefix}-rhel8-gone"))
    assert (run.owned, run.held) == ({clone.server}, {})


def test_error_server(project: Project, prefix: str) -> None:
    """Never skipped for its status: it is what the suite does not record."""
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.set_server(clone.server, vm_state="error")
    assert clouds.look(project.peer, clouds.session(prefix)).seen.remotes[0].facts["status"] == "ERROR"
    assert clouds.clear(project.peer, clouds.session(prefix)).held == {}
    assert ours(project) == {}


def test_task_state_busy(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.set_server(clone.server, task_state="powering-off")
    assert clouds.clear(project.peer, clouds.session(prefix)).held == {}
    assert ours(project) == {}


def test_a_renamed_clone_is_told_and_kept(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.sdk.compute.update_server(clone.server, name="keep-me")
    known = clouds.session(prefix, clone.name, **clouds.plan(prefix, (clone.server, clone.name)))
    run = clouds.clear(project.peer, known)
    assert run.decided[clone.server].status is Status.CONTESTED
    assert "renamed" in run.decided[clone.server].reason
    assert clone.server in ours(project)


def test_older_than_the_session(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    started = clouds.session(prefix, started="2099-01-01T00:00:00Z")
    made = clouds.clear(project.peer, started).decided[clone.server]
    assert made.status is Status.CONTESTED and "older than the session" in made.reason
    assert set(ours(project)) == {clone.server, *clone.volumes}


def test_a_volume_that_somebody_attached_stays(project: Project, prefix: str) -> None:
    theirs = project.volume("database")
    clone = project.clone(f"{prefix}-rhel8-aaaa")
    project.set_created("Volume", theirs, "2020-01-01 00:00:00")
    project.attach(clone.server, theirs)
    run = clouds.clear(project.peer, clouds.session(prefix))
    assert (run.decided[theirs].status, run.owned) == (Status.REFUSED, {clone.server})
    assert "older than it" in run.decided[theirs].reason
    assert set(ours(project)) == {theirs}


def test_a_volume_of_others_that_would_go_with_the_server_keeps_it(project: Project, prefix: str) -> None:
    """Nova deletes it by itself (delete_on_termination), however young it is."""
    theirs = project.volume("database")
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    project.attach(clone.server, theirs)
    project.ends_with_server(theirs)
    run = clouds.clear(project.peer, clouds.session(prefix))
    made = run.decided[clone.server]
    assert (made.status, run.decided[theirs].status, run.owned) == (Status.CONTESTED, Status.REFUSED, set())
    assert "database" in made.reason and theirs in made.reason
    assert set(ours(project)) == {clone.server, theirs, *clone.volumes}


def test_volumes_of_a_server_that_is_shelved_away(project: Project, prefix: str) -> None:
    """Cinder says that they are free, and nobody's; only Nova tells of them."""
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True, own_volumes=1)
    neighbour = project.clone("database-vm", boot_volume=True)
    project.sdk.block_storage.update_volume(neighbour.volumes[0], name=f"{prefix}-rhel8-bbbb-boot-vol")
    for one in (clone, neighbour):
        project.shelve(one.server, *one.volumes)
    assert not any(one.attachments for one in project.sdk.block_storage.volumes())
    run = clouds.clear(project.peer, clouds.session(prefix))
    assert (run.owned, run.held) == ({clone.server, *clone.volumes}, {})
    assert run.decided[neighbour.volumes[0]].status is Status.CONTESTED
    assert set(ours(project)) == {neighbour.server, *neighbour.volumes}


def test_a_snapshot_that_somebodys_image_is_made_of_stays(project: Project, prefix: str) -> None:
    """The image of a server with volumes is a list of their snapshots."""
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    project.sdk.compute.create_server_image(clone.server, "golden", wait=True)
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    [snapshot] = [one.id for one in run.seen.remotes if one.kind == "Snapshot"]
    assert run.decided[snapshot].status is Status.REFUSED and "golden" in run.decided[snapshot].reason
    assert {kind for kind, _name in ours(project).values()} >= {"Image", "Snapshot"}
    assert "golden" in {name for _kind, name in ours(project).values()}


def test_a_snapshot_that_somebody_made_of_a_clones_volume_stays(project: Project, prefix: str) -> None:
    """Whoever made it had something in mind. Cinder keeps the volume with it."""
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    theirs = project.snapshot(clone.volumes[0], "by hand")
    run = clouds.clear(project.peer, clouds.session(prefix), clouds.STUCK)
    assert run.owned == set(run.decided) - {theirs}
    assert run.decided[theirs].status is Status.REFUSED
    assert run.causes() == {clone.volumes[0]: "volume-has-snapshots"}
    assert set(ours(project)) == {theirs, clone.volumes[0]}


def test_a_volume_named_after_the_clone_at_somebodys_server_stays(project: Project, prefix: str) -> None:
    volume = project.volume(f"{prefix}-rhel8-aaaa-data-vol-1")
    theirs = project.clone("database")
    project.attach(theirs.server, volume)
    run = clouds.clear(project.peer, clouds.session(prefix))
    assert (run.decided[volume].status, run.owned) == (Status.CONTESTED, set())
    assert "database" in run.decided[volume].reason
    assert set(ours(project)) == {volume, theirs.server}


def test_volumes_without_a_name_outlive_their_server(project: Project, prefix: str) -> None:
    """Nova has made them of the clone's snapshot, and somebody has deleted the server. Nothing but that snapshot tells
    of them, so both stay and are told. What has a name or a server is somebody's."""
    base = project.volume("rhel8-base-disk")
    snapshot = project.snapshot(base, f"snapshot for {prefix}-rhel8-aaaa-snapshot")
    another = project.snapshot(base, f"snapshot for {prefix}9-rhel8-aaaa-snapshot")
    left = project.volume(snapshot_id=snapshot)
    rescue, theirs = project.volume("rescue", snapshot_id=snapshot), project.volume(snapshot_id=another)
    in_use = project.volume(snapshot_id=snapshot)
    stranger = project.clone("database")
    project.attach(stranger.server, in_use)
    before = ours(project)
    for _run in range(2):
        run = clouds.clear(project.peer, clouds.session(prefix, f"{prefix}-rhel8-aaaa"))
        assert {ident: made.status for ident, made in run.decided.items()} == dict.fromkeys(
            (left, snapshot), Status.CONTESTED
        )
        assert left in run.decided[left].reason
        assert ours(project) == before
    known = project.sdk.block_storage.get_volume(left)
    project.sdk.block_storage.delete_volume(known)
    project.sdk.block_storage.wait_for_delete(known, 0.2, 60)
    run = clouds.clear(project.peer, clouds.session(prefix, f"{prefix}-rhel8-aaaa"))
    assert (run.owned, run.held) == ({snapshot}, {})
    assert set(ours(project)) == set(before) - {left, snapshot} >= {base, another, rescue, theirs, in_use}


def test_recorded_snapshots_go_by_id(project: Project, prefix: str) -> None:
    """Whatever they are called; others of the same name are not the session's."""
    base = project.volume("rhel8-base-disk")
    recorded = project.snapshot(base, "snapshot for rhel8-x-snapshot")
    other = project.snapshot(base, "snapshot for rhel8-x-snapshot")
    known = clouds.session(prefix, records=(clouds.snapshot_record(recorded, "snapshot for rhel8-x-snapshot"),))
    run = clouds.clear(project.peer, known)
    assert (run.owned, run.held) == ({recorded}, {})
    assert run.decided[recorded].test_name == "test_it"
    assert set(ours(project)) == {base, other}


def test_a_recorded_snapshot_of_another_session_is_refused(project: Project, prefix: str) -> None:
    base = project.volume("rhel8-base-disk")
    name = "snapshot for auto-zz99-rhel8-aaaa-snapshot"
    theirs = project.snapshot(base, name)
    run = clouds.clear(project.peer, clouds.session(prefix, records=(clouds.snapshot_record(theirs, name),)))
    assert (run.decided[theirs].status, run.owned) == (Status.REFUSED, set())


def test_objects_of_forklift_for_a_server_that_has_gone(project: Project, prefix: str) -> None:
    """Their names hold the server's id alone: it is known from the Plan, or noted by an earlier run."""
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    base = project.volume("rhel8-base-disk")
    made = project.migrated(clone.server, base)
    project.sdk.compute.delete_server(clone.server)
    project.sdk.compute.wait_for_delete(project.sdk.compute.get_server(clone.server), interval=0.2)
    assert not set(made.values()) & clouds.look(project.peer, clouds.session(prefix)).owned
    noted = clouds.session(prefix, lineage={clone.server: "test_it"})
    planned = clouds.session(prefix, **clouds.plan(prefix, (clone.server, clone.name)))
    assert clouds.look(project.peer, noted).owned == set(made.values())
    run = clouds.clear(project.peer, planned)
    assert (run.owned, run.held) == (set(made.values()), {})
    assert set(ours(project)) == {base}


def test_objects_of_forklift_for_somebodys_server_stay(project: Project, prefix: str) -> None:
    """A Plan may migrate a VM that is no clone; another session may be migrating it, too."""
    theirs = project.clone("production", boot_volume=True)
    project.migrated(theirs.server, theirs.volumes[0])
    before = ours(project)
    run = clouds.clear(project.peer, clouds.session(prefix, **clouds.plan(prefix, (theirs.server, "production"))))
    assert run.owned == set()
    assert ours(project) == before


def test_deleted_by_hand_meanwhile(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    image = project.image(f"{prefix}-rhel8-aaaa-snapshot")

    def by_hand() -> None:
        project.sdk.image.delete_image(image)
        project.sdk.compute.delete_server(clone.server)
        project.sdk.compute.wait_for_delete(project.sdk.compute.get_server(clone.server), interval=0.2)

    run = clouds.clear(project.peer, clouds.session(prefix), between=by_hand)
    assert (run.owned, run.held) == ({clone.server, image, *clone.volumes}, {})
    assert ours(project) == {}


def test_what_an_earlier_run_noted_is_found_without_its_owner(project: Project, prefix: str) -> None:
    """The run ended between the server and its volume."""
    clone = project.clone(f"{prefix}-rhel8-aaaa", own_volumes=1)
    seen = clouds.look(project.peer, clouds.session(prefix))
    project.sdk.compute.delete_server(clone.server)
    project.sdk.compute.wait_for_delete(project.sdk.compute.get_server(clone.server), interval=0.2)
    assert clouds.look(project.peer, clouds.session(prefix)).owned == set()
    noted = replace(clouds.session(prefix), lineage=dict.fromkeys(seen.owned, "test_it"))
    run = clouds.clear(project.peer, noted)
    assert (run.owned, run.held) == (set(clone.volumes), {})


def test_times_have_a_zone_and_ids_are_identities(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    project.snapshot(clone.volumes[0], "by hand")
    project.image(f"{prefix}-rhel8-aaaa-snapshot")
    for one in clouds.look(project.peer, clouds.session(prefix)).seen.remotes:
        assert one.created.endswith("Z") and "T" in one.created, asdict(one)
        assert one.identity == one.id == one.uid
        assert one.place == "ci"
