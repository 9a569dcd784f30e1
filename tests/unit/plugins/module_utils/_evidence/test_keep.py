# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One document of bounded size for each object, of a name of our own; a folder that is ours alone, and nothing beside
it; and no error that reaches anybody."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import folder as _folder
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.folder import Folder
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keep import Bounds, Document
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keeper import Keeper

SAFE = re.compile(r"[A-Za-z0-9-]+\.yaml")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_secrets, "_known", _secrets.Known())


def about(number: int = 1, why: str = keep.HANGS, **more: Any) -> dict[str, Any]:
    told = {"kind": "ConfigMap", "api_version": "v1", "namespace": "auto-ab12", "name": f"held-{number}"}
    return {**told, "uid": f"uid-{number}", "why": why, "taken": "2026-01-01T10:00:00.000Z", **more}


def document(number: int = 1, size: int = 10, **more: Any) -> Document:
    return Document(about(number, **more), {"object": {"x": "y" * size}})


# -- documents --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "a\0b", "", ".", "..", "x" * 5000, "a\nb", "é€", "-rf", "con", "\ud800", "<b>"],
)
def test_what_an_object_is_called_is_no_path(name: str, tmp_path: Path) -> None:
    told = Document(about(name=name, kind=name, uid=name, provider=name), {}).file_name
    assert SAFE.fullmatch(told) and len(told) < 255
    home = Folder(str(tmp_path / "x.evidence"), name, Bounds())
    home.keep(Document(about(name=name.encode("utf-8", "replace").decode()), {}))
    assert [path.name for path in tmp_path.iterdir()] == ["x.evidence"]
    (run,) = (tmp_path / "x.evidence").iterdir()
    assert re.fullmatch("[A-Za-z0-9-]+", run.name)


def test_each_object_and_each_reason_has_a_file_of_its_own() -> None:
    names = {document(n, why=why, provider=p).file_name for n in (1, 2) for why in keep.WHYS for p in ("", "a")}
    assert len(names) == 2 * len(keep.WHYS) * 2


def test_a_document_says_what_it_is_about_and_what_could_not_be_read() -> None:
    parts = {"object": {"kind": "ConfigMap"}, "events": [], "namespace": {}, "log": ["a | b"]}
    text, truncated = keep.fitted(Document(about(), parts, ("403 for events",)), 10_000)
    told = yaml.safe_load(text)
    assert list(told) == ["about", "object", "log", "unread"] and not truncated
    assert told["about"]["because"] == keep.WHYS[keep.HANGS] and told["unread"] == ["403 for events"]


@pytest.mark.parametrize("most", [600, 1000, 2000, 5000, 20_000])
def test_what_is_too_much_is_left_out_from_its_oldest_end(most: int) -> None:
    parts = {
        "object": {"metadata": {"name": "x"}, "spec": "s" * 900},
        "events": [{"message": f"event {n:03}"} for n in range(100)],
        "log": [f"line {n:03} {'z' * 80}" for n in range(200)],
    }
    text, truncated = keep.fitted(Document(about(), parts, ("unread",)), most)
    told = yaml.safe_load(text)
    assert len(text.encode()) <= most and truncated == (most < 50_000)
    assert told["about"]["name"] == "held-1"
    for part, last in (("log", "line 199"), ("events", "event 099")):
        assert last in str(told.get(part, [last])[-1])
    assert told.get("left_out")
    if most >= 2000:
        assert told["object"] == parts["object"]


def test_lines_of_other_objects_are_none_of_ours() -> None:
    log = "\n".join(
        [
            "reconcile auto-ab1-plan",
            'reconcile {"plan":"auto-ab1"}',
            "reconcile auto-ab1.",
            "reconcile auto-ab12",
            "xauto-ab1",
            "auto-ab1.example",
            "ns/auto-ab1: token=hush-hush",
            "uid 4f1d",
        ]
    )
    assert keep.lines_about(log, ("auto-ab1", "4f1d"), 99) == [
        'reconcile {"plan":"auto-ab1"}',
        "reconcile auto-ab1.",
        "ns/auto-ab1: token=***",
        "uid 4f1d",
    ]
    assert keep.lines_about(log, ("auto-ab1", "4f1d"), 1) == ["uid 4f1d"]
    assert keep.lines_about(log, ("",), 9) == [] and keep.last_lines("a\nb\nc", 2) == ["b", "c"]
    assert keep.lines_about(log, ("auto-ab1",), 0) == [] and keep.last_lines("a", 0) == []


def test_a_long_line_is_cut_without_a_part_of_a_secret() -> None:
    _secrets.keep("hush" * 10)
    line = "me " + "x" * 3980 + "hush" * 10
    assert "hush" not in keep.lines_about(line, ("me",), 1)[0] and "hush" not in keep.last_lines(line, 1)[0]
    long = "w" * 1_000_000  # in seconds, not in hours
    assert keep.last_lines(long, 1) == ["w" * 4000]
    assert len(_secrets.masked(long)) == len(long)


# -- the folder -------------------------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_files_are_for_this_account_alone_and_told_as_they_are(tmp_path: Path) -> None:
    home = Folder(str(tmp_path / "new" / "teardown-auto-ab12.evidence"), "2026-01-01T10:00:00Z-build/7", Bounds())
    home.keep(document(1))
    home.keep(document(1))
    (told,) = home.files
    path = tmp_path / "new" / told["path"]
    assert told["path"].startswith("teardown-auto-ab12.evidence/2026-01-01T10-00-00Z-build-7/ConfigMap-held-1-hangs-")
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent, path.parents[1])] == [0o600, 0o700, 0o700]
    assert (told["size"], told["truncated"]) == (path.stat().st_size, False)
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert {key: told[key] for key in about()} == about()


def test_a_run_has_bounds_that_hold_for_all_its_modules(tmp_path: Path) -> None:
    bounds = Bounds(objects=3, file_size=4096, total_size=6000)
    for number in range(3):
        Folder(str(tmp_path / "e"), "r", bounds).keep(document(number, size=500))
    with pytest.raises(Exception, match="of more objects"):
        Folder(str(tmp_path / "e"), "r", bounds).keep(document(9))
    other = Folder(str(tmp_path / "e"), "s", Bounds(objects=9, file_size=4096, total_size=5000))
    for size in (9000, 3800):
        other.keep(document(size, size=size))
    assert [one["truncated"] for one in other.files] == [True, False]
    with pytest.raises(Exception, match="no more is kept"):
        other.keep(document(3, size=9000))
    assert 4000 < sum(path.stat().st_size for path in (tmp_path / "e/s").iterdir()) <= 5000


def test_many_runs_do_not_fill_a_disk(tmp_path: Path) -> None:
    for number in range(_folder.MOST_RUNS):
        Folder(str(tmp_path / "e"), f"run-{number}", Bounds()).keep(document())
    with pytest.raises(Exception, match="take some away"):
        Folder(str(tmp_path / "e"), "one-more", Bounds()).keep(document())
    Folder(str(tmp_path / "e"), "run-3", Bounds()).keep(document(2))
    assert len(list((tmp_path / "e").iterdir())) == _folder.MOST_RUNS


def made_unfit(how: str, tmp_path: Path) -> Path:
    """What lies where evidence would go; returns what must stay as it is."""
    others = tmp_path / "others"
    others.mkdir(mode=0o700)
    (others / "precious").write_text("precious")
    home = tmp_path / "e"
    if how == "link":
        home.symlink_to(others)
    elif how == "link inside":
        home.mkdir(mode=0o700)
        (home / "r").symlink_to(others)
    elif how == "file":
        home.write_text("precious")
    elif how == "open to all":
        home.mkdir()
        home.chmod(0o777)
    elif how == "file linked":
        (home / "r").mkdir(parents=True, mode=0o700)
        home.chmod(0o700)
        (home / "r" / document().file_name).symlink_to(others / "precious")
    elif how == "file there":
        (home / "r").mkdir(parents=True, mode=0o700)
        home.chmod(0o700)
        (home / "r" / document().file_name).write_text("precious")
    return others


@pytest.mark.parametrize("how", ["link", "link inside", "file", "open to all", "file linked", "file there"])
def test_nothing_of_others_is_overwritten_or_followed(how: str, tmp_path: Path) -> None:
    others = made_unfit(how, tmp_path)
    keeper = Keeper(Folder(str(tmp_path / "e"), "r", Bounds()))
    wanted = keeper.fresh([1], about)
    for number in wanted:
        keeper.keep(document(number))
    assert [path.name for path in others.iterdir()] == ["precious"]
    assert (others / "precious").read_text() == "precious"
    told = keeper.told()
    assert told.get("files", []) == []
    if how.startswith("file ") is False or how == "file":
        (note,) = told["notes"]
        assert note.startswith("no more evidence is kept: ")


# -- whatever goes wrong ------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_once_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_folder.os, "fsync", full)
    keeper = Keeper(Folder(str(tmp_path / "e"), "r", Bounds()))
    for number in range(5):
        keeper.keep(document(number))
    assert keeper.told() == {
        "folder": "e/r",
        "files": [],
        "notes": ["no more evidence is kept: it cannot be written: No space left on device."],
    }
    assert list((tmp_path / "e/r").iterdir()) == [] and not keeper.fresh([7], about)


def test_what_cannot_be_written_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_data: object) -> str:
        raise ValueError("hush")

    keeper = Keeper(Folder(str(tmp_path / "e"), "r", Bounds()))
    with monkeypatch.context() as patched:
        patched.setattr(keep, "as_yaml", fails)
        keeper.keep(document(1))
    keeper.keep(document(2))
    told = keeper.told()
    assert told["notes"] == ["no evidence of ConfigMap held-1: ValueError."]
    assert [one["name"] for one in told["files"]] == ["held-2"]


def test_without_a_folder_nothing_is_done(tmp_path: Path) -> None:
    keeper = Keeper()
    assert not keeper.fresh([1], about) and not keeper.is_wanted
    keeper.keep(document())
    assert keeper.told() == {} and list(tmp_path.iterdir()) == []


def test_of_each_object_once_and_of_what_is_held_not_too_many(tmp_path: Path) -> None:
    keeper = Keeper(Folder(str(tmp_path / "e"), "r", Bounds(objects=10)))
    assert keeper.fresh([1, 2], about) == [1, 2] and keeper.fresh([1, 2, 3], about) == [3]
    keeper.keep(document(1))
    assert Keeper(Folder(str(tmp_path / "e"), "r", Bounds())).fresh([1, 2], about) == [2]
    held = keeper.fresh(range(20), lambda n: about(n, why=keep.HELD))
    assert held == [0, 1] and keeper.fresh(range(50, 60), lambda n: about(n, why=keep.HELD)) == []
    assert len(keeper.fresh(range(100, 120), about)) == 10
    assert [note.partition(" there")[0] for note in keeper.told()["notes"]] == [
        "of 18 more objects",
        "of 10 more objects",
        "of 10 more objects",
    ]


def test_too_much_time_ends_it(tmp_path: Path) -> None:
    keeper = Keeper(Folder(str(tmp_path / "e"), "r", Bounds()), patience=0.0)
    with keeper.taking():
        keeper.keep(document(1))
    keeper.keep(document(2))
    told = keeper.told()
    assert len(told["files"]) == 1 and told["notes"] == ["no more evidence is kept: it has taken too long."]
