# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of the client of oVirt engines, with every answer that is none: never absence, never a library's error,
never the end of what goes on beside it, and nobody stays logged in."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import GARBAGE, NO_ANSWER, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine, Refused
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown as providers
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.ovirt_runs import GOES, HASTY, SESSION, STAYS, connection, look, owned, teardown
from tests.lab.engine.peer import Peer

NAME = "auto-ab12-rhel8-x1y2"
ROOT = "/ovirt-engine"


def xml(text: str) -> dict[str, Any]:
    return {"kind": "xml", "text": text}


# Answers to an API call.
ANSWERS: dict[str, dict[str, Any]] = {
    "page": {"kind": "html", "status": 200},
    "page of a 404": {"kind": "html", "status": 404},
    "page of a 503": {"kind": "html", "status": 503},
    "page as XML": xml("<html><body>log in</body></html>"),
    "empty": {"kind": "empty", "status": 200},
    "no content": {"kind": "empty", "status": 204},
    "moved": {"kind": "empty", "status": 302},
    "cut": {"kind": "cut"},
    "half": {"kind": "garbage"},
    "without a type": {"kind": "untyped"},
    "other list": xml("<tags/>"),
    "other list of SDK's": xml("<network_filters/>"),
    "other thing": xml('<tag id="x"><name>y</name></tag>'),
    "unknown element": xml("<things/>"),
    "text": xml("hello"),
    "nothing in it": xml('<?xml version="1.0"?>'),
    "deep": xml("<vms>" + "<a>" * 3000 + "</a>" * 3000 + "</vms>"),
    "a word for a number": xml("<api><summary><vms><total>many</total></vms></summary></api>"),
    "a word for a date": xml('<vms><vm id="x"><name>y</name><creation_time>soon</creation_time></vm></vms>'),
    "a word for yes": xml('<vms><vm id="x"><name>y</name><delete_protected>often</delete_protected></vm></vms>'),
    "without id": xml("<vms><vm><name>y</name></vm></vms>"),
    "without name": xml('<vms><vm id="x"/></vms>'),
    "no product": xml("<api><summary><vms><total>0</total></vms></summary></api>"),
    "fault with 200": xml("<fault><reason>Operation Failed</reason></fault>"),
}
# Calls that a look rests on: path as the engine sees it.
READS = {
    "api": "/api$",
    "the list": r"/vms\?.*sortby",
    "by name": r"/vms\?.*name%3D.*case_sensitive(?!.*follow)|/vms\?case_sensitive=[^&]*&search=name((?!follow).)*$",
    "details": r"/vms\?.*follow",
    "clusters": "/clusters",
}


@pytest.fixture(autouse=True)
def bystander(engine: Peer) -> Any:
    """It lives, whatever is answered."""
    made = engine.vm("production", status="up")
    yield made
    assert engine.vms()[made["id"]] == made
    assert set(made["disks"]) <= set(engine.disks())


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("read", READS)
def test_a_look_is_complete_or_says_that_it_is_not(read: str, answer: str, engine: Peer) -> None:
    vm = engine.vm(NAME)
    engine.rules({"method": "GET", "path": READS[read], **ANSWERS[answer]})
    with pytest.raises(ApiError) as told:
        look(engine)
    assert told.value.msg.startswith("rhv-1: ")
    assert told.value.reason in (GARBAGE, NO_ANSWER) or told.value.status >= 300
    assert vm["id"] in engine.vms()


@pytest.mark.parametrize(("read", "answer"), some(product(READS, ANSWERS), 7))
def test_an_answer_that_passes_is_lived_through(read: str, answer: str, engine: Peer) -> None:
    vm = engine.vm(NAME)
    engine.rules({"method": "GET", "path": READS[read], "times": 1, **ANSWERS[answer]})
    run = teardown(engine)
    assert (run.names, run.causes, run.after.unread) == ([NAME], {}, {})
    assert vm["id"] not in engine.vms()


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_others_are_read_and_cleared(answer: str, engine: Peer) -> None:
    """Through what the modules use: the engine that gives no answer is named, and nothing of it is called absent."""
    vm = engine.vm(NAME)
    engine.rules({"method": "GET", "path": "/vms", **ANSWERS[answer]})
    made = [Target(connection(engine), lambda at: open_site(at, HASTY))]
    result = providers.remove(made, SESSION, STAYS, False)
    assert [one["provider"] for one in result.unreadable] == ["rhv-1"]
    assert (result.done, result.absent) == ([], [])
    assert vm["id"] in engine.vms()


@pytest.mark.parametrize(("write", "answer", "acts"), some(product(["stop", "remove"], ANSWERS, [False, True]), 5))
def test_a_write_is_known_by_what_came_of_it(write: str, answer: str, acts: bool, engine: Peer) -> None:
    """The answer was lost, or the request: the look that follows tells. The other one goes in every case."""
    vm, other = engine.vm(NAME, status="up"), engine.vm("auto-ab12-other", status="up")
    path, method = (f"{vm['id']}/stop", "POST") if write == "stop" else (f"{vm['id']}$", "DELETE")
    engine.rules({"method": method, "path": path, "acts": acts, **ANSWERS[answer]})
    run = teardown(engine, limits=GOES if acts else STAYS)
    assert other["id"] not in engine.vms()
    there = vm["id"] in engine.vms()
    assert there is (vm["id"] in run.causes)
    assert there is any(one.id == vm["id"] for one in run.after.remotes)
    # Half of a right answer, or one without a type, means that the engine has acted.
    assert there is (not acts and ANSWERS[answer]["kind"] not in ("garbage", "untyped"))


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("read", ["disk", "attachments", "machine"])
def test_what_is_asked_of_one_object(read: str, answer: str, engine: Peer) -> None:
    vm = engine.vm(NAME)
    calls = {
        "disk": (f"/disks/{vm['disks'][0]}", lambda at: at.volumes([vm["disks"][0]])),
        "machine": (f"/vms/{vm['id']}\\?", lambda at: at.machine(vm["id"])),
        "attachments": ("/diskattachments", lambda at: at.machine(engine.vm("auto-ab12-bare", disks=0)["id"])),
    }
    path, ask = calls[read]
    with Engine(connection(engine), HASTY) as client:
        engine.rules({"method": "GET", "path": path, **ANSWERS[answer]})
        with pytest.raises(ApiError):
            ask(client)


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_rights_are_not_told_by_it(answer: str, engine: Peer) -> None:
    with Engine(connection(engine), HASTY) as client:
        for path in ("/permissions", "/permits"):
            engine.rules({"method": "GET", "path": path, **ANSWERS[answer]})
            with pytest.raises(ApiError):
                client.grants()


# Of the SSO: JSON.
TOKENS: dict[str, dict[str, Any]] = {
    **{
        name: ANSWERS[name]
        for name in ("page", "page of a 404", "page of a 503", "empty", "no content", "moved", "cut")
    },
    **{
        name: {"kind": "json", "text": text}
        for name, text in {
            "null": "null",
            "list": "[]",
            "list of a token": '[{"access_token": "x"}]',
            "no token": "{}",
            "number": '{"access_token": 5}',
            "empty token": '{"access_token": ""}',
            "token of two lines": '{"access_token": "x\\r\\nHost: y"}',
            "half": '{"access_token": "x',
            "deep": "[" * 100_000,
            "not in ASCII": '{"access_token": "\u00fc"}',
        }.items()
    },
}


@pytest.mark.parametrize("answer", TOKENS)
def test_logging_in(answer: str, engine: Peer) -> None:
    engine.rules({"method": "POST", "path": "/sso/oauth/token", **TOKENS[answer]})
    with pytest.raises(ApiError) as told, Engine(connection(engine), HASTY):
        pass
    assert told.value.reason in (GARBAGE, NO_ANSWER)
    assert "secret" not in told.value.msg


# An object is what the SSO answers.
FAREWELLS = [name for name, answer in TOKENS.items() if not answer.get("text", "").endswith("}")]


@pytest.mark.parametrize("answer", FAREWELLS)
def test_logging_out(answer: str, engine: Peer) -> None:
    """Until it has been taken: the fixture counts the sessions that are left open."""
    engine.rules({"method": "POST", "path": "/sso-logout", "times": 1, **TOKENS[answer]})
    vm = engine.vm(NAME)
    assert teardown(engine).causes == {}
    assert vm["id"] not in engine.vms()


def test_a_name_with_what_xml_forbids_is_read(engine: Peer) -> None:
    """Of anybody's VM: the others are read, and go."""
    for number, name in enumerate(("bad \x01 name", "bad \x1b[0m", "lone \ufffe")):
        engine.vm(name, id=f"bad-{number}")
    mine = engine.vm(f"{NAME}\x02")
    run = teardown(engine)
    assert [one.id for one in run.targets if one.kind == "Vm"] == [mine["id"]]
    assert set(engine.vms()) >= {"bad-0", "bad-1", "bad-2"}
    assert mine["id"] not in engine.vms()
    engine.rules(
        {"method": "GET", "path": "/clusters", **xml("<clusters>&#x1; &#65; &#xFFFFFFFFFF; &#xD800;</clusters>")}
    )
    with Engine(connection(engine), HASTY) as client:
        assert client.clusters() == {}


def test_a_wrong_password_is_sent_once(engine: Peer) -> None:
    """By all workers together: a directory locks an account that is refused too often."""
    for number in range(20):
        engine.vm(f"{NAME}-{number}", disks=0)
    with Engine(connection(engine), HASTY) as client:
        engine.ask("POST", "/users", {"name": "admin@internal", "password": "changed"})
        engine.ask("DELETE", "/sessions")
        engine.ask("DELETE", "/calls")
        for _again in range(2):
            with pytest.raises(ApiError) as told:
                client.machines(dict.fromkeys(engine.vms(), ""))
            assert told.value.status == 401
    assert [path for _method, path in engine.ask("GET", "/calls") if path.endswith("/token")] == [
        f"{ROOT}/sso/oauth/token"
    ]


@pytest.mark.parametrize("path", ["/sso/oauth/token", "/api"])
def test_a_dead_engine_costs_one_window(path: str, engine: Peer) -> None:
    patience = Engine(connection(engine)).patience
    assert patience.window <= 60 and patience.silence <= patience.window
    engine.rules({"path": path, "kind": "hang"}, {"path": "logout", "kind": "slow"})
    engine.ask("DELETE", "/calls")
    with (
        pytest.raises(ApiError),
        open_site(connection(engine), type(HASTY)(tries=9, silence=1.0, window=1.0, pause=0.01)),
    ):
        pass
    asked = [one for _method, one in engine.ask("GET", "/calls") if path in one and "logout" not in one]
    assert len(asked) == 1


def test_a_refusal_is_no_strange_answer(engine: Peer) -> None:
    vm = engine.vm(NAME, status="up")
    with Engine(connection(engine), HASTY) as client:
        assert isinstance(client.remove(vm["id"]), Refused)
        assert owned(SESSION, look(engine))
