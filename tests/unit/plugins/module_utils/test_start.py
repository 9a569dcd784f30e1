# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a session: files, prefix, notes of earlier runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._phases import start
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, from_dict

UID = "0f0f0f0f-1111-2222-3333-444444444444"


def options(**given: Any) -> dict[str, Any]:
    return {"session": None, "resources_file": None, "session_prefix": None, "data_collector_path": None, **given}


def write(folder: Path, data: object, name: str = "resources.json") -> str:
    (folder / name).write_text(json.dumps(data))
    return str(folder / name)


def names(*listed: str) -> dict[str, Any]:
    return {"Plan": [{"name": name, "namespace": "mtv", "module": "ocp_resources.plan"} for name in listed]}


def test_prefix_from_the_file(tmp_path: Path) -> None:
    found = start.session_of(options(resources_file=write(tmp_path, names("auto-ab12-x"))))
    assert (found.prefix, len(found.records)) == ("auto-ab12", 1)


def test_default_file_of_the_data_collector(tmp_path: Path) -> None:
    write(tmp_path, names("auto-ab12-x"))
    assert start.session_of(options(data_collector_path=str(tmp_path))).prefix == "auto-ab12"


@pytest.mark.parametrize("form", [json.dumps, dict])
def test_the_record_instead_of_a_file(form: Any, tmp_path: Path) -> None:
    write(tmp_path, names("auto-zz99-x"))  # the default counts only where nothing was given
    found = start.session_of(options(resources=form(names("auto-ab12-x")), data_collector_path=str(tmp_path)))
    assert (found.prefix, found.source, len(found.records)) == ("auto-ab12", "resources", 1)


def test_a_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEARDOWN_RESOURCES_FILE", write(tmp_path, names("auto-ab12-x"), "named.json"))
    write(tmp_path, names("auto-zz99-x"))
    for given in ({}, {"resources_file": "", "session_prefix": "", "resources": ""}):
        found = start.session_of(options(data_collector_path=str(tmp_path), **given))
        assert (found.prefix, found.source) == ("auto-ab12", str(tmp_path / "named.json"))


def test_the_option_counts_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEARDOWN_RESOURCES_FILE", write(tmp_path, names("auto-zz99-x"), "named.json"))
    found = start.session_of(options(resources_file=write(tmp_path, names("auto-ab12-x"))))
    assert found.prefix == "auto-ab12"


@pytest.mark.parametrize("given", [("resources", "resources_file"), ("resources", "env")], ids="-".join)
def test_two_records_are_an_error(given: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, names("auto-ab12-x"))
    if "env" in given:
        monkeypatch.setenv("MTV_TEARDOWN_RESOURCES_FILE", path)
    told = {"resources": json.dumps(names("auto-ab12-x")), "resources_file": path}
    with pytest.raises(TeardownError, match="two records"):
        start.session_of(options(**{name: told[name] for name in given if name in told}))


def test_an_empty_prefix_beside_no_record_is_an_error(tmp_path: Path) -> None:
    """The default file is not what somebody meant whose variable was empty."""
    write(tmp_path, names("auto-ab12-x"))
    with pytest.raises(TeardownError, match="session_prefix is empty"):
        start.session_of(options(session_prefix="", data_collector_path=str(tmp_path)))


def test_prefix_alone(tmp_path: Path) -> None:
    found = start.session_of(options(session_prefix="auto-ab12", data_collector_path=str(tmp_path)))
    assert (found.prefix, found.records) == ("auto-ab12", ())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "nothing says which session"),
        ({"resources_file": "/does/not/exist.json"}, "does not exist"),
        ({"resources_file": "/does/not/exist.json", "session_prefix": "auto-ab12"}, "does not exist"),
        ({"session_prefix": ""}, "session_prefix is empty"),
        ({"session_prefix": "*"}, "is a pattern"),
        ({"resources": "{"}, "resources: not JSON"),
        ({"resources": ["auto-ab12"]}, "resources: the top level is a list"),
        ({"session": {"prefix": "*"}}, "is a pattern"),
        ({"session": {"prefix": ""}}, "neither a prefix nor a record"),
        ({"session": {"prefix": "auto-ab12", "plans": [{"no": "plan"}]}}, "not what session_info returns"),
    ],
)
def test_bad_input(given: dict[str, Any], told: str) -> None:
    with pytest.raises(TeardownError, match=told.replace("*", r"\*")):
        start.session_of(options(**given))


def test_contradiction(tmp_path: Path) -> None:
    path = write(tmp_path, names("auto-cd34-x"))
    with pytest.raises(TeardownError, match="contradicts"):
        start.session_of(options(resources_file=path, session_prefix="auto-ab12"))


def test_two_sessions_in_one_file_need_a_prefix(tmp_path: Path) -> None:
    path = write(tmp_path, names("auto-cd34-x", "auto-ab12-x"))
    with pytest.raises(TeardownError, match="2 sessions"):
        start.session_of(options(resources_file=path))
    assert start.session_of(options(resources_file=path, session_prefix="auto-ab12")).prefix == "auto-ab12"


def test_a_session_survives_the_way_between_roles() -> None:
    session = Session(
        prefix="auto-ab12",
        plans=(Key("p", "n", UID, "t"),),
        started="2026-01-01T00:00:00Z",
        lineage={UID: "test"},
        narrow=("plans.forklift.konveyor.io",),
    )
    assert from_dict(json.loads(json.dumps(session.as_dict()))) == session


def test_notes_of_an_earlier_run(tmp_path: Path) -> None:
    earlier = Session(prefix="auto-ab12", plans=(Key("p", "n", UID, "t"),), started="2026-01-01T00:00:00Z")
    write(tmp_path, journal.entry(earlier), journal.file_name("auto-ab12"))
    found = start.session_of(options(session_prefix="auto-ab12", data_collector_path=str(tmp_path)))
    assert found.plans == earlier.plans
    assert found.started == earlier.started


@pytest.mark.parametrize(
    "notes",
    [
        "",
        "[]",
        '{"prefix": "auto-cd34"}',
        '{"prefix": "auto-ab12", "plans": 5}',
        '{"prefix": "auto-ab12", "lineage": {"x": ""}}',
        '{"prefix": "auto-ab12", "plans": [{"name": "p", "namespace": "n", "uid": "*"}]}',
    ],
)
def test_notes_that_are_none(tmp_path: Path, notes: str) -> None:
    (tmp_path / journal.file_name("auto-ab12")).write_text(notes)
    with pytest.raises(TeardownError, match="emove it to go without"):
        start.session_of(options(session_prefix="auto-ab12", data_collector_path=str(tmp_path)))


def test_what_is_noted_on_providers_names_their_server(tmp_path: Path) -> None:
    left = [{"provider": "vc", "uid": f"center-a/{UID}", "test_name": "t"}, {"provider": "", "uid": "x"}]
    noted = journal.of_leftovers(Session(prefix="auto-ab12"), left)
    write(tmp_path, noted["content"], noted["name"])
    found = start.session_of(options(session_prefix="auto-ab12", data_collector_path=str(tmp_path)))
    assert found.lineage == {f"center-a/{UID}": "t"}


def test_what_phases_deleted_is_remembered_outside_own_namespaces() -> None:
    phases = {
        "migrated_vms": {
            "deleted": [
                {"uid": "a", "namespace": "shared-vms", "test_name": "t"},
                {"uid": "b", "namespace": "auto-ab12", "test_name": ""},
            ]
        },
        "plans": {"skipped": True},
    }
    assert start.with_deleted(Session(prefix="auto-ab12"), phases).lineage == {"a": "t"}
