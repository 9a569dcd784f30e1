# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback in a process of its own: what it reads, how it shows it, and what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible_collections.mtv.teardown.plugins.callback import progress
from ansible_collections.mtv.teardown.plugins.module_utils import _progress

ERASED = "\r\x1b[2K"


@pytest.mark.parametrize(
    ("environ", "terminal", "live"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "CI": ""}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "xterm", "CI": "true"}, True, False),
        ({"TERM": "xterm", "AWX_ISOLATED_DATA_DIR": "/runner/artifacts/1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
    ],
)
def test_where_a_line_can_be_written_over(environ: dict[str, str], terminal: bool, live: bool) -> None:
    assert progress.is_live(environ, terminal) is live


class Display:
    """As Ansible's: one method for all that is written."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def display(self, msg: str, newline: bool = True, screen_only: bool = False) -> None:
        assert newline or screen_only
        self.written.append(msg + ("\n" if newline else ""))

    @property
    def shown(self) -> str:
        return "".join(self.written)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(progress, "_REFRESH", 0.0)
    monkeypatch.setattr(progress, "_TICK", 0.01)
    monkeypatch.delenv(_progress.CHANNEL, raising=False)
    return tmp_path


def event(pid: int, **more: Any) -> str:
    thing = _progress.thing("Secret", "a", namespace="auto-ab12", uid="u", since="2026-01-01T10:00:00Z")
    wait = {"what": "to go", "left": {"Secret": 1}, "things": [thing], "ends": time.time() + 99, "latest": 0}
    asked = {"left": {"Secret": 1}, "things": [thing]}
    return json.dumps({"module": "plans", "pid": pid, "over": False, "waits": [wait], "asked": asked, **more})


@pytest.fixture
def dead() -> int:
    """The number of a process that is not there any more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_lies_in_the_folder(dead: int) -> None:
    folder = progress.Folder()
    here = Path(folder.path)
    assert here.stat().st_mode & 0o777 == 0o700
    (here / "2-b.json").write_text(event(os.getpid(), module="alive"), encoding="utf-8")
    (here / "1-a.json").write_text(event(dead, module="killed"), encoding="utf-8")
    (here / ".3-c.json.x").write_text(event(1), encoding="utf-8")
    (here / "notes.txt").write_text(event(1), encoding="utf-8")
    (here / "4.json").write_bytes(b"\x00\xff{")
    (here / "5.json").write_text(" " * 1_000_001, encoding="utf-8")
    (here / "6.json").mkdir()
    (here / "7.json").symlink_to(here / "2-b.json")
    os.mkfifo(here / "8.json")
    (here / "9.json").touch(0o000)
    for pid in (0, -1, 10**12, "x"):
        (here / f"99{pid}.json").write_text(event(pid), encoding="utf-8")  # type: ignore[arg-type]
    states = folder.states()
    assert [(state.module, bool(state.waiting)) for state in states][:2] == [("killed", False), ("alive", True)]
    assert not any(state.waiting for state in states[2:])
    assert states[0].asked.left == {"Secret": 1}
    # What was said stays said, and what is said anew is read.
    (here / "2-b.json").unlink()
    assert [state.module for state in folder.states()][:2] == ["killed", "alive"]
    (here / "1-b.json").write_text(event(os.getpid(), module="next"), encoding="utf-8")
    assert [state.module for state in folder.states()][1] == "next"
    folder.remove()
    assert not here.exists()
    assert folder.states()


def test_a_process_of_which_nobody_took_note(dead: int) -> None:
    """As in a container whose first process does not care for orphans."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    assert eventually(lambda: not progress._lives(process.pid))
    assert process.poll() == 0
    assert progress._lives(os.getpid()) and not progress._lives(dead)


@pytest.fixture
def display() -> Display:
    return Display()


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """Ansible's own handlers, as those of ansible-core 2.21."""
    seen: list[int] = []

    def handler(number: int, _frame: Any) -> None:
        seen.append(number)

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield seen
    for number, one in before.items():
        signal.signal(number, one)


def eventually(holds: Any) -> bool:
    ends = time.monotonic() + 30
    while not holds() and time.monotonic() < ends:
        time.sleep(0.01)
    return bool(holds())


def write(name: str, text: str) -> None:
    Path(os.environ[_progress.CHANNEL], name).write_text(text, encoding="utf-8")


def is_left(home: Path) -> bool:
    return any(home.iterdir()) or _progress.CHANNEL in os.environ


def test_a_run_that_ends_well(display: Display, home: Path) -> None:
    watch = progress.Watch(display, is_live=False, interval=0.0)  # type: ignore[arg-type]
    write("1.json", event(os.getpid()))
    assert eventually(lambda: "mtv.teardown: 1 left to go (1 Secret); slowest Secret auto-ab12/a" in display.shown)
    watch.close()
    assert not is_left(home)
    assert "Cut off" not in display.shown
    before = display.shown
    watch.close()
    assert display.shown == before


def test_what_is_over_within_the_interval_is_not_told(display: Display, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    states = progress.Folder.states

    def counted(folder: progress.Folder) -> Any:
        found = states(folder)
        looks.append(sum(bool(state.waiting) for state in found))
        return found

    monkeypatch.setattr(progress.Folder, "states", counted)
    watch = progress.Watch(display, is_live=False, interval=60.0)  # type: ignore[arg-type]
    write("1.json", event(os.getpid()))
    assert eventually(lambda: sum(looks) > 2)
    watch.close()
    assert display.shown == ""


def test_a_live_line_is_taken_away_before_anything_else(display: Display) -> None:
    watch = progress.Watch(display, is_live=True, interval=0.0)  # type: ignore[arg-type]
    write("1.json", event(os.getpid()))
    assert eventually(lambda: "left to go" in display.shown)
    display.display("ok: [localhost]")
    assert f"{ERASED}ok: [localhost]\n" in display.shown
    write("1.json", event(os.getpid(), over=True))
    watch.close()
    assert display.written[-1] == ERASED or display.shown.endswith("ok: [localhost]\n")
    assert "display" not in vars(display)


def test_a_worker_leaves_the_line_alone(display: Display, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it wait for a lock that somebody held when it was made."""
    screen = progress.Screen(display, is_live=True)  # type: ignore[arg-type]
    screen.live("3 left to go")
    holds, free = threading.Event(), threading.Event()

    def hold() -> None:
        with screen._lock:
            holds.set()
            free.wait(30)

    threading.Thread(target=hold, daemon=True).start()
    assert holds.wait(30)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    display.display("from a worker")
    free.set()
    assert display.shown.endswith("3 left to gofrom a worker\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted(display: Display, home: Path, signals: list[int], number: int) -> None:
    watch = progress.Watch(display, is_live=False, interval=60.0)  # type: ignore[arg-type]
    write("1.json", event(os.getpid(), over=True))
    os.kill(os.getpid(), number)
    assert signals == [number]
    assert eventually(
        lambda: "Cut off. 1 asked for and not seen done (1 Secret):\n  Secret auto-ab12/a" in display.shown
    )
    watch.close(cut_off=True)
    assert display.shown.count("Cut off") == 1
    assert not is_left(home)


def test_a_terminal_that_went_away(
    display: Display, home: Path, signals: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = progress.Watch(display, is_live=False, interval=60.0)  # type: ignore[arg-type]
    write("1.json", event(os.getpid(), over=True))

    def fails(*_args: Any, **_more: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(display, "display", fails)
    os.kill(os.getpid(), signal.SIGHUP)
    assert signals == [signal.SIGHUP]
    assert eventually(lambda: not any(home.iterdir()))
    watch.close(cut_off=True)


def test_a_run_that_ends_before_its_end(display: Display, home: Path, dead: int) -> None:
    """Such as with an error of Ansible, or in ansible-core 2.19, whose workers take over its signals."""
    watch = progress.Watch(display, is_live=False, interval=60.0)  # type: ignore[arg-type]
    write("1.json", event(dead))
    watch.close(cut_off=True)
    assert "Cut off. 1 asked for" in display.shown
    assert not is_left(home)


def test_another_channel_is_there_again(display: Display, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A playbook that runs a playbook."""
    monkeypatch.setenv(_progress.CHANNEL, "/outer")
    watch = progress.Watch(display, is_live=False, interval=60.0)  # type: ignore[arg-type]
    assert os.environ[_progress.CHANNEL].startswith(str(tmp_path))
    watch.close()
    assert os.environ[_progress.CHANNEL] == "/outer"


def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(home / "nowhere"))
    warned: list[str] = []
    callback = progress.CallbackModule()
    monkeypatch.setattr(callback, "get_option", {"interval": 15, "live": True}.get)
    monkeypatch.setattr(callback, "_display", type("Warns", (), {"warning": staticmethod(warned.append)}))
    callback.v2_playbook_on_start(None)
    callback.v2_playbook_on_stats(None)
    assert warned == ["mtv.teardown.progress shows nothing: No such file or directory."]
    assert not is_left(home)
