# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the ConfigMaps of a session, whose they are, and how much goes into one; and writing them while others
write, on a server that is only here."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.config_map_store import Store, announce_to
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins.config_map_server import NAMESPACE, Server

PREFIX = "auto-ab12"
NOTE, JOURNAL = config_map.NOTE, config_map.JOURNAL


def uid(number: int) -> str:
    """No two of them have anything in common, as it is with those of a server."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def item(number: int, **more: Any) -> dict[str, Any]:
    names = {"kind": "PersistentVolumeClaim", "api_version": "v1", "namespace": f"vms-{number % 7}"}
    return {**names, "name": f"{PREFIX}-plan-{uid(number)[:8]}", "uid": uid(number), "evidence": "label plan", **more}


def store(server: Server, what: str = JOURNAL) -> Store:
    return Store(server, NAMESPACE, PREFIX, what)  # type: ignore[arg-type]


def told(server: Server) -> list[dict[str, Any]]:
    return journal.runs_of((store(server).read() or "").splitlines())


def record(kind: str, name: str, namespace: str | None = None) -> Record:
    return Record(kind=kind, name=name, namespace=namespace, entry=f"{kind}[0]")


# -- where it can be --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("namespace", "session", "why"),
    [
        ("", Session(PREFIX), "nothing says in which namespace"),
        (PREFIX, Session(PREFIX), "which goes with the session"),
        (f"{PREFIX}-vms", Session(PREFIX), "which goes with the session"),
        ("made", Session(PREFIX, records=(record("Namespace", "made"),)), "which goes with the session"),
        ("ci", Session(), "this one has none"),
        ("ci", Session("mtv"), "would be one of the session's own"),
        ("ci", Session(PREFIX, records=(record("ConfigMap", f"mtv-teardown-{PREFIX}", "ci"),)), "the record names"),
    ],
)
def test_it_outlives_the_session(namespace: str, session: Session, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        config_map.check_namespace(namespace, session)


def test_a_namespace_of_others_may_be_one_that_the_session_used() -> None:
    config_map.check_namespace("ci", Session(PREFIX, records=(record("Secret", f"{PREFIX}-s", "ci"),)))
    config_map.check_namespace(f"{PREFIX}9", Session(PREFIX))


# -- what stands in it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "no base64!",
        base64.b64encode(b"no gzip").decode(),
        base64.b64encode(gzip.compress(b"cut off" * 99)[:-9]).decode(),
        base64.b64encode(gzip.compress(b"one") + gzip.compress(b"two")).decode(),
        base64.b64encode(gzip.compress(b"\xff\xfe")).decode(),
        base64.b64encode(gzip.compress(bytes(config_map._UNPACKED + 1), 9)).decode(),
    ],
    ids=["null", "number", "base64", "gzip", "torn", "two", "text", "large"],
)
def test_what_no_run_wrote_is_not_read(value: Any) -> None:
    with pytest.raises(RecordError, match="it holds"):
        config_map.unpacked(value)


def test_it_comes_back_as_it_was() -> None:
    text = "one\n\u2026\n" * 1000
    assert config_map.unpacked(config_map.packed(text)) == text
    with pytest.raises(RecordError, match="takes no more"):
        config_map.packed("".join(uid(number) for number in range(80_000)))


def test_a_session_of_ten_thousand_objects_fits() -> None:
    """Outside its own namespaces, where each of them is noted."""
    session = Session(PREFIX, plans=tuple(Key(f"{PREFIX}-p{n}", "vms-1", uid(-n - 1)) for n in range(100)))
    items = [item(number) for number in range(10_000)]
    noted = notes.entry(notes.with_items(session, items))
    assert len(noted["traces"]) == 10_000
    text = json.dumps(noted, sort_keys=True)
    assert notes.with_journal(session, config_map.unpacked(config_map.packed(text)), "it").traces.keys() == {
        one["uid"] for one in items
    }
    lines = config_map.with_lines("", journal.lines_of("one", items, journal.DELETE)).splitlines()
    (run,) = journal.runs_of(lines)
    assert len(run["intended"]) == 10_000 and "dropped" not in run


def test_a_journal_without_room_drops_what_is_oldest_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_map, "MOST", 20 * 1024)
    text, total = "", 0
    for number in range(5):
        fresh = [item(number * 200 + each) for each in range(200)]
        text = config_map.with_lines(text, journal.lines_of(f"run-{number}", fresh, journal.DELETE))
        text = config_map.with_lines(text, journal.verdict_lines(text.splitlines(), f"run-{number}", "leftovers"))
        total += len(fresh)
    config_map.packed(text)
    runs = journal.runs_of(text.splitlines())
    assert [one["run_id"] for one in runs] == [f"run-{number}" for number in range(5)]
    assert sum(len(one["intended"]) + one.get("dropped", 0) for one in runs) == total
    assert runs[0]["dropped"] == 200 and "dropped" not in runs[-1]
    assert {one["verdict"] for one in runs} == {"leftovers"}


# -- on a server ------------------------------------------------------------------------------------------------


def test_each_batch_is_one_request_and_nobody_reads_again_between() -> None:
    server = Server()
    announce = announce_to(store(server), "one")
    announce([item(number) for number in range(100)], journal.DELETE)
    announce([item(1)], journal.CHANGE)
    announce([], journal.DELETE)
    name = config_map.name_of(PREFIX, JOURNAL)
    assert server.asked == [f"GET /{name}", "POST ", f"PUT /{name}"]
    labels = server.there[name]["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/managed-by": "mtv-teardown", "mtv.teardown/session": PREFIX}
    (run,) = told(server)
    assert len(run["intended"]) == 101


def test_two_who_write_lose_nothing() -> None:
    server = Server()
    one, two = (announce_to(store(server), run) for run in ("one", "two"))
    for number in range(6):
        server.meanwhile.append(lambda n=number: two([item(n)], journal.DELETE))  # type: ignore[misc]
        one([item(number + 50)], journal.DELETE)
    assert {run["run_id"]: len(run["intended"]) for run in told(server)} == {"one": 6, "two": 6}


def test_what_a_clean_run_has_taken_away_is_made_anew() -> None:
    server = Server()
    announce = announce_to(store(server), "one")
    announce([item(1)], journal.DELETE)
    server.meanwhile.append(server.there.clear)
    announce([item(2)], journal.DELETE)
    (run,) = told(server)
    assert [one["uid"] for one in run["intended"]] == [uid(2)]


def test_an_answer_that_was_lost_is_not_told_twice() -> None:
    """The request is sent again, and meets what it wrote itself."""
    server = Server()
    lines = journal.lines_of("one", [item(1)], journal.DELETE)
    kept = store(server)
    server.meanwhile.append(lambda: server.put(config_map.made(NAMESPACE, PREFIX, JOURNAL, f"{lines[0]}\n")) and None)
    assert not kept.change(lambda text: config_map.with_lines(text or "", lines))
    assert kept.read() == f"{lines[0]}\n"


def test_one_that_changes_all_the_time_stops_the_run() -> None:
    server = Server()
    server.put(config_map.made(NAMESPACE, PREFIX, JOURNAL, ""))
    server.meanwhile += [lambda: server.put(server.there[config_map.name_of(PREFIX, JOURNAL)]) and None] * 99
    with pytest.raises(RecordError, match="nothing more is deleted"):
        announce_to(store(server), "one")([item(1)], journal.DELETE)


FOREIGN: dict[str, dict[str, Any]] = {
    "nothing in it says": {},
    "app=theirs": {"labels": {"app": "theirs"}},
    "mtv.teardown/session=auto-zz99": {"labels": {"mtv.teardown/session": "auto-zz99"}},
    "owner Job nightly": {"ownerReferences": [{"kind": "Job", "name": "nightly"}]},
    "written by kubectl": {"managedFields": [{"manager": "kubectl"}]},
}


@pytest.mark.parametrize("whose", FOREIGN)
@pytest.mark.parametrize("what", [NOTE, JOURNAL])
def test_one_of_others_is_named_and_left_alone(whose: str, what: str) -> None:
    server = Server()
    theirs = {"metadata": {"name": config_map.name_of(PREFIX, what), "namespace": NAMESPACE, **FOREIGN[whose]}}
    server.put(theirs)
    with pytest.raises(RecordError, match=f"is not one of a teardown of session {PREFIX} .*{whose}"):
        store(server, what).read()
    for after in ("text", None):
        with pytest.raises(RecordError, match=whose):
            store(server, what).change(lambda _text, kept=after: kept)  # type: ignore[misc]
    assert server.writes == []


@pytest.mark.parametrize(
    ("method", "status", "reason", "name"),
    [("POST", 403, "Forbidden", ""), ("POST", 404, "NotFound", NAMESPACE), ("GET", 0, "NoAnswer", "")],
)
def test_what_cannot_be_written_is_not_asked_for(method: str, status: int, reason: str, name: str) -> None:
    server = Server()
    server.broken[method] = ApiError(f"{status} {reason}", status, reason, name)
    with pytest.raises(RecordError, match=r"nothing more is deleted.*mtv_teardown_journal_namespace"):
        announce_to(store(server), "one")([item(1)], journal.DELETE)
    assert server.there == {}


@pytest.mark.parametrize("status", [403, 500])
def test_what_cannot_be_read_is_not_taken_for_nothing(status: int) -> None:
    server = Server()
    server.broken["GET"] = ApiError(str(status), status)
    with pytest.raises(RecordError, match=r"cannot be read.*extensions/rights/journal.yml"):
        store(server, NOTE).read()


def test_check_mode_foresees_and_writes_nothing() -> None:
    server = Server()
    assert store(server).change(lambda _text: "text", check_mode=True)
    assert not store(server).change(lambda _text: None, check_mode=True)
    assert server.writes == []


def test_what_others_put_into_it_stays() -> None:
    server = Server()
    made = config_map.made(NAMESPACE, PREFIX, NOTE, "text")
    server.put({**made, "data": {"theirs": "x"}})
    assert store(server, NOTE).change(lambda _text: "other")
    assert server.there[config_map.name_of(PREFIX, NOTE)]["data"] == {"theirs": "x"}
    assert store(server, NOTE).read() == "other"
