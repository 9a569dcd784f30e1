# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenStack without a server: names, times, what is a part of what, causes, connections. As tables."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NO_ANSWER, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import causes, connection
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.answers import ATTACHED
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.client import Cloud, Patience
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.names import (
    clone_of,
    is_named_after,
    migrated_server,
)
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.reading import Reading, zoned
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership, providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

PREFIX = "auto-ab12"
CLONE = f"{PREFIX}-rhel8-aaaa"
LONG = f"{PREFIX}-{'base-vm-' * 9}aaaa"
CUT = LONG[-63:]
SERVER, STRANGER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
DISK = "33333333-3333-4333-8333-333333333333"


@pytest.mark.parametrize(
    ("kind", "name", "clone"),
    [
        ("Image", f"{CLONE}-snapshot", CLONE),
        ("Image", f"{CLONE}", ""),
        ("Image", "-snapshot", ""),
        ("Image", f"snapshot for {CLONE}-snapshot", f"snapshot for {CLONE}"),
        ("Snapshot", f"snapshot for {CLONE}-snapshot", CLONE),
        ("Snapshot", f"{CLONE}-snapshot", ""),
        ("Snapshot", f"Snapshot for {CLONE}-snapshot", ""),
        ("Volume", f"{CLONE}-boot-vol", CLONE),
        ("Volume", f"{CLONE}-data-vol-12", CLONE),
        ("Volume", f"{CLONE}-data-vol-", ""),
        ("Volume", f"{CLONE}-boot-vol-2", ""),
        ("Volume", CLONE, ""),
        ("Port", f"{CLONE}-snapshot", ""),
        ("Image", f"{LONG}-snapshot", LONG),
        ("Image", f"{CUT}-snapshot", CUT),
        ("Image", f"x{CUT}-snapshot", CUT),  # recorded, and cut by whoever named the server
    ],
)
def test_clone_of(kind: str, name: str, clone: str) -> None:
    assert clone_of(Session(PREFIX, records=(Record("openstack", CUT),)), kind, name) == clone


@pytest.mark.parametrize(
    ("kind", "name", "server"),
    [
        ("Image", f"forklift-migration-vm-{SERVER}", SERVER),
        ("Image", f"forklift-migration-vm-{SERVER}-volume-{DISK}", SERVER),
        ("Image", f"forklift-migration-vm-{SERVER}-volume", ""),
        ("Image", f"my forklift-migration-vm-{SERVER}", ""),
        ("Image", "forklift-migration-vm-auto-ab12", ""),
        ("Snapshot", f"snapshot for forklift-migration-vm-{SERVER}", SERVER),
        ("Snapshot", f"forklift-migration-vm-{SERVER}", ""),
        ("Volume", f"volume created from forklift-migration-vm-{SERVER}", SERVER),
        ("Server", f"forklift-migration-vm-{SERVER}", ""),
    ],
)
def test_migrated_server(kind: str, name: str, server: str) -> None:
    assert migrated_server(kind, name) == server


@pytest.mark.parametrize(
    ("name", "expected"), [(CLONE, True), (f"{CLONE}-x", True), (f"{CLONE}x", False), ("", False), ("db", False)]
)
def test_is_named_after(name: str, expected: bool) -> None:
    assert is_named_after(name, CLONE) is expected
    assert not is_named_after(name, "")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ("2026-01-01T10:00:00.123456", "2026-01-01T10:00:00.123456Z"),
        ("2026-01-01 10:00:00", "2026-01-01T10:00:00Z"),
        ("2026-01-01T10:00:00+02:00", "2026-01-01T10:00:00+02:00"),
        ("", ""),
    ],
)
def test_zoned(told: str, expected: str) -> None:
    assert zoned(told) == expected


def read(session: Session, **found: dict[str, dict[str, Any]]) -> dict[str, tuple[Remote, Decision]]:
    """Decisions by id. found: Server={id: item}, …"""
    at = Connection("openstack", "osp", "cloud")
    remotes = Reading(session, at, "ci", {"Server": {}, "Volume": {}, **found}).all()
    return {one.id: (one, made) for one, made in ownership.decide(session, remotes)}


def server(name: str, created: str = "2026-01-01T10:00:00Z") -> dict[str, Any]:
    return {"name": name, "created": created, "status": "ACTIVE"}


def volume(name: str, *servers: str, created: str = "2026-01-01T10:00:05") -> dict[str, Any]:
    return {"name": name, "created_at": created, "attachments": [{"server_id": one} for one in servers]}


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (volume("", SERVER), Status.OWNED),
        (volume("", SERVER, created="2026-01-01T10:00:00.5"), Status.OWNED),
        (volume("", SERVER, created="2026-01-01T09:59:59"), Status.REFUSED),
        (volume(f"{CLONE}-boot-vol", SERVER, created="2026-01-01T09:00:00"), Status.OWNED),
        (volume("", SERVER, created=""), Status.REFUSED),
        (volume("", SERVER, created="yesterday"), Status.REFUSED),
        (volume(f"{CLONE}-boot-vol", SERVER, created=""), Status.OWNED),
        (volume("", SERVER, STRANGER), Status.REFUSED),
        (volume("", STRANGER), None),
        (volume(f"{CLONE}-boot-vol", STRANGER), Status.CONTESTED),
        (volume(f"{CLONE}-boot-vol"), Status.OWNED),
        (volume("database", SERVER), Status.REFUSED),
        (volume(f"{PREFIX}-data", SERVER), Status.OWNED),
        (volume("auto-ab12x", SERVER), Status.REFUSED),
        (volume(f"{SERVER}-blank-vol", SERVER), Status.OWNED),
        (volume("", SERVER) | {"user_id": "ci"}, Status.OWNED),
        (volume("", SERVER) | {"user_id": "somebody"}, Status.REFUSED),
        (volume(f"{CLONE}-boot-vol", SERVER) | {"user_id": "somebody"}, Status.OWNED),
        (volume("auto-ab1-rhel8-aaaa-boot-vol"), None),
        (volume("auto-ab123-rhel8-aaaa-boot-vol"), None),
    ],
)
def test_volumes(made: dict[str, Any], status: Status | None) -> None:
    """A wrong volume is somebody's data: how old it is, where else it is and what it is called all count."""
    servers = {SERVER: server(CLONE) | {"user_id": "ci"}, STRANGER: server("database")}
    decided = read(Session(PREFIX), Server=servers, Volume={DISK: made})
    assert decided[SERVER][1].status is Status.OWNED
    assert STRANGER not in decided
    assert (decided[DISK][1].status if DISK in decided else None) is status


def at(*volumes: str, ends: bool = True) -> dict[str, Any]:
    """What Nova tells of a server's volumes."""
    return {ATTACHED: [{"id": one, "delete_on_termination": ends} for one in volumes]}


@pytest.mark.parametrize(
    ("made", "ends", "status", "disk"),
    [
        (volume("", SERVER), True, Status.OWNED, Status.OWNED),
        (volume(""), True, Status.OWNED, Status.OWNED),  # shelved away: Cinder does not know
        (volume(f"{CLONE}-boot-vol"), True, Status.OWNED, Status.OWNED),
        (volume("database", SERVER), False, Status.OWNED, Status.REFUSED),
        (volume("database", SERVER), True, Status.CONTESTED, Status.REFUSED),
        (volume("database"), True, Status.CONTESTED, Status.REFUSED),
        (volume("", SERVER, created="2026-01-01T09:00:00"), True, Status.CONTESTED, Status.REFUSED),
        (volume("", SERVER, STRANGER), True, Status.CONTESTED, Status.REFUSED),
        (volume("", SERVER, STRANGER), False, Status.OWNED, Status.REFUSED),
        (None, True, Status.OWNED, None),  # Cinder has none of that id
    ],
)
def test_what_goes_with_a_server(made: dict[str, Any] | None, ends: bool, status: Status, disk: Status | None) -> None:
    """Nova deletes a volume with its server where it was told so, whoever's that is: then the server stays, too."""
    servers = {SERVER: server(CLONE) | at(DISK, ends=ends), STRANGER: server("database-vm")}
    decided = read(Session(PREFIX), Server=servers, Volume={DISK: made} if made else {})
    assert (decided[SERVER][1].status, decided[DISK][1].status if disk else None) == (status, disk)
    if status is Status.CONTESTED:
        assert DISK in decided[SERVER][1].reason


def test_a_volume_that_a_strangers_server_has_shelved_away() -> None:
    """Cinder says that it is free."""
    servers = {STRANGER: server("database-vm") | at(DISK)}
    decided = read(Session(PREFIX), Server=servers, Volume={DISK: volume(f"{CLONE}-boot-vol")})
    assert decided[DISK][1].status is Status.CONTESTED and "database-vm" in decided[DISK][1].reason


@pytest.mark.parametrize(
    "made", [volume(f"{CLONE}-boot-vol", STRANGER), volume(f"{CLONE}-boot-vol"), volume("", SERVER)]
)
def test_volumes_when_servers_cannot_be_read(made: dict[str, Any]) -> None:
    """A server of somebody may have them, and only Nova may tell."""
    for session in (Session(PREFIX), Session(PREFIX, lineage={SERVER: "", DISK: ""})):
        remotes = Reading(session, Connection("openstack", "osp", "cloud"), "ci", {"Volume": {DISK: made}}).all()
        decided = {one.id: made for one, made in ownership.decide(session, remotes)}
        assert DISK not in decided or decided[DISK].status is Status.CONTESTED
        assert all("could not be read" in made.reason for made in decided.values())


def test_a_server_whose_volumes_cannot_be_read() -> None:
    """They would be lost sight of with it."""
    servers = {SERVER: server(CLONE) | at(DISK, ends=False), STRANGER: server(f"{CLONE}b")}
    remotes = Reading(Session(PREFIX), Connection("openstack", "osp", "cloud"), "ci", {"Server": servers}).all()
    decided = {one.id: made for one, made in ownership.decide(Session(PREFIX), remotes)}
    assert decided[SERVER].status is Status.CONTESTED and DISK in decided[SERVER].reason
    assert decided[STRANGER].status is Status.OWNED


BASE = "5d0a3a9e-0000-4000-8000-00000000ba5e"
ALONE = {"name": "", "attachments": [], "created_at": "2026-01-01T10:00:05", "snapshot_id": "snap"}


@pytest.mark.parametrize(
    ("change", "called", "status"),
    [
        pytest.param({}, CLONE, Status.CONTESTED, id="its-server-has-gone"),
        pytest.param({"name": "rescue"}, CLONE, None, id="a-person-made-it"),
        pytest.param({"snapshot_id": "another"}, CLONE, None, id="of-another-snapshot"),
        pytest.param({"snapshot_id": None}, CLONE, None, id="of-none"),
        pytest.param({}, f"{PREFIX}9-rhel8-aaaa", None, id="of-another-session"),
        pytest.param({"attachments": [{"server_id": STRANGER}]}, CLONE, None, id="at-somebodys-server"),
    ],
)
def test_a_volume_without_a_name_whose_server_has_gone(
    change: dict[str, Any], called: str, status: Status | None
) -> None:
    """Only the snapshot that it was made of tells of it: both stay, and are told."""
    snapshot = {"name": f"snapshot for {called}-snapshot", "volume_id": BASE}
    decided = read(
        Session(PREFIX),
        Server={STRANGER: server("database")},
        Volume={DISK: ALONE | change, BASE: volume("rhel8-base")},
        Snapshot={"snap": snapshot},
    )
    assert (decided[DISK][1].status if DISK in decided else None) is status
    assert BASE not in decided
    if called == CLONE:
        assert decided["snap"][1].status is (status or Status.OWNED)
    if status is not None:
        assert DISK in decided["snap"][1].reason and decided[DISK][1].reason == decided["snap"][1].reason


def test_such_a_volume_is_told_whatever_else_keeps_its_snapshot() -> None:
    golden = {"name": "golden", "block_device_mapping": '[{"snapshot_id": "snap", "source_type": "snapshot"}]'}
    snapshot = {"name": f"snapshot for {CLONE}-snapshot", "volume_id": BASE}
    decided = read(Session(PREFIX), Volume={DISK: ALONE}, Snapshot={"snap": snapshot}, Image={"i": golden})
    assert {decided[ident][1].status for ident in (DISK, "snap")} == {Status.CONTESTED}
    assert "golden" in decided["snap"][1].reason


def test_a_snapshot_stays_while_volumes_cannot_be_read() -> None:
    found = {"Server": {}, "Snapshot": {"snap": {"name": f"snapshot for {CLONE}-snapshot"}}}
    remotes = Reading(Session(PREFIX), Connection("openstack", "osp", "cloud"), "ci", found).all()
    ((_one, made),) = ownership.decide(Session(PREFIX), remotes)
    assert made.status is Status.CONTESTED and "volumes could not be read" in made.reason


def test_a_volume_that_an_earlier_run_noted_goes_by_that() -> None:
    snapshot = {"name": f"snapshot for {CLONE}-snapshot", "volume_id": BASE}
    noted = Session(PREFIX, lineage={DISK: "t"})
    decided = read(noted, Server={}, Volume={DISK: ALONE}, Snapshot={"snap": snapshot})
    assert {decided[ident][1].status for ident in (DISK, "snap")} == {Status.OWNED}


@pytest.mark.parametrize(
    ("images", "status"),
    [
        ({}, Status.OWNED),
        ({"i": {"name": f"{CLONE}-2-snapshot"}}, Status.OWNED),
        ({"i": {"name": "golden"}}, Status.REFUSED),
        (None, Status.REFUSED),
    ],
)
def test_a_snapshot_of_which_an_image_is_made(images: dict[str, Any] | None, status: Status) -> None:
    """The image of a server with volumes is nothing but a list of snapshots."""
    mapping = {"block_device_mapping": '[{"snapshot_id": "snap", "source_type": "snapshot"}]'}
    found = {} if images is None else {"Image": {ident: item | mapping for ident, item in images.items()}}
    decided = read(
        Session(PREFIX),
        Server={SERVER: server(CLONE)},
        Volume={DISK: volume("", SERVER)},
        Snapshot={"snap": {"name": f"{CLONE}-before", "volume_id": DISK}},
        **found,
    )
    assert decided["snap"][1].status is status
    if images is not None and status is Status.REFUSED:
        assert "golden" in decided["snap"][1].reason


@pytest.mark.parametrize(
    ("name", "status"),
    [
        (f"snapshot for {CLONE}-snapshot", Status.OWNED),
        (f"snapshot for forklift-migration-vm-{SERVER}", Status.OWNED),
        (f"{CLONE}-before", Status.OWNED),
        (PREFIX, Status.OWNED),
        (f"{PREFIX}0-x", Status.REFUSED),
        ("snapshot for golden", Status.REFUSED),
        ("backup", Status.REFUSED),
        ("", Status.REFUSED),
    ],
)
def test_a_snapshot_that_somebody_made_of_a_volume_of_the_session(name: str, status: Status) -> None:
    """Cinder keeps its volume then, and that says why."""
    snapshots = {"snap": {"name": name, "volume_id": DISK}}
    found = {
        "Server": {SERVER: server(CLONE)},
        "Volume": {DISK: volume("", SERVER)},
        "Snapshot": snapshots,
        "Image": {},
    }
    assert read(Session(PREFIX), **found)["snap"][1].status is status
    noted = Session(PREFIX, lineage={SERVER: "", DISK: ""})
    assert read(noted, **found)["snap"][1].status is status
    if status is Status.REFUSED:
        by_id = Session(PREFIX, records=(Record("VolumeSnapshot", name, id="snap"),))
        assert read(by_id, **found)["snap"][1].status is Status.OWNED


@pytest.mark.parametrize(
    ("device", "status"),
    [("", Status.OWNED), (SERVER, Status.OWNED), (STRANGER, Status.CONTESTED), ("router", Status.CONTESTED)],
)
def test_a_noted_port_that_others_may_have_now(device: str, status: Status) -> None:
    """The server that it was on has gone, and Neutron need not have seen that."""
    session = Session(PREFIX, lineage={SERVER: "", "p": ""})
    decided = read(session, Server={STRANGER: server("database")}, Port={"p": {"name": "", "device_id": device}})
    assert decided["p"][1].status is status


@pytest.mark.parametrize(
    ("port", "status"),
    [
        ({"name": "", "device_id": SERVER, "created_at": "2026-01-01T09:00:00Z"}, Status.OWNED),
        ({"name": "vip", "device_id": SERVER, "created_at": "2026-01-01T09:00:00Z"}, Status.REFUSED),
        ({"name": "vip", "device_id": SERVER, "created_at": "2026-01-01T11:00:00Z"}, Status.REFUSED),
        ({"name": f"{CLONE}-port", "device_id": SERVER, "created_at": "2026-01-01T11:00:00Z"}, Status.OWNED),
        ({"name": CLONE, "device_id": ""}, None),
        ({"name": "", "device_id": STRANGER}, None),
        ({"name": "", "device_id": DISK}, None),
    ],
)
def test_ports(port: dict[str, Any], status: Status | None) -> None:
    servers = {SERVER: server(CLONE), STRANGER: server("database")}
    decided = read(Session(PREFIX), Server=servers, Volume={DISK: volume("", SERVER)}, Port={"p": port})
    assert (decided["p"][1].status if "p" in decided else None) is status


@pytest.mark.parametrize(
    ("session", "status"),
    [
        (Session(PREFIX), None),
        (Session(PREFIX, lineage={SERVER: "test_it"}), Status.OWNED),
        (Session(PREFIX, lineage={STRANGER: "test_it"}), None),
    ],
)
def test_objects_of_forklift_outlive_their_server(session: Session, status: Status | None) -> None:
    image = {"name": f"forklift-migration-vm-{SERVER}", "created_at": "2026-01-01T10:00:00Z"}
    decided = read(session, Image={"i": image})
    assert (decided["i"][1].status if "i" in decided else None) is status


@pytest.mark.parametrize("there", [True, False])
def test_a_plan_names_a_server(there: bool) -> None:
    """Only on the provider that the Plan names; while the server is there its own name decides."""
    providers = (Key("source", "mtv", "u1", type="openstack", host="cloud"), Key("other", "mtv", "u2", host="away"))
    image = {"name": f"forklift-migration-vm-{SERVER}", "created_at": "2026-01-01T10:00:00Z"}
    servers = {SERVER: server("production")} if there else {}
    for source, owned in (("mtv/source", not there), ("mtv/other", False)):
        plans = (Key("plan", "mtv", "u3", source=source, vms=((SERVER, CLONE),)),)
        decided = read(Session(PREFIX, providers=providers, plans=plans), Server=servers, Image={"i": image})
        made = decided["i"][1].status if "i" in decided else Status.OTHER
        assert (made is Status.OWNED) is owned


@pytest.mark.parametrize(
    ("name", "created", "started", "status"),
    [
        ("anything", "2026-01-01T10:00:00", "", Status.OWNED),
        ("anything", "2026-01-01T10:00:00", "2026-01-01T10:30:00Z", Status.OWNED),
        ("anything", "2026-01-01T10:00:00", "2026-01-02T10:00:00Z", Status.REFUSED),
        ("snapshot for auto-zz99-rhel8-aaaa-snapshot", "2026-01-01T10:00:00", "", Status.REFUSED),
    ],
)
def test_recorded_ids(name: str, created: str, started: str, status: Status) -> None:
    record = Record("VolumeSnapshot", name, id="s", test_name="test_it")
    snapshot = {"name": name, "created_at": created, "volume_id": DISK}
    session = Session(PREFIX, records=(record,), started=started)
    decided = read(session, Snapshot={"s": snapshot, "t": snapshot})
    assert (decided["s"][1].status, decided["s"][1].test_name) == (status, "test_it")
    assert decided.get("t", (None, Decision(Status.OTHER)))[1].status is not Status.OWNED


SLOW = {"task_state": "deleting", "host": "node-1"}


@pytest.mark.parametrize(
    ("kind", "facts", "name"),
    [
        ("Server", {"status": "ACTIVE", "locked": True, "code": 409}, "server-locked"),
        ("Server", {"status": "ACTIVE", "code": 403, "error": "no"}, "forbidden"),
        ("Server", {"status": "SOFT_DELETED"}, "server-soft-deleted"),
        ("Server", {"status": "ACTIVE", "asked": True}, "delete-ignored"),
        ("Server", {"status": "ACTIVE", "asked": True, **SLOW}, "server-stuck-deleting"),
        ("Server", {"status": "DELETED", "asked": True}, "server-stuck-deleting"),
        ("Server", {"status": "ERROR", "asked": True, "begun": True, "fault": "boom"}, "server-delete-failed"),
        ("Server", {"status": "ERROR", "code": 500, "error": "boom"}, "refused"),
        ("Server", {"status": "ACTIVE"}, "unknown"),
        ("Volume", {"status": "error_deleting"}, "error-deleting"),
        ("Volume", {"status": "available", "snapshots": ("x (s)",), "code": 400}, "volume-has-snapshots"),
        ("Volume", {"status": "in-use", "servers": ("s",)}, "volume-in-use"),
        ("Volume", {"status": "detaching"}, "volume-in-use"),
        ("Volume", {"status": "deleting"}, "stuck-deleting"),
        ("Volume", {"status": "awaiting-transfer", "error": "no", "code": 400}, "busy"),
        ("Volume", {"status": "maintenance"}, "busy"),
        ("Volume", {"status": "backing-up", "servers": ("s",)}, "busy"),
        ("Volume", {"status": "uploading"}, "busy"),
        ("Snapshot", {"status": "backing-up", "error": "no", "code": 400}, "busy"),
        ("Volume", {"status": "available"}, "unknown"),
        ("Snapshot", {"status": "error_deleting"}, "error-deleting"),
        ("Snapshot", {"status": "available", "code": 400, "error": "busy"}, "snapshot-in-use"),
        ("Image", {"status": "active", "protected": True, "code": 403}, "image-protected"),
        ("Image", {"status": "active", "code": 409, "error": "in use"}, "image-in-use"),
        ("Image", {"status": "pending_delete"}, "stuck-deleting"),
        ("Port", {"status": "ACTIVE", "code": 409, "error": "in use"}, "refused"),
    ],
)
def test_causes(kind: str, facts: dict[str, Any], name: str) -> None:
    cause = causes.why(Remote("openstack", "osp", "cloud", kind, "the-id", CLONE, facts=facts))
    assert cause.name == name
    assert "the-id" in cause.next_step or "run the teardown again" in cause.next_step
    assert "None" not in cause.text and CLONE in cause.text


ENTRY = {
    "type": "openstack",
    "api_url": "https://cloud.example:13000/v3",
    "username": "ci",
    "password": "pass-word",
    "project_name": "qe",
    "user_domain_id": "default",
    "project_domain_id": "other",
    "region_name": "west",
}


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({}, {"auth.user_domain_id": "default", "auth.project_domain_id": "other", "region_name": "west"}),
        ({"project_domain_id": ""}, {"auth.project_domain_id": "default"}),
        ({"user_domain_name": "D", "project_domain_id": ""}, {"auth.project_domain_name": "D"}),
        ({"api_url": "", "fqdn": "cloud.example"}, {"auth_url": "https://cloud.example:5000/v3"}),
    ],
)
def test_from_entry(change: dict[str, Any], more: dict[str, str]) -> None:
    entry = providers_file.ProviderEntry("osp", "openstack", {**ENTRY, **change})
    (made,), _wrong = connections(PROVIDERS["openstack"], None, [entry], {})
    assert (made.host, made.username, made.secret) == ("cloud.example", "ci", "pass-word")
    assert more.items() <= made.more.items()
    assert ("project_name", "qe") in made.identity
    assert "pass-word" not in repr(made)


@pytest.mark.parametrize("missing", ["api_url", "username", "password", "project_name"])
def test_what_an_entry_must_say(missing: str) -> None:
    entry = providers_file.ProviderEntry("osp", "openstack", {**ENTRY, missing: ""})
    found, wrong = connections(PROVIDERS["openstack"], None, [entry], {})
    assert found == () and "osp" in wrong["osp"]


def test_nothing_is_configured() -> None:
    assert connection.from_options({"cloud": None, "auth": {}, "validate_certs": True}) == []
    assert connection.from_environment({"OS_REGION_NAME": "west"}) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"auth": {"auth_url": "http://c:5000/v3", "username": "u", "project_name": "p"}}, ("c", 5000, "u", "p")),
        ({"cloud": {"auth": {"auth_url": "http://c/v3", "project_id": "i"}}}, ("c", 443, "", "i")),
    ],
)
def test_from_options(options: dict[str, Any], expected: tuple[Any, ...]) -> None:
    (made,), _wrong = connections(
        PROVIDERS["openstack"], {**options, "validate_certs": False, "ca_cert": "/ca"}, [], {}
    )
    assert (made.host, made.port, made.username, made.more["project_name"]) == expected
    assert not made.validate_certs


CREDENTIAL = {"auth_url": "http://c/v3", "application_credential_id": "i", "application_credential_secret": "s3cr3t"}
# What clouds.yaml may say of cloud x, and what of it is told.
CLOUDS = {
    "an application credential without auth_type": ({"clouds": {"x": {"auth": CREDENTIAL}}}, "auth_type"),
    "no cloud": ({"clouds": {"x": None}}, ""),
    "no clouds": ({"clouds": None}, ""),
    "no auth": ({"clouds": {"x": {"auth": None}}}, "auth"),
    "auth as text": ({"clouds": {"x": {"auth": "s3cr3t"}}}, ""),
    "auth as list": ({"clouds": {"x": {"auth": ["s3cr3t"]}}}, ""),
    "a list of clouds": ({"clouds": [{"x": {}}]}, ""),
    "a cloud as text": ({"clouds": {"x": "s3cr3t"}}, ""),
    "an auth_type that nobody knows": ({"clouds": {"x": {"auth_type": "v9", "auth": CREDENTIAL}}}, ""),
    "an auth_type of no text": ({"clouds": {"x": {"auth_type": ["v3"], "auth": CREDENTIAL}}}, ""),
    "a list": (["s3cr3t"], ""),
    "text": ("s3cr3t", ""),
    "no YAML": ("clouds: {x: {auth: {password: s3cr3t, ", ""),
    "tabs": ("clouds:\n\tx: s3cr3t", ""),
}


@pytest.mark.parametrize("case", CLOUDS)
@pytest.mark.parametrize("way", ["option", "OS_CLOUD", "OS_CLIENT_CONFIG_FILE"])
def test_clouds_that_do_not_fit_together(case: str, way: str, tmp_path: Path, monkeypatch: Any) -> None:
    """The provider is told by its name, and the others are not concerned."""
    content, told = CLOUDS[case]
    file = tmp_path / "clouds.yaml"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    environ = {"OS_CLIENT_CONFIG_FILE": str(file)} | ({"OS_CLOUD": "x"} if way == "OS_CLOUD" else {})
    options = {"cloud": "x"} if way == "option" else {}
    found, wrong = connections(PROVIDERS["openstack"], options, [], environ)
    assert found == ()
    assert len(wrong) == 1
    key, error = next(iter(wrong.items()))
    assert "openstack" in key and "openstack" in error
    assert told in error
    assert "s3cr3t" not in error


@pytest.mark.parametrize(
    "options",
    [
        {"cloud": {"auth": "s3cr3t"}},
        {"cloud": {"auth": ["s3cr3t"]}},
        {"cloud": ["s3cr3t"]},
        {"cloud": 5},
        {"cloud": {"auth": None, "region_name": "x"}},
        {"cloud": {"auth": CREDENTIAL}},
        {"auth": CREDENTIAL},
    ],
)
def test_options_that_do_not_fit_together(options: dict[str, Any]) -> None:
    found, wrong = connections(PROVIDERS["openstack"], options, [], {})
    assert found == () and "s3cr3t" not in str(wrong) and len(wrong) == 1


@pytest.mark.parametrize("fqdn", ["fd00::1", "[fd00::1]", "::1"])
def test_an_address_of_ipv6(fqdn: str) -> None:
    entry = providers_file.ProviderEntry("osp", "openstack", {**ENTRY, "api_url": "", "fqdn": fqdn})
    (made,), wrong = connections(PROVIDERS["openstack"], None, [entry], {})
    assert (made.host, wrong) == (fqdn.strip("[]"), {})
    assert made.more["auth_url"] == f"https://[{fqdn.strip('[]')}]:5000/v3"


def test_options_without_an_address() -> None:
    _found, wrong = connections(PROVIDERS["openstack"], {"auth": {"username": "u"}}, [], {})
    assert "auth_url" in "".join(wrong.values())


def test_an_old_sdk_that_stumbles_over_a_service_without_an_answer() -> None:
    """openstacksdk before 4.11 ends with an AttributeError then; the module, which has more to tell, must not."""
    entry = providers_file.ProviderEntry("osp", "openstack", ENTRY)
    cloud = Cloud(connections(PROVIDERS["openstack"], None, [entry], {})[0][0], Patience(tries=2, pause=0.0))
    cloud._sdk = object()  # has no attribute compute
    with pytest.raises(ApiError, match="cannot be asked for its versions") as failed:
        cloud.listing("Server")
    assert failed.value.reason == NO_ANSWER


@pytest.mark.parametrize(("often", "asked"), [(1, 2), (9, 2)])
def test_a_token_that_another_thread_has_let_go_of(often: int, asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """keystoneauth ends with an AssertionError then, before it sends anything."""
    entry = providers_file.ProviderEntry("osp", "openstack", ENTRY)
    cloud = Cloud(connections(PROVIDERS["openstack"], None, [entry], {})[0][0], Patience(tries=2, pause=0.0))
    requests: list[str] = []

    def request(path: str, _method: str, **_more: Any) -> Any:
        requests.append(path)
        if len(requests) <= often:
            raise AssertionError
        return SimpleNamespace(status_code=200, json=lambda: {"servers": []}, headers={}, text="{}", content=b"{}")

    monkeypatch.setattr(cloud, "_service", lambda _kind, _doing: SimpleNamespace(request=request))
    if often == 1:
        assert cloud.listing("Server") == {}
    else:
        with pytest.raises(ApiError):
            cloud.listing("Server")
    assert len(requests) == asked
