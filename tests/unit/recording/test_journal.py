# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two files: several writers, torn lines, folders that go, disks that are full."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mtv_record.entries import events_of, line_of
from mtv_record.journal import JOURNAL, RESOURCES, Journal


def stored(name: str, process: str = "a", what: str = "stored") -> bytes:
    entry = {"name": name, "namespace": "ns", "module": "m"}
    return line_of({"event": what, "process": process, "run": "r", "kind": "Plan", **entry})


def named(folder: Path) -> set[str]:
    """What resources.json names; nothing while nobody made anything."""
    file = folder / RESOURCES
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {entry["name"] for entry in found.get("Plan", [])}


def written(folder: Path) -> list[bytes]:
    return (folder / JOURNAL).read_bytes().splitlines(keepends=True)


def test_both_files_after_each_event(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    journal = Journal(folder, "r")
    journal.append(stored("a"))
    assert (named(folder), written(folder)) == ({"a"}, [stored("a")])
    journal.append(stored("b"))
    assert (named(folder), written(folder)) == ({"a", "b"}, [stored("a"), stored("b")])
    assert sorted(path.name for path in folder.iterdir()) == sorted([RESOURCES, JOURNAL])


def test_nothing_is_written_before_something_is_made(tmp_path: Path) -> None:
    Journal(tmp_path / "x", "r").refresh()
    assert not (tmp_path / "x").exists()


def test_a_folder_that_went_is_filled_again(tmp_path: Path) -> None:
    one, two = Journal(tmp_path / "x", "r"), Journal(tmp_path / "x", "r")
    one.append(stored("a"))
    two.append(stored("b", "b"))
    shutil.rmtree(tmp_path / "x")
    two.append(stored("c", "b"))
    assert named(tmp_path / "x") == {"b", "c"}
    one.append(stored("d"))
    assert named(tmp_path / "x") == {"a", "b", "c", "d"}
    assert sorted(written(tmp_path / "x")) == sorted([stored("a"), stored("b", "b"), stored("c", "b"), stored("d")])


@pytest.mark.parametrize("torn", [b'{"event":"stored","ki', b"\xff\xfe\x00", b"[" * 100_000, b'{"event":"st\n{"eve'])
def test_a_torn_line_is_passed_over_and_healed(tmp_path: Path, torn: bytes) -> None:
    journal = Journal(tmp_path, "r")
    journal.append(stored("a"))
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(torn)
    journal.refresh()  # it has read that part, and must heal it all the same
    journal.append(stored("b"))
    assert named(tmp_path) == {"a", "b"}
    assert written(tmp_path)[-1] == stored("b")
    other = Journal(tmp_path, "r")
    other.append(stored("c", "b"))
    assert named(tmp_path) == {"a", "b", "c"}


def test_what_the_suite_wrote_itself_is_made_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "r")
    journal.append(stored("a"))
    for text in ('{"Plan": []}', '{"Plan": [{"na', ""):
        (tmp_path / RESOURCES).write_text(text, encoding="utf-8")
        journal.refresh()
        assert named(tmp_path) == {"a"}


def test_a_full_disk_tears_nothing_and_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, "r")
    journal.append(stored("a"))
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, data: real(handle, data[:9]))
        with pytest.raises(OSError, match="No space left"):
            journal.append(stored("b"))
    assert written(tmp_path) == [stored("a")]
    journal.append(stored("c"))
    assert written(tmp_path) == [stored("a"), stored("b"), stored("c")]
    assert named(tmp_path) == {"a", "b", "c"}


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / JOURNAL).symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="symbolic links"):
        Journal(tmp_path / "x", "r").append(stored("a"))
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_what_another_run_left_gets_names_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    (folder / "earlier-logs.resources.d").mkdir(parents=True)  # somebody's own
    Journal(folder, "r").append(stored("a"))
    journal = Journal(folder, "another")
    kept = journal.set_aside()
    shutil.rmtree(folder)
    journal.put_back(kept)
    journal.append(stored("b"))
    assert named(folder) == {"b"}
    (earlier,) = folder.glob(f"earlier-*.{RESOURCES}")
    assert json.loads(earlier.read_text(encoding="utf-8"))["Plan"][0]["name"] == "a"
    assert len(list(folder.glob(f"earlier-*.{JOURNAL}"))) == 1


def test_what_a_suite_makes_at_its_start_is_named_with_what_others_made(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    Journal(folder, "r").append(stored("a"))
    journal = Journal(folder, "r")
    kept = journal.set_aside()
    journal.append(stored("early", "b"))
    shutil.rmtree(folder)
    journal.append(stored("b", "b"))
    assert named(folder) == {"early", "b"}
    journal.put_back(kept)
    assert named(folder) == {"a", "early", "b"}


def _disturb(folder: Path, writer: Journal, what: str, detail: Any) -> None:
    """What others do to the folder."""
    if what == "tear" and (folder / JOURNAL).exists():
        with (folder / JOURNAL).open("ab") as file:
            file.write(detail.replace(b"\n", b""))
    elif what == "begin":
        kept = writer.set_aside()
        if detail:
            shutil.rmtree(folder)
        writer.put_back(kept)
    elif what == "suite":
        (folder / RESOURCES).write_text(detail, encoding="utf-8")
        writer.refresh()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), st.integers(0, 2), st.sampled_from(["stored", "removed", "intent"])),
            st.tuples(st.just("tear"), st.integers(0, 2), st.binary(min_size=1, max_size=30)),
            st.tuples(st.just("begin"), st.integers(0, 2), st.booleans()),
            st.tuples(st.just("suite"), st.integers(0, 2), st.sampled_from(["", "{}", '{"Plan": [{'])),
            st.tuples(st.just("killed"), st.integers(0, 2), st.none()),
        ),
        max_size=25,
    )
)
def test_histories(tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, int, Any]]) -> None:
    """Writers that come and go, torn lines, workers that empty the folder at their start, and a suite that writes
    resources.json itself: what was made is named, from the very moment on."""
    folder = tmp_path_factory.mktemp("history") / "x"
    writers = [Journal(folder, "r") for _writer in range(3)]
    lives = [0, 0, 0]
    model: dict[tuple[str, str], set[str]] = {}
    for number, (what, who, detail) in enumerate(history):
        process = f"{who}.{lives[who]}"
        if what == "write":
            name = f"n{number % 4}"
            line = {"event": detail, "process": process, "seq": number, "run": "r", "kind": "Plan", "name": name}
            writers[who].append(line_of({**line, "namespace": "ns"}))
            holds = model.setdefault((name, process), set())
            if detail == "removed":
                holds.clear()
            else:
                holds.add(detail)
        elif what == "killed":
            lives[who] += 1
            writers[who].close()
            writers[who] = Journal(folder, "r")
        elif folder.exists():
            _disturb(folder, writers[who], what, detail)
        wanted = {name for (name, _process), holds in model.items() if holds}
        assert named(folder) == wanted
    for writer in writers:
        writer.close()
    if (folder / JOURNAL).exists():
        assert len(events_of((folder / JOURNAL).read_bytes())) >= sum(what == "write" for what, *_rest in history)
