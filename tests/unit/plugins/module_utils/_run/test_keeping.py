# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note and the journal in ConfigMaps have the contract of the files: who reads them, who ends them, and that they
make no decision weaker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map, delete, order
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._run import elsewhere, keeping
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.tests.unit.plugins import results
from ansible_collections.mtv.teardown.tests.unit.plugins.config_map_server import NAMESPACE, Server

PREFIX = results.SESSION.prefix
UID = "11111111-1111-4111-8111-{:012d}"
CLONE = {"kind": "VirtualMachine", "api_version": "vsphere", "provider": "vc", "host": "vc", "name": "x", "uid": "u-1"}


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(elsewhere, "connect", lambda _wanted, _option: made)
    return made


def place(run: str = "one", session: Session | None = None) -> keeping.Place:
    found = keeping.place_of({"journal_in": {"namespace": NAMESPACE, "run": run}}, session or Session(PREFIX))
    assert found is not None
    return found


def plan(number: int) -> Key:
    return Key(f"{PREFIX}-plan-{number}", "vms", UID.format(number))


def note(verdict: str = "", *plans: int, **more: Any) -> dict[str, Any]:
    return notes.entry(Session(PREFIX, plans=tuple(map(plan, plans)), **more), verdict)


def plans_of(found: Session) -> list[str]:
    return [key.name.rpartition("-")[2] for key in found.plans]


def test_without_the_option_there_is_none() -> None:
    assert keeping.place_of({"journal_in": None}, Session(PREFIX)) is None
    assert keeping.announce_of(None, Session(PREFIX), check_mode=False) is journal.nobody


def test_a_run_that_is_cut_off_is_known_to_the_next_one(server: Server) -> None:
    assert place().remember().note == ""
    place().keep(note("", 1), "")
    place().announce()([{"kind": "Pod", "name": "p", "uid": "u"}], journal.DELETE)
    found = place("two").remember()
    assert plans_of(found) == ["1"] and found.note.endswith("(of a run that came to no verdict)") and not found.noted
    (run,) = keeping.told_runs({"journal_in": {"namespace": NAMESPACE}}, Session(PREFIX), "", "two")
    assert (run["run_id"], run["verdict"], len(run["intended"])) == ("one", "", 1)
    assert len(server.there) == 2


@pytest.mark.parametrize(("verdict", "left"), [("leftovers", 2), ("unverified", 2), ("clean", 0)])
def test_a_clean_run_ends_both(server: Server, verdict: str, left: int) -> None:
    place().keep(note("", 1), "")
    place().announce()([{"kind": "Pod", "name": "p", "uid": "u"}], journal.DELETE)
    assert len(place().keep(note(verdict, 1))) == 2
    assert len(server.there) == left
    if left:
        assert place("two").remember().noted
        place("look").keep(note(verdict, 1))  # it has set out to do nothing
        runs = keeping.told_runs({"journal_in": {"namespace": NAMESPACE}}, Session(PREFIX), "", "")
        assert [(run["run_id"], run["verdict"]) for run in runs] == [("one", verdict)]
    assert len(place().keep(note("clean"))) == left and server.there == {}
    assert place().keep(note("clean")) == []


def test_what_was_noted_of_providers_that_were_not_judged_stays(server: Server) -> None:
    place().add([CLONE])
    session = place().remember()
    assert session.traces.keys() == {"u-1"}
    place().keep(notes.entry(session, "clean", openshift_only=True))
    assert list(server.there) == [config_map.name_of(PREFIX, config_map.NOTE)]
    assert place().remember().traces.keys() == {"u-1"}
    place().keep(notes.entry(session, "clean"))
    assert server.there == {}


def test_what_another_run_wrote_meanwhile_is_kept() -> None:
    version = seen_version(place())
    place("other").keep(note("", 2), "")
    place("other").add([CLONE])
    place().keep(note("", 1), version)
    found = place().remember()
    assert plans_of(found) == ["1", "2"] and found.traces.keys() == {"u-1"}


def test_what_was_read_and_is_of_an_earlier_session_does_not_come_back() -> None:
    place().keep(note("leftovers", 1), "")
    place().keep(note("", 2), seen_version(place()))
    assert plans_of(place().remember()) == ["2"]


def seen_version(one: keeping.Place) -> str:
    one.remember()
    return one.note.version


def test_a_conflict_between_reading_and_writing(server: Server) -> None:
    place().keep(note("", 1), "")
    mine, version = place(), seen_version(place())
    server.meanwhile.append(lambda: place("other").add([CLONE]))
    mine.keep(note("", 3), version)
    found = place().remember()
    assert found.traces.keys() == {"u-1"} and "3" in plans_of(found)


def test_both_forms_are_read_and_nothing_of_either_is_lost(tmp_path: Path) -> None:
    """Beside the file: what stands in both is told once."""
    item = {"kind": "Pod", "name": "p", "uid": "u"}
    beside = journal.announce_to({journal.FOLDER: str(tmp_path), journal.RUN: "one"}, PREFIX, check_mode=False)
    journal.to_all(beside, place().announce())([item], journal.DELETE)
    place("two").announce()([item], journal.DELETE)
    runs = keeping.told_runs({"journal_in": {"namespace": NAMESPACE}}, Session(PREFIX), str(tmp_path), "")
    assert [(run["run_id"], len(run["intended"])) for run in runs] == [("one", 1), ("two", 1)]
    place().keep(note("leftovers", 2), "")
    file = notes.with_journal(Session(PREFIX), json.dumps(note("leftovers", 1)), "file")
    found = place(session=file).remember()
    assert plans_of(found) == ["1", "2"] and found.note.startswith("file and ConfigMap ") and found.noted
    cut = notes.with_journal(Session(PREFIX), json.dumps(note("", 1)), "file")
    assert place(session=cut).remember().noted == ""


FORGED: dict[str, Any] = {
    "of another session": {**note(), "prefix": "auto-zz99"},
    "no uid": {**note("", 1), "plans": [{"namespace": "vms", "name": f"{PREFIX}-x", "uid": "*"}]},
    "of nobody's": {**note("", 1), "plans": [{"namespace": "vms", "name": "theirs", "uid": UID.format(9)}]},
    "lineage alone": {**note(), "lineage": {UID.format(9): ""}},
    "text": "text",
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_note_stops_the_run(server: Server, forged: str) -> None:
    server.put(config_map.made(NAMESPACE, PREFIX, config_map.NOTE, json.dumps(FORGED[forged])))
    with pytest.raises(RecordError, match=r"[rR]emove it"):
        place().remember()


@pytest.mark.parametrize("content", [None, {}, {"verdict": "clean"}, {**note(), "verdict": "fine"}, *FORGED.values()])
def test_what_is_no_note_is_not_kept(content: Any) -> None:
    with pytest.raises(RecordError):
        notes.checked(Session(PREFIX), content)


def test_a_journal_that_cannot_be_read_is_told_and_stops_no_verdict(server: Server) -> None:
    server.broken["GET"] = ApiError("403 Forbidden", 403)
    (run,) = keeping.told_runs({"journal_in": {"namespace": NAMESPACE}}, Session(PREFIX), "", "")
    assert "403" in run["error"] and run["intended"] == []


def test_who_has_no_name_tells_nothing() -> None:
    with pytest.raises(RecordError, match="has no run"):
        place("").announce()


def test_a_phase_asks_for_nothing_that_it_could_not_write(server: Server) -> None:
    server.broken["POST"] = ApiError("403 Forbidden", 403)
    world = results.LivingServer(results.free_world())
    cluster = world.client()
    cluster.ledger.announce = place().announce()
    with pytest.raises(RecordError, match="nothing more is deleted"):
        delete.run(cluster, results.SESSION, results.QUICK, False, phase=order.RESOURCES)
    assert not world.deleted and not cluster.ledger.asked


def test_a_phase_writes_before_it_asks() -> None:
    world = results.LivingServer(results.free_world())
    cluster = world.client()
    cluster.ledger.announce = place().announce()
    result = delete.run(cluster, results.SESSION, results.QUICK, False, phase=order.RESOURCES)
    (run,) = keeping.told_runs({"journal_in": {"namespace": NAMESPACE}}, Session(PREFIX), "", "")
    assert result.done and {one["uid"] for one in run["intended"]} == set(cluster.ledger.asked)
