# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ticket of a real KDC instead of a password, taken by MIT's own library."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ovirtsdk4 as sdk
import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.connection import for_collection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection

from tests.contract.ovirt_runs import HASTY, teardown
from tests.contract.test_provider_connections import made
from tests.lab import kdc
from tests.lab.engine import peer

NAME, OTHER = "auto-ab12-rhel8-x1y2", "auto-ab120-rhel8"
USERS = {"ci": "hush-hush-ticket", "stranger": "hush-hush-other"}


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kdc.Realm]:
    started = kdc.start(tmp_path_factory.mktemp("kdc"), USERS)
    yield started
    kdc.stop(started)


@pytest.fixture(scope="module")
def guarded(realm: kdc.Realm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[peer.Peer]:
    """An engine behind which tickets of that realm are taken."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in realm.service.items():
            patch.setenv(name, value)
        started = peer.start(tmp_path_factory.mktemp("guarded"))
    yield started
    peer.stop(started)


@pytest.fixture
def engine(guarded: peer.Peer) -> Iterator[peer.Peer]:
    guarded.ask("POST", "/reset")
    guarded.ask("POST", "/users", {"name": f"ci@{kdc.REALM}", "password": ""})
    for name in (NAME, OTHER):
        guarded.vm(name)
    yield guarded
    assert OTHER in named(guarded)
    assert guarded.sessions() == 0


def named(engine: peer.Peer) -> set[str]:
    return {vm["name"] for vm in engine.vms().values()}


def connection(engine: peer.Peer, **more: Any) -> Connection:
    return made("ovirt", {"url": engine.url, "ca_file": engine.ca_file, "kerberos": True, **more})


def with_ticket(monkeypatch: pytest.MonkeyPatch, realm: kdc.Realm, user: str) -> None:
    for name, value in realm.ticket(user, USERS[user]).items():
        monkeypatch.setenv(name, value)


def refused(engine: peer.Peer) -> str:
    with pytest.raises(ApiError) as failed, Engine(connection(engine), HASTY):
        pass
    assert (failed.value.status, failed.value.lasting) == (401, True)
    assert engine.calls() == [] and named(engine) == {NAME, OTHER}
    return failed.value.msg


def test_a_ticket_logs_in(realm: kdc.Realm, engine: peer.Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    with_ticket(monkeypatch, realm, "ci")
    told = connection(engine)
    assert teardown(engine, **{name: getattr(told, name) for name in ("username", "secret", "more")}).names == [NAME]
    assert named(engine) == {OTHER}
    # And so it does as ovirt.ovirt hands it to the SDK, for a second look.
    other = sdk.Connection(**for_collection(told))
    assert [vm.name for vm in other.system_service().vms_service().list()] == [OTHER]
    other.close()


def test_without_a_ticket(realm: kdc.Realm, engine: peer.Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRB5_CONFIG", realm.service["KRB5_CONFIG"])
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/none")
    assert "refuses the Kerberos ticket" in refused(engine)


def test_a_ticket_of_somebody_whom_the_engine_does_not_know(
    realm: kdc.Realm, engine: peer.Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_ticket(monkeypatch, realm, "stranger")
    assert f"Cannot authenticate user 'stranger@{kdc.REALM}'" in refused(engine)


def test_the_engine_takes_no_made_up_ticket(engine: peer.Peer) -> None:
    """Nor the word of a client: the lab's engine has to refuse what a real one does."""
    for word in ("", "Negotiate", "Negotiate AAAA", "Negotiate %", "Basic Y2k6Y2k="):
        assert _status(engine, word) == 401


def _status(engine: peer.Peer, authorization: str) -> int:
    trusted = ssl.create_default_context(cafile=engine.ca_file)
    link = http.client.HTTPSConnection("127.0.0.1", engine.port, context=trusted, timeout=60)
    try:
        link.request("POST", "/ovirt-engine/sso/oauth/token-http-auth", headers={"Authorization": authorization})
        return link.getresponse().status
    finally:
        link.close()
