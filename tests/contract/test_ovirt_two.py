# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two engines: what one of them holds says nothing about the other, whatever ids and names they share."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.ovirt_runs import GOES, HASTY, SESSION, connection
from tests.lab.engine import peer as engines
from tests.lab.engine.peer import Peer

NAME = "auto-ab12-rhel8-x1y2"


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    started = engines.start(tmp_path_factory.mktemp("other-engine"))
    yield started
    engines.stop(started)


@pytest.fixture
def other(other_server: Peer) -> Iterator[Peer]:
    other_server.ask("POST", "/reset")
    yield other_server
    assert other_server.sessions() == 0


def target(engine: Peer, key: str, **changes: Any) -> Target:
    return Target(connection(engine, key=key, **changes), lambda at: open_site(at, HASTY))


def remove(session: Session, *targets: Target) -> Any:
    return teardown.remove(targets, session, GOES, False)


def noted(session: Session, entries: list[dict[str, Any]]) -> Session:
    """What the next run knows of these."""
    return session.learned(lineage={one["uid"]: one["test_name"] for one in entries})


@pytest.mark.parametrize("tells", [True, False])
def test_an_id_belongs_to_its_engine(tells: bool, engine: Peer, other: Peer) -> None:
    """A storage domain was imported on the other engine: ids of VM and disks are the same there."""
    ours = engine.vm(NAME, delete_protected=True)
    if not tells:
        for each in (engine, other):
            each.ask("PUT", "/product", {"instance": ""})
    first = remove(SESSION, target(engine, "one"), target(other, "two"))
    assert {one["name"] for one in first.remaining} == {NAME, f"{NAME}_Disk1"}
    disk = other.disk("prod-db-disk", id=ours["disks"][0])
    theirs = other.vm("prod-db", id=ours["id"], disks=[disk["id"]])
    engine.change(ours["id"], delete_protected=False)

    second = remove(noted(SESSION, first.remaining), target(engine, "one"), target(other, "two"))

    assert {one["name"] for one in second.done} == {NAME, f"{NAME}_Disk1"}
    assert engine.vms() == {}
    assert other.vms() == {theirs["id"]: theirs}
    assert set(other.disks()) == {disk["id"]}
    assert other.calls("DELETE", "POST", "PUT") == []


def test_one_engine_by_two_addresses_is_one(engine: Peer) -> None:
    """By its own word: each VM is decided and removed once."""
    engine.vm(NAME, disks=2)
    targets = target(engine, "by address"), target(engine, "by name", host="localhost")
    assert [len(teardown.remove(targets, SESSION, GOES, True).done) for _again in range(2)] == [3, 3]
    assert len(remove(SESSION, *targets).done) == 3
    assert len(engine.calls("DELETE")) == 1


def test_another_engine_behind_the_address_is_told(engine: Peer) -> None:
    """An address that moved on in the middle of a session."""
    with Engine(connection(engine), HASTY) as client:
        engine.ask("PUT", "/product", {"instance": "another"})
        with pytest.raises(ApiError, match="another engine now"):
            client.check()


@contextmanager
def by_ipv6(engine: Peer) -> Iterator[int]:
    """A port of ::1 that leads to the engine."""

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # one of the two has hung up
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                near, _address = listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", engine.port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_an_engine_at_an_address_of_ipv6(engine: Peer) -> None:
    vm = engine.vm(NAME)
    with by_ipv6(engine) as port:
        at = replace(connection(engine), host="::1", port=port, validate_certs=False, ca_file="")
        result = remove(SESSION, Target(at, lambda one: open_site(one, HASTY)))
    assert (vm["id"] in engine.vms(), result.unreadable, result.remaining) == (False, [], [])
