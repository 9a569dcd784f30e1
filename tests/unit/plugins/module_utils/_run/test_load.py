# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a session: files, prefix, notes of earlier runs."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier, load
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes as journal
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, from_dict
from hypothesis import given, settings
from hypothesis import strategies as st

UID = "0f0f0f0f-1111-2222-3333-444444444444"


def options(**given: Any) -> dict[str, Any]:
    return {"session": None, "resources_file": None, "session_prefix": None, "data_collector_path": None, **given}


def write(folder: Path, data: object, name: str = "resources.json") -> str:
    (folder / name).write_text(json.dumps(data))
    return str(folder / name)


def names(*listed: str) -> dict[str, Any]:
    return {"Plan": [{"name": name, "namespace": "mtv", "module": "ocp_resources.plan"} for name in listed]}


def test_prefix_from_the_file(tmp_path: Path) -> None:
    found = load.session_of(options(resources_file=write(tmp_path, names("auto-ab12-x"))))
    assert (found.prefix, len(found.records)) == ("auto-ab12", 1)


def test_a_recorded_project_is_a_namespace(tmp_path: Path) -> None:
    project = {"name": "auto-ab12-p", "namespace": None, "module": "ocp_resources.project_project_openshift_io"}
    found = load.session_of(options(resources_file=write(tmp_path, {"Project": [project]})))
    assert [(r.kind, r.name, r.entry) for r in found.records] == [("Namespace", "auto-ab12-p", "Project[0]")]


def test_default_file_of_the_data_collector(tmp_path: Path) -> None:
    write(tmp_path, names("auto-ab12-x"))
    assert load.session_of(options(data_collector_path=str(tmp_path))).prefix == "auto-ab12"


@pytest.mark.parametrize("form", [json.dumps, dict])
def test_the_record_instead_of_a_file(form: Any, tmp_path: Path) -> None:
    write(tmp_path, names("auto-zz99-x"))  # the default counts only where nothing was given
    found = load.session_of(options(resources=form(names("auto-ab12-x")), data_collector_path=str(tmp_path)))
    assert (found.prefix, found.source, len(found.records)) == ("auto-ab12", "resources", 1)


def test_a_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEARDOWN_RESOURCES_FILE", write(tmp_path, names("auto-ab12-x"), "named.json"))
    write(tmp_path, names("auto-zz99-x"))
    for empty in ({}, {"resources_file": "", "session_prefix": "", "resources": ""}):
        found = load.session_of(options(data_collector_path=str(tmp_path), **empty))
        assert (found.prefix, found.source) == ("auto-ab12", str(tmp_path / "named.json"))


def test_the_option_counts_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_TEARDOWN_RESOURCES_FILE", write(tmp_path, names("auto-zz99-x"), "named.json"))
    found = load.session_of(options(resources_file=write(tmp_path, names("auto-ab12-x"))))
    assert found.prefix == "auto-ab12"


@pytest.mark.parametrize("given", [("resources", "resources_file"), ("resources", "env")], ids="-".join)
def test_two_records_are_an_error(given: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, names("auto-ab12-x"))
    if "env" in given:
        monkeypatch.setenv("MTV_TEARDOWN_RESOURCES_FILE", path)
    told = {"resources": json.dumps(names("auto-ab12-x")), "resources_file": path}
    with pytest.raises(TeardownError, match="told twice"):
        load.session_of(options(**{name: told[name] for name in given if name in told}))


def test_an_empty_prefix_beside_no_record_is_an_error(tmp_path: Path) -> None:
    """The default file is not what somebody meant whose variable was empty."""
    write(tmp_path, names("auto-ab12-x"))
    with pytest.raises(TeardownError, match="session_prefix is empty"):
        load.session_of(options(session_prefix="", data_collector_path=str(tmp_path)))


def test_prefix_alone(tmp_path: Path) -> None:
    found = load.session_of(options(session_prefix="auto-ab12", data_collector_path=str(tmp_path)))
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
        ({"session": {"prefix": ""}}, "neither a prefix nor entries"),
        ({"session": {"prefix": "rook-ceph"}}, "session_prefix_pattern"),
        ({"session": {"prefix": "rook-ceph", "pattern": "[a-z-]+"}}, "allows too much"),
        ({"session": {"prefix": "rook-ceph", "pattern": 5}}, "not what session_info returns"),
        ({"session": {"prefix": 5}}, "not what session_info returns"),
        ({"session": {"prefix": "auto-ab12", "lineage": ["x"]}}, "not what session_info returns"),
        ({"session": {"prefix": "auto-ab12", "identities": {"x": {}}}}, "not what session_info returns"),
        ({"session": {"prefix": "auto-ab12", "traces": {"x": "y"}}}, "not what session_info returns"),
        ({"session_prefix": "rook-ceph"}, "session_prefix_pattern"),
        ({"session_prefix": "rook-ceph", "session_prefix_pattern": ".+"}, "allows too much"),
        ({"session": {"prefix": "auto-ab12", "plans": [{"no": "plan"}]}}, "not what session_info returns"),
    ],
)
def test_bad_input(given: dict[str, Any], told: str) -> None:
    with pytest.raises(TeardownError, match=told.replace("*", r"\*")):
        load.session_of(options(**given))


def test_contradiction(tmp_path: Path) -> None:
    path = write(tmp_path, names("auto-cd34-x"))
    with pytest.raises(TeardownError, match="contradicts"):
        load.session_of(options(resources_file=path, session_prefix="auto-ab12"))


def test_two_sessions_in_one_file_need_a_prefix(tmp_path: Path) -> None:
    path = write(tmp_path, names("auto-cd34-x", "auto-ab12-x"))
    with pytest.raises(TeardownError, match="2 sessions"):
        load.session_of(options(resources_file=path))
    assert load.session_of(options(resources_file=path, session_prefix="auto-ab12")).prefix == "auto-ab12"


def test_a_session_survives_the_way_between_roles() -> None:
    session = Session(
        prefix="auto-ab12",
        plans=(Key("p", "n", UID, "t"),),
        started="2026-01-01T00:00:00Z",
        lineage={UID: "test"},
        narrow=("plans.forklift.konveyor.io",),
    )
    assert from_dict(json.loads(json.dumps(session.as_dict()))) == session


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ({"session_prefix": "auto-zz99"}, "session is that of auto-ab12, .*and session_prefix says auto-zz99"),
        ({"resources_file": "other.json"}, "and resources_file says other.json"),
        ({"resources": names("auto-ab12-y")}, "and resources has other entries"),
    ],
)
def test_a_session_beside_another_one_is_an_error(beside: dict[str, Any], told: str, tmp_path: Path) -> None:
    session = load.session_of(options(resources_file=write(tmp_path, names("auto-ab12-x")))).as_dict()
    with pytest.raises(TeardownError, match=told):
        load.session_of(options(session=session, **beside))


def test_a_session_beside_what_it_was_read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, names("auto-ab12-x"))
    given = {"resources_file": "resources.json", "session_prefix": "auto-ab12"}
    session = load.session_of(options(**given))
    for beside in (given, {**given, "resources_file": str(tmp_path / "resources.json")}, {"session_prefix": ""}):
        assert load.session_of(options(session=session.as_dict(), **beside)) == session
    text = {"resources": json.dumps(names("auto-ab12-x"))}
    assert load.session_of(options(session=load.session_of(options(**text)).as_dict(), **text)).source == "resources"


def note(folder: Path, content: object) -> Path:
    """A note as a run leaves it."""
    path = folder / journal.file_name("auto-ab12")
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(0o600)
    return path


def with_note(folder: Path) -> Session:
    return load.session_of(options(session_prefix="auto-ab12", data_collector_path=str(folder)))


def test_notes_of_an_earlier_run(tmp_path: Path) -> None:
    earlier = Session(prefix="auto-ab12", plans=(Key("auto-ab12-p", "n", UID, "t"),), started="2026-01-01T00:00:00Z")
    note(tmp_path, journal.entry(earlier))
    found = with_note(tmp_path)
    assert found.plans == earlier.plans
    assert found.started == earlier.started


NEW = {"version": 2, "verdict": "", "written": "2026-01-02T00:00:00Z", "prefix": "auto-ab12"}
PLAN = {"name": "auto-ab12-p", "namespace": "mtv", "uid": UID}
TRACE = {"home": "", "group": "", "kind": "Secret", "namespace": "mtv", "name": "s", "evidence": "record"}


@pytest.mark.parametrize(
    "notes",
    [
        *("", "[]", "[" * 100_000, '{"prefix": "auto-cd34"}', {"prefix": "auto-ab12", "plans": 5}),
        {"prefix": "auto-ab12", "plans": [{**PLAN, "uid": "*"}]},
        {"prefix": "auto-ab12", "plans": [{**PLAN, "uid": UID + "\n"}]},
        {"prefix": "auto-ab12", "plans": [{**PLAN, "name": "theirs"}]},
        {**NEW, "version": 3},
        {**NEW, "version": True},
        {**NEW, "lineage": {"x": ""}, "traces": {"x": TRACE}},
        {**NEW, "lineage": {UID: ""}},
        {**NEW, "lineage": {UID: ""}, "traces": {UID: {**TRACE, "kind": 5}}},
        {**NEW, "lineage": {UID: 5}, "traces": {UID: TRACE}},
        {**NEW, "lineage": {UID: ""}, "traces": {UID: {"kind": "Secret"}}},
        {**NEW, "lineage": [UID], "traces": {UID: TRACE}},
        {**NEW, "identities": {"secrets/mtv/s": 5}},
        {**NEW, "plans": [{**PLAN, "name": "theirs"}]},
        {**NEW, "started": "long ago"},
        {**NEW, "written": "2026-01-02T00:00:00Z\n"},
        {**NEW, "namespaces": [5]},
    ],
)
def test_notes_that_are_none(tmp_path: Path, notes: object) -> None:
    note(tmp_path, notes)
    with pytest.raises(TeardownError, match="emove it to go without"):
        with_note(tmp_path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=5), x),
        max_leaves=6,
    ),
    st.sampled_from(
        [*NEW, "plans", "migrations", "providers", "lineage", "traces", "identities", "started", "namespaces"]
    ),
)
@settings(max_examples=1500, deadline=None, derandomize=True, database=None)
def test_whatever_stands_in_a_note_is_read_or_told(value: object, key: str) -> None:
    known = Session(prefix="auto-ab12")
    with contextlib.suppress(TeardownError):
        journal.with_journal(known, json.dumps({**NEW, key: value}), "note")
    if key in ("plans", "migrations", "providers"):
        with contextlib.suppress(TeardownError):
            journal.with_journal(known, json.dumps({**NEW, key: [{**PLAN, "vms": value}]}), "note")
    if key == "traces":
        with contextlib.suppress(TeardownError):
            journal.with_journal(
                known, json.dumps({**NEW, "lineage": {UID: ""}, "traces": {UID: {**TRACE, "name": value}}}), "note"
            )


def test_a_note_of_an_earlier_version_gives_what_a_label_has_to_confirm(tmp_path: Path) -> None:
    old = {"prefix": "auto-ab12", "started": "2026-01-01T00:00:00Z", "namespaces": ["auto-ab12"], "plans": [PLAN]}
    note(tmp_path, {**old, "lineage": {UID: ""}, "identities": {"namespaces//auto-ab12": UID}})
    found = with_note(tmp_path)
    assert [key.uid for key in found.plans] == [UID]
    assert (found.started, found.lineage, found.identities, found.namespaces) == ("", {}, {}, ())
    assert "of an earlier version" in found.note


def test_the_pattern_never_comes_from_a_note(tmp_path: Path) -> None:
    note(tmp_path, {**NEW, "pattern": ".*"})
    assert with_note(tmp_path).pattern == ""
    (tmp_path / journal.file_name("rook-ceph")).write_text(
        json.dumps({**NEW, "prefix": "rook-ceph", "pattern": "rook-.*"})
    )
    with pytest.raises(TeardownError, match="session_prefix_pattern"):
        load.session_of(options(session_prefix="rook-ceph", data_collector_path=str(tmp_path)))


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o400, 0o640])
def test_a_note_that_only_we_can_write(tmp_path: Path, mode: int) -> None:
    path = note(tmp_path, {**NEW, "plans": [PLAN], "verdict": "leftovers"})
    path.chmod(mode)
    found = with_note(tmp_path)
    assert (found.note, len(found.plans)) == (str(path), 1)


@pytest.mark.parametrize("mode", [0o666, 0o602, 0o620, 0o664, 0o777])
def test_a_note_that_others_can_write(tmp_path: Path, mode: int) -> None:
    path = note(tmp_path, {**NEW, "plans": [PLAN]})
    path.chmod(mode)
    with pytest.raises(TeardownError, match=f"{path} .* its mode is {mode:04o}.*remove it to go without"):
        with_note(tmp_path)


@pytest.mark.parametrize(("mode", "trusted"), [(0o1777, True), (0o775, True), (0o777, False), (0o757, False)])
def test_a_note_that_others_can_replace(tmp_path: Path, mode: int, trusted: bool) -> None:
    note(tmp_path, {**NEW, "plans": [PLAN]})
    tmp_path.chmod(mode)
    if trusted:
        assert with_note(tmp_path).plans
        return
    with pytest.raises(TeardownError, match="everybody may replace it"):
        with_note(tmp_path)


def test_a_note_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = note(tmp_path, {**NEW, "plans": [PLAN]})
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    if path.stat().st_uid:
        with pytest.raises(TeardownError, match="belongs to user"):
            with_note(tmp_path)
    else:  # root may write everywhere anyhow
        assert with_note(tmp_path).plans
        os.chown(path, 12345, -1)
        with pytest.raises(TeardownError, match="belongs to user 12345"):
            with_note(tmp_path)


def test_a_note_that_is_no_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    real, path = note(elsewhere, NEW), tmp_path / journal.file_name("auto-ab12")
    for target in (real, tmp_path / "nothing"):
        path.symlink_to(target)
        with pytest.raises(TeardownError, match="symbolic link"):
            with_note(tmp_path)
        path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(TeardownError, match="not a regular file"):
        with_note(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(TeardownError, match="not a regular file"):
        with_note(tmp_path)


@pytest.mark.parametrize("folder", ["/does/not/exist", "/dev/null", ""])
def test_no_note(folder: str) -> None:
    assert with_note(Path(folder)).note == ""


def test_what_is_noted_on_providers_names_their_server(tmp_path: Path) -> None:
    one = {"api_version": "vsphere", "kind": "VirtualMachine", "name": "auto-ab12-x", "host": "center-a"}
    left = [{**one, "provider": "vc", "uid": f"center-a/{UID}", "test_name": "t"}, {"provider": "", "uid": "x"}]
    result = {"leftovers": left, "verdict": "leftovers"}
    noted = journal.after(Session(prefix="auto-ab12"), result)
    write(tmp_path, noted["content"], noted["name"])
    found = load.session_of(options(session_prefix="auto-ab12", data_collector_path=str(tmp_path)))
    assert found.lineage == {f"center-a/{UID}": "t"}


def test_what_phases_deleted_is_remembered_outside_own_namespaces() -> None:
    phases = {
        "migrated_vms": {
            "deleted": [
                {"uid": "a", "namespace": "shared-vms", "test_name": "t"},
                {"uid": "b", "namespace": "auto-ab12", "test_name": ""},
            ],
            "remaining": [{"uid": "c", "namespace": "shared-vms", "test_name": "", "cause": "contested"}],
        },
        "plans": {"skipped": True},
    }
    assert earlier.with_deleted(Session(prefix="auto-ab12"), phases).lineage == {"a": "t"}


@pytest.mark.parametrize("leaves", [5, "x", [5], {"a": 1}, [["a"]]])
def test_what_a_phase_says_to_be_left_is_a_list_of_texts(leaves: object) -> None:
    one = dict.fromkeys(("kind", "api_version", "name", "uid", "evidence", "reason", "test_name"), "x")
    entry = {**one, "namespace": None, "provider": "vc", "leaves": leaves}
    with pytest.raises(TeardownError, match="is not a list of objects"):
        earlier.checked({"provider_clones": {"deleted": [entry]}})
    earlier.checked({"provider_clones": {"deleted": [{**entry, "leaves": ["vc/DatastoreFile/[a] b"]}]}})


@pytest.mark.parametrize("told", ["auto-cd34", "auto-ab1", 5, ["auto-ab12"]])
def test_what_a_phase_did_for_another_session_counts_for_none(told: object) -> None:
    phases = {"namespaces": {"deleted": [], "session_prefix": told}}
    with pytest.raises(RecordError, match=r"namespaces is about session .* and this is auto-ab12"):
        earlier.checked(phases, prefix="auto-ab12")


@pytest.mark.parametrize("told", [{"session_prefix": "auto-ab12"}, {"session_prefix": ""}, {"skipped": True}, {}])
def test_what_a_phase_did_for_this_session_counts(told: dict[str, object]) -> None:
    assert earlier.checked({"namespaces": told}, prefix="auto-ab12")["phases"] == {"namespaces": told}
    assert earlier.checked({"namespaces": {"session_prefix": "auto-cd34"}})["phases"]  # of a class alone, by its Plan


def test_a_note_is_beside_the_record_wherever_that_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, names("auto-ab12-x"))
    note(tmp_path, journal.entry(Session(prefix="auto-ab12"), "leftovers"))
    assert load.session_of(options(resources_file="resources.json")).note == "./teardown-auto-ab12.session.json"


def test_the_session_says_which_note_it_knows_of(tmp_path: Path) -> None:
    given = options(session_prefix="auto-ab12", data_collector_path=str(tmp_path))
    assert load.session_of(given).note == ""
    write(tmp_path, journal.entry(Session(prefix="auto-ab12"), "leftovers"), journal.file_name("auto-ab12"))
    found = load.session_of(given)
    assert found.note == str(tmp_path / "teardown-auto-ab12.session.json")
    assert from_dict(found.as_dict()).note == found.note
