# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of oVirt engines against answers that go wrong: none of them is ever taken for "not there"."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import Any

import ovirtsdk4 as sdk
import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import CERTIFICATE, GARBAGE, NO_ANSWER, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine, Patience, Refused
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site

from tests.contract.ovirt_runs import (
    BEFORE_SILENCE,
    GOES,
    HASTY,
    SESSION,
    STAYS,
    connection,
    look,
    owned,
    removed,
    teardown,
)
from tests.lab.engine.peer import PASSWORD, USER, Peer

NAME = "auto-ab12-rhel8-x1y2"
API = "/ovirt-engine/api"


def fails(engine: Peer, patience: Patience = HASTY, **changes: Any) -> ApiError:
    with pytest.raises(ApiError) as failed, Engine(connection(engine, **changes), patience):
        pass
    text = failed.value.msg
    assert text.startswith("rhv-1: ")
    assert "127.0.0.1" in text
    assert "wrong-secret" not in text
    return failed.value


@pytest.mark.parametrize("name", ["_get_sso_response", "_read_reponse", "_get_access_token", "_revoke_access_token"])
def test_the_sdk_still_has_what_is_overridden(name: str) -> None:
    assert callable(getattr(sdk.Connection, name))


# Getting in


def test_a_wrong_password(engine: Peer) -> None:
    error = fails(engine, secret="wrong-secret")
    assert (error.status, error.lasting) == (401, True)
    assert USER in error.msg


@pytest.mark.parametrize("ca_file", ["", "/nowhere/ca.crt"])
def test_a_certificate_that_is_not_trusted(ca_file: str, engine: Peer) -> None:
    error = fails(engine, ca_file=ca_file)
    assert (error.reason, error.lasting) == (CERTIFICATE, True)
    assert "ca_file" in error.msg


def test_a_certificate_that_is_not_looked_at(engine: Peer) -> None:
    with Engine(connection(engine, ca_file="", validate_certs=False), HASTY) as client:
        assert client.check() == 0


def test_a_wrong_port(engine: Peer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert fails(engine, port=closed.getsockname()[1]).reason == NO_ANSWER


def test_a_port_that_speaks_no_tls(engine: Peer) -> None:
    assert fails(engine, port=engine.control).reason in (CERTIFICATE, NO_ANSWER)


@pytest.mark.parametrize("status", [200, 404, 502])
def test_a_host_that_answers_something_else(status: int, engine: Peer) -> None:
    engine.rules({"kind": "html", "status": status})
    assert fails(engine).reason == GARBAGE


@pytest.mark.parametrize("path", ["/sso/", API])
def test_a_host_that_never_answers(path: str, engine: Peer) -> None:
    """The SDK would wait for ever."""
    engine.rules({"path": path, "kind": "hang"})
    started = time.monotonic()
    assert fails(engine, replace(BEFORE_SILENCE, tries=2)).reason == NO_ANSWER
    assert time.monotonic() - started < 60


def test_an_engine_without_its_api(engine: Peer) -> None:
    engine.rules({"path": API, "kind": "empty", "status": 404})
    assert fails(engine).reason == GARBAGE


# Sessions


def test_a_session_that_ends_is_begun_again_by_one_worker(engine: Peer) -> None:
    for number in range(20):
        engine.vm(f"{NAME}-{number}")
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.ask("DELETE", "/sessions")
        assert site.remove(targets, GOES) == {}
    assert engine.vms() == {}
    assert engine.ask("GET", "/sessions") == {"open": 0, "opened": 2}


def test_a_session_that_cannot_be_begun_again(engine: Peer) -> None:
    with Engine(connection(engine), HASTY) as client:
        engine.ask("POST", "/users", {"name": USER, "password": "changed"})
        engine.ask("DELETE", "/sessions")
        with pytest.raises(ApiError) as refused:
            client.everything()
    assert (refused.value.status, refused.value.lasting) == (401, True)


def test_a_server_that_takes_no_session(engine: Peer) -> None:
    with Engine(connection(engine), HASTY) as client:
        engine.rules({"path": "/vms", "kind": "html", "status": 401})
        with pytest.raises(ApiError) as refused:
            client.everything()
    assert refused.value.status == 401
    # Those that were begun for nothing are not ours to end any more.
    engine.ask("DELETE", "/sessions")


def test_a_token_is_used_and_left(engine: Peer) -> None:
    owner = sdk.Connection(url=engine.url, username=USER, password=PASSWORD, ca_file=engine.ca_file, timeout=10)
    engine.vm(NAME)
    token = {"token": owner.authenticate()}
    assert teardown(engine, username="", secret="", more=token).names == [NAME]
    assert engine.sessions() == 1
    owner.close()
    error = fails(engine, username="", secret="", more=token)
    assert (error.status, token["token"] in error.msg) == (401, False)


def test_it_logs_out_when_its_user_fails(engine: Peer) -> None:
    with pytest.raises(ZeroDivisionError), Engine(connection(engine), HASTY):
        assert engine.sessions() == 1
        raise ZeroDivisionError
    assert engine.sessions() == 0


def test_no_secret_is_told_whatever_a_server_says(engine: Peer) -> None:
    engine.ask("POST", "/users", {"name": USER, "password": "hush-hush"})
    with Engine(connection(engine, secret="hush-hush"), HASTY) as client:
        engine.rules({"path": "/vms", "kind": "fault", "status": 400, "text": "you are hush-hush"})
        with pytest.raises(ApiError) as failed:
            client.everything()
    assert "you are ***" in failed.value.msg
    assert "hush-hush" not in repr(client.connection)


# Answers that go wrong


PASSING = {
    "502": {"kind": "html", "status": 502},
    "503": {"kind": "html", "status": 503},
    "500": {"kind": "fault", "status": 500},
    "cut": {"kind": "cut"},
    "hang": {"kind": "hang"},
    "untyped": {"kind": "untyped"},
    "garbage": {"kind": "garbage"},
    "empty": {"kind": "empty", "status": 200},
    "page": {"kind": "html", "status": 200},
    "404 page": {"kind": "html", "status": 404},
}


def patience_for(fault: str) -> Patience:
    return BEFORE_SILENCE if fault == "hang" else HASTY


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_waited_out(fault: str, engine: Peer) -> None:
    vm = engine.vm(NAME, status="up")
    paths = ("/vms\\?", "/vms\\?.*follow", "/stop", f"/vms/{vm['id']}$", "/disks/")
    engine.rules(*({"path": path, "times": 1, **PASSING[fault]} for path in paths))
    run = teardown(engine, patience=patience_for(fault))
    assert (run.names, run.causes, run.after.remotes) == ([NAME], {}, ())
    assert engine.disks() == {}


@pytest.mark.parametrize("fault", [name for name in PASSING if name != "hang"])
def test_a_fault_that_lasts_is_never_absence(fault: str, engine: Peer) -> None:
    engine.vm(NAME)
    engine.rules({"method": "GET", "path": "/vms", **PASSING[fault]})
    with pytest.raises(ApiError):
        look(engine)


@pytest.mark.parametrize("fault", [name for name in PASSING if name != "hang"])
def test_when_the_engine_goes_bad_after_a_removal_nothing_is_taken_for_gone(fault: str, engine: Peer) -> None:
    """The ovirt.ovirt modules report success here."""
    engine.vm(NAME)
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.rules({"method": "GET", **PASSING[fault]})
        with pytest.raises(ApiError):
            site.remove(targets, STAYS)


def test_an_engine_that_has_lost_its_api_says_404_to_everything(engine: Peer) -> None:
    engine.vm(NAME)
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.rules({"path": API, "kind": "empty", "status": 404})
        with pytest.raises(ApiError) as failed:
            site.remove(targets, STAYS)
        with pytest.raises(ApiError):
            site.look(SESSION)
    assert "no API of an oVirt engine" in failed.value.msg
    assert len(engine.vms()) == 1


@pytest.mark.parametrize("fault", ["502", "cut", "hang", "untyped", "garbage", "empty"])
def test_a_removal_whose_answer_is_lost(fault: str, engine: Peer) -> None:
    engine.vm(NAME)
    engine.rules({"method": "DELETE", "acts": True, "times": 1, **PASSING[fault]})
    run = teardown(engine, patience=patience_for(fault))
    assert (run.names, run.causes, engine.vms(), engine.disks()) == ([NAME], {}, {}, {})


def test_a_removal_that_is_only_taken_on(engine: Peer) -> None:
    engine.vm(NAME)
    engine.rules({"method": "DELETE", "acts": True, "times": 1, "kind": "empty", "status": 202})
    assert teardown(engine).causes == {}


def test_one_vm_that_cannot_be_asked_to_go_does_not_stop_the_others(engine: Peer) -> None:
    bad, good = engine.vm(NAME), engine.vm("auto-ab12-good")
    engine.rules({"method": "DELETE", "path": bad["id"], "kind": "fault", "status": 500, "text": "a bug"})
    run = teardown(engine, limits=STAYS)
    assert (run.cause(NAME), good["id"] in engine.vms()) == ("unknown", False)
    assert "a bug" in run.causes[bad["id"]].text


def test_an_engine_that_restarts_during_a_removal(engine: Peer) -> None:
    engine.vm(NAME, status="up")
    with open_site(connection(engine), HASTY) as site:
        targets = owned(SESSION, site.look(SESSION))
        engine.rules({"kind": "html", "status": 503, "times": 8})
        assert site.remove(targets, GOES) == {}
    assert engine.vms() == {}


def test_slow_answers(engine: Peer) -> None:
    """Several at a time, and none is taken for silence."""
    for number in range(8):
        engine.vm(f"{NAME}-{number}")
    engine.rules({"method": "DELETE", "kind": "slow", "seconds": 2.0})
    with open_site(connection(engine), replace(HASTY, workers=8)) as site:
        started = time.monotonic()
        assert removed(site).causes == {}
    assert time.monotonic() - started < 8 * 2.0


def test_a_refusal_is_told_in_the_engines_words(engine: Peer) -> None:
    vm = engine.vm(NAME, status="up")
    with Engine(connection(engine), HASTY) as client:
        refused = client.remove(vm["id"])
    assert isinstance(refused, Refused)
    assert (refused.status, refused.text.endswith("Cannot remove VM. VM is running.")) == (409, True)


def test_it_counts_its_calls(engine: Peer) -> None:
    with Engine(connection(engine), HASTY) as client:
        client.everything()
        # Log-in, API, one page.
        assert client.calls == 3
