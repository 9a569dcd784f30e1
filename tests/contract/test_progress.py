# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run shows while a module waits, and what it says when it is cut off: real runs, an object that is held."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.ansible_runs import Playbooks
from tests.contract.waiting import eventually
from tests.lab.admin import Admin
from tests.lab.controlplane import CHECKOUT, Lab
from tests.tools.killed import family, kill

HELD = {"finalizers": ["example.com/held"]}
WAITS = {"mtv_teardown_stall_timeout": 120, "mtv_teardown_preflight": False}
TEARDOWN = CHECKOUT / "playbooks" / "teardown.yml"
ERASED = "\r\x1b[2K"


def as_told(text: str, prefix: str = "auto-ab12") -> str:
    """Whatever the session is called, and however long it took."""
    return re.sub(r"(\d+ min )?\d+ s\b", "so long", text.replace(prefix, "auto-ab12"))


GUIDE = as_told((CHECKOUT / "docs/docsite/rst/guide_progress.rst").read_text(encoding="utf-8"))


class World:
    """A session with two Secrets that nobody lets go, and one of somebody else."""

    def __init__(self, admin: Admin, prefix: str, folder: Path) -> None:
        self.admin, self.prefix, self.home = admin, prefix, folder / "home"
        self.home.mkdir()
        self.others = admin.namespace(f"{prefix}0")
        admin.namespace(prefix)
        admin.make("Secret", self.others, "kept", metadata=HELD)
        for name in ("held-a", "held-b"):
            admin.make("Secret", prefix, name, metadata=HELD)
        self.uid = admin.uid("Secret", self.others, "kept")

    def release(self) -> None:
        for name in ("held-a", "held-b"):
            self.admin.release("Secret", self.prefix, name)

    def is_asked(self) -> bool:
        return not self.admin.uid("Secret", self.prefix, "held-b")

    def left_behind(self) -> list[str]:
        """What is still there of the folders of runs."""
        return [str(path) for path in self.home.rglob("progress-*")]


@pytest.fixture
def world(admin: Admin, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(admin, prefix, tmp_path_factory.mktemp("world"))
    yield made
    assert admin.uid("Secret", made.others, "kept") == made.uid
    assert made.left_behind() == []


@pytest.fixture
def playbooks(lab: Lab, world: World, tmp_path: Path) -> Playbooks:
    made = Playbooks(lab, tmp_path)
    made.variables = {
        "ANSIBLE_CALLBACKS_ENABLED": "mtv.teardown.progress",
        "MTV_TEARDOWN_PROGRESS_INTERVAL": "1",
        "ANSIBLE_HOME": str(world.home),
        "TERM": "xterm",
        "COLUMNS": "100",
        "CI": "",
    }
    return made


class Running:
    """A playbook that runs, and what it has shown so far. terminal: it is started on one."""

    def __init__(
        self, playbooks: Playbooks, *arguments: str, terminal: bool, playbook: Path = TEARDOWN, **extra: object
    ) -> None:
        command = playbooks.command(playbook, *arguments, **{**WAITS, **extra})
        source, sink = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            command,
            cwd=playbooks.folder,
            env=playbooks.environment(),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
        os.close(sink)
        self.shown = ""
        self._reader = threading.Thread(target=self._read, args=(source,), daemon=True)
        self._reader.start()

    def _read(self, source: int) -> None:
        with suppress(OSError):  # a terminal says so when nobody writes any more
            while more := os.read(source, 65536):
                self.shown += more.decode("utf-8", "replace").replace("\r\n", "\n")
        os.close(source)

    def shows(self, pattern: str) -> bool:
        return re.search(pattern, self.shown) is not None

    def ended(self) -> int:
        code = self.process.wait(120)
        self._reader.join(30)
        return code


def alive(processes: list[int]) -> list[int]:
    """Those of them that have not ended; one that nobody took note of has."""
    return [pid for pid in processes if _state(pid) not in ("", "Z")]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""


@contextmanager
def running(playbooks: Playbooks, *arguments: str, terminal: bool, **extra: Any) -> Iterator[Running]:
    started = Running(playbooks, *arguments, terminal=terminal, **extra)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            kill(started.process)


LINE = (
    r"mtv\.teardown: 2 left to go \(2 Secret\); slowest Secret {}/held-a, \d+ s, held by example\.com/held; gives up in"
)


def test_plain_lines(playbooks: Playbooks, world: World) -> None:
    with running(playbooks, terminal=False, session_prefix=world.prefix) as run:
        assert eventually(lambda: run.shows(LINE.format(world.prefix))), run.shown
        assert run.process.poll() is None and world.is_asked()
        world.release()
        assert run.ended() == 0, run.shown
    line = next(line for line in run.shown.splitlines() if "left to go" in line)
    assert as_told(line, world.prefix) in GUIDE
    assert ERASED not in run.shown
    assert "WARNING" not in run.shown and "Cut off" not in run.shown


def test_a_live_line(playbooks: Playbooks, world: World) -> None:
    with running(playbooks, terminal=True, session_prefix=world.prefix) as run:
        line = rf"{re.escape(ERASED)}2 left to go.*; slowest Secret {world.prefix}/held-a, \d+ s, held by"
        assert eventually(lambda: run.shows(line)), run.shown
        world.release()
        assert run.ended() == 0, run.shown
    assert run.shown.count(ERASED) > 2
    # Whatever Ansible writes begins on a line that was erased.
    for text in re.split("\n", run.shown):
        assert (
            not re.search(r"(ok|changed|TASK|PLAY).*", text)
            or ERASED not in text
            or re.search(r"\x1b\[2K(\x1b\[[\d;]+m)?(ok|changed|TASK|PLAY|\n|$)", text)
        ), text


@pytest.mark.parametrize(("number", "terminal"), some(product([signal.SIGINT, signal.SIGTERM], [True, False]), 3))
def test_cut_off(playbooks: Playbooks, world: World, number: signal.Signals, terminal: bool) -> None:
    arguments = ("-e", f"session_prefix={world.prefix}", "-e", "some_password=hunter22")
    with running(playbooks, *arguments, terminal=terminal) as run:
        assert eventually(lambda: run.shows("left to go")), run.shown
        processes = list(family(run.process.pid))
        os.killpg(run.process.pid, number)
        assert run.ended() == (99 if number == signal.SIGINT else -number), run.shown
    # Nothing goes on behind its back. A watch lasts longer.
    assert eventually(lambda: not alive(processes), 20), alive(processes)
    said = run.shown[run.shown.index("mtv.teardown: Cut off.") :]
    assert "Cut off. 2 asked for and not seen done (2 Secret):" in said
    for name in ("held-a", "held-b"):
        assert re.search(
            rf"Secret {world.prefix}/{name}, to be deleted, asked \d+ s ago, held by example\.com/held", said
        )
    assert re.search(
        rf"\n  ansible-playbook \S*teardown.yml .*-e session_prefix={world.prefix} -e some_password=…\n", said
    )
    for line in said.splitlines()[:4]:
        assert as_told(line, world.prefix) in GUIDE
    assert "hunter22" not in run.shown
    assert "kept" not in said
    # And so it goes on.
    world.release()
    done = playbooks.run("teardown", session_prefix=world.prefix)
    assert done.code == 0, done.output


def test_cut_off_without_the_callback(playbooks: Playbooks, world: World) -> None:
    """Ansible has no ear any more for what its modules say. The next run knows by itself what is left."""
    del playbooks.variables["ANSIBLE_CALLBACKS_ENABLED"]
    with running(playbooks, terminal=True, session_prefix=world.prefix) as run:
        assert eventually(world.is_asked), run.shown
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.ended() == 99, run.shown
    assert "mtv.teardown:" not in run.shown
    world.release()
    done = playbooks.run("teardown", session_prefix=world.prefix)
    assert done.code == 0, done.output


def test_a_module_that_is_killed(playbooks: Playbooks, world: World) -> None:
    with running(playbooks, terminal=False, session_prefix=world.prefix) as run:
        assert eventually(lambda: run.shows("left to go")), run.shown
        last = list(family(run.process.pid))[-1]
        os.kill(last, signal.SIGKILL)
        world.release()
        assert run.ended() == 2, run.shown
    assert "mtv.teardown.progress" not in run.shown


def test_several_hosts(playbooks: Playbooks, world: World) -> None:
    """Two at a time, one of them delegated; and one whose environment is not ours, as on another machine."""
    number = world.prefix[-3:]
    names = {"here": world.prefix, "delegated": f"auto-d{number}", "elsewhere": f"auto-e{number}"}
    for name in (names["delegated"], names["elsewhere"]):
        world.admin.namespace(name)
        world.admin.make("Secret", name, "held-a", metadata=HELD)
    hosts = {name: {"ansible_connection": "local", "prefix": prefix} for name, prefix in names.items()}
    hosts["elsewhere"]["channel"] = "/nowhere/at/all"
    module = {"session_prefix": "{{ prefix }}", "kubeconfig": playbooks.kubeconfig, "stall_timeout": 120}
    task = {
        "mtv.teardown.openshift_resources": module,
        "environment": "{{ {'MTV_TEARDOWN_PROGRESS_CHANNEL': channel} if channel is defined else {} }}",
        "delegate_to": "{{ 'localhost' if inventory_hostname == 'delegated' else omit }}",
        "vars": {"ansible_python_interpreter": sys.executable},
    }
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    (playbooks.folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    (playbooks.folder / "several.yml").write_text(json.dumps([play]), encoding="utf-8")
    with running(playbooks, "-i", "inventory.json", playbook=playbooks.folder / "several.yml", terminal=False) as run:
        whose = [rf"mtv\.teardown: {names[name]} https://\S+: \d left to go" for name in ("here", "delegated")]
        assert eventually(lambda: all(run.shows(one) for one in whose)), run.shown
        for name in (names["delegated"], names["elsewhere"]):
            world.admin.release("Secret", name, "held-a")
        world.release()
        assert run.ended() == 0, run.shown
    assert f"{names['elsewhere']} https" not in run.shown
    assert run.shown.count("changed: [") == 3


def test_it_arrives_through_ansible_runner(playbooks: Playbooks, world: World, tmp_path: Path) -> None:
    """As events of AWX, while the module waits."""
    seen: list[str] = []

    def heard(event: dict[str, str]) -> bool:
        if event["event"] == "verbose" and "left to go" in event["stdout"]:
            seen.append(event["stdout"])
            if len(seen) == 2 and world.is_asked():
                world.release()
        return True

    folder = tmp_path / "runner"
    (folder / "project").mkdir(parents=True)
    done = ansible_runner.run(
        private_data_dir=str(folder),
        playbook=str(TEARDOWN),
        extravars={**WAITS, "session_prefix": world.prefix, "data_collector_path": str(tmp_path / "data")},
        envvars={
            "KUBECONFIG": playbooks.kubeconfig,
            "PATH": f"{Path(sys.executable).parent}:{playbooks.path}",
            "ANSIBLE_CONFIG": playbooks.environment()["ANSIBLE_CONFIG"],
            **playbooks.variables,
        },
        event_handler=heard,
        quiet=True,
    )
    assert (done.status, done.rc) == ("successful", 0), done.stdout.read()
    assert len(seen) >= 2
    assert re.search(LINE.format(world.prefix), seen[0]), seen
    assert not any(ERASED in str(event.get("stdout")) for event in done.events)
