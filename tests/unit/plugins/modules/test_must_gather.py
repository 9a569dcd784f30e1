# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module must_gather through its real main(), with an oc that is a script: what it is given, how it ends, and that
nothing of it stays behind."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lease_store
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import PATIENCE
from ansible_collections.mtv.teardown.plugins.module_utils._run import holding, must_gather, program

pytestmark = pytest.mark.slow

TOKEN = "sha256~hush"
GIVEN = {"host": "https://127.0.0.1:6443/", "api_key": TOKEN, "image": "registry/mg:1"}
LEASE = {"namespace": "ci", "name": "mtv-teardown-auto-ab12", "uid": "u1", "holder": "me", "duration": 60}
# It and a child of it go on for longer than any test; who they are stands in a file.
ENDLESS = 'sleep 600 & echo "$$ $!" >"$HERE/pids.new"; mv "$HERE/pids.new" "$HERE/pids"; wait'


def until(so: Callable[[], Any]) -> Any:
    ends = time.monotonic() + 60
    while not (found := so()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return found


class Oc:
    """A script in PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "tmp").mkdir()
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("HERE", str(folder))
        monkeypatch.setattr("tempfile.tempdir", str(folder / "tmp"))

    def does(self, script: str) -> None:
        file = self.folder / "bin/oc"
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)

    def pids(self) -> list[int]:
        file = self.folder / "pids"
        return [int(one) for one in file.read_text(encoding="utf-8").split()] if file.exists() else []

    def left(self) -> list[Path]:
        return list((self.folder / "tmp").iterdir())


def lives(pid: int) -> bool:
    """A zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a process of its own."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(_limits, "_interrupted", threading.Event())
    for name, value in (("_stopped", ""), ("_until", _limits._until), ("_late", "")):
        monkeypatch.setattr(_limits, name, value)


@pytest.fixture
def oc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Oc:
    monkeypatch.setattr(program, "GRACE", 1.0)
    return Oc(tmp_path, monkeypatch)


def run(capfd: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    module = importlib.import_module("ansible_collections.mtv.teardown.plugins.modules.must_gather")
    capfd.readouterr()
    given = {**GIVEN, "dest_dir": "collected/must-gather", **options}
    with patch_module_args(given), pytest.raises(SystemExit):
        module.main()
    output = capfd.readouterr().out
    assert "hush" not in output
    found: dict[str, Any] = json.loads(output)
    return found


def test_what_oc_is_given(oc: Oc, capfd: pytest.CaptureFixture[str]) -> None:
    oc.does('echo "$@" >"$HERE/asked"; cat "$KUBECONFIG" >"$HERE/used"; stat -c "%a %n" "$KUBECONFIG" >"$HERE/mode"')
    told = run(capfd, timeout=90)
    dest = str(Path("collected/must-gather").absolute())
    assert (told["changed"], told["rc"], told["dest_dir"], told["image"]) == (True, 0, dest, "registry/mg:1")
    asked = (oc.folder / "asked").read_text(encoding="utf-8").strip()
    assert asked == f"adm must-gather --image=registry/mg:1 --dest-dir={dest} --timeout=90s"
    used = json.loads((oc.folder / "used").read_text(encoding="utf-8"))
    assert used["users"][0]["user"] == {"token": TOKEN}
    assert (oc.folder / "mode").read_text(encoding="utf-8").startswith("600 ") and oc.left() == []


def test_oc_fails_and_says_a_secret(oc: Oc, capfd: pytest.CaptureFixture[str]) -> None:
    oc.does(f'echo one; echo "Authorization: Bearer {TOKEN}" >&2; echo "error: no pod" >&2; exit 3')
    told = run(capfd)
    assert (told["failed"], told["rc"], told["msg"]) == (True, 3, "oc adm must-gather ended with 3: error: no pod")
    assert told["last_lines"][0] == "one" and len(told["last_lines"]) == 3 and oc.left() == []


def test_oc_says_much(oc: Oc, capfd: pytest.CaptureFixture[str]) -> None:
    oc.does("yes 'one line of it' | head -n 200000; echo the end; kill -TERM $$")
    told = run(capfd)
    assert told["rc"] == 128 + signal.SIGTERM and told["last_lines"][-1] == "the end"
    assert {*told["last_lines"][:-1]} == {"one line of it"} and len(told["last_lines"]) < 1000


@pytest.mark.parametrize(
    ("kept", "cut", "lines"), [(b"", False, []), (b"a\nb", False, ["a", "b"]), (b"a\nb", True, ["b"])]
)
def test_half_a_line_is_not_told(kept: bytes, cut: bool, lines: list[str]) -> None:
    assert program.told(kept, cut) == lines


def test_no_oc(oc: Oc, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(oc.folder / "bin"))
    assert "oc is not in PATH" in run(capfd)["msg"] and oc.left() == []


def test_check_mode_collects_nothing_and_says_so(oc: Oc, capfd: pytest.CaptureFixture[str]) -> None:
    oc.does('echo >"$HERE/asked"')
    told = run(capfd, _ansible_check_mode=True)
    assert not told["changed"] and "collects nothing" in told["msg"] and not (oc.folder / "asked").exists()


@pytest.mark.parametrize("timeout", [0, -1, 86401])
def test_a_timeout_that_is_none(oc: Oc, capfd: pytest.CaptureFixture[str], timeout: int) -> None:
    oc.does('echo >"$HERE/asked"')
    assert run(capfd, timeout=timeout)["msg"].startswith(f"timeout is {timeout}")
    assert not (oc.folder / "asked").exists()


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "], ids=["it hears", "it does not hear"])
def test_it_takes_too_long(
    oc: Oc, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    monkeypatch.setattr(must_gather, "MARGIN", 1)
    oc.does(trap + ENDLESS)
    told = run(capfd, timeout=1)
    assert told["failed"] and "had not ended after 2 s" in told["msg"]
    assert len(oc.pids()) == 2 and not any(lives(pid) for pid in oc.pids()) and oc.left() == []


def test_what_oc_leaves_behind_is_ended(oc: Oc, capfd: pytest.CaptureFixture[str]) -> None:
    oc.does(ENDLESS.removesuffix("wait") + "exit 0")
    assert run(capfd)["changed"]
    assert until(oc.pids) and until(lambda: not any(lives(pid) for pid in oc.pids()))


def test_the_lease_is_renewed_and_lost(
    oc: Oc, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed: list[float] = []

    def renew(*_args: Any) -> float:
        if len(renewed) > 2 and oc.pids():
            raise lease_store.LostError("this run has lost its Lease: run 2 has taken it over")
        renewed.append(_limits.now())
        return renewed[-1]

    monkeypatch.setattr(holding.elsewhere, "connect", lambda *_option: SimpleNamespace(patience=PATIENCE))
    monkeypatch.setattr(holding, "renew", renew)
    for pause in ("_AGAIN", "_SOON"):
        monkeypatch.setattr(holding, pause, 0.001)
    oc.does(ENDLESS)
    told = run(capfd, lease=LEASE)
    assert told["failed"] and "run 2 has taken it over" in told["msg"] and len(renewed) > 2
    assert not any(lives(pid) for pid in oc.pids()) and oc.left() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_module_is_killed(oc: Oc, number: signal.Signals) -> None:
    oc.does(ENDLESS)
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {**GIVEN, "dest_dir": "x"}})
    name = "ansible_collections.mtv.teardown.plugins.modules.must_gather"
    # Whoever is started in the background ignores SIGINT, and so would this one.
    code = "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += f"sys.argv[1:] = [{given!r}]; runpy.run_module({name!r}, run_name='__main__')"
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(oc.folder / "tmp"), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
    )
    try:
        pids = until(oc.pids)
        assert all(lives(pid) for pid in pids) and oc.left()
    finally:
        run.send_signal(number)
        run.wait(60)
    until(lambda: not any(lives(pid) for pid in pids))
    until(lambda: not oc.left())


CSV = {
    "metadata": {"name": "mtv-operator.v2.9.0"},
    "spec": {"relatedImages": [{"name": "x", "image": "r/x"}, {"name": "must_gather", "image": "r/mg"}]},
}


@pytest.mark.parametrize(
    ("answer", "image"),
    [
        ({"items": [CSV]}, "r/mg"),
        ({"items": [{**CSV, "metadata": {"name": "other.v1"}}]}, ""),
        ({"items": [{**CSV, "spec": {"relatedImages": [{"name": "must-gather"}]}}, CSV]}, "r/mg"),
        ({"items": [{**CSV, "spec": {}}, None, 5]}, ""),
        ({"items": None}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_image_of_the_operator(
    answer: Any, image: str, oc: Oc, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    oc.does("exit 0")
    asked: list[str] = []
    http = SimpleNamespace(json=lambda _method, path: asked.append(path) or answer)
    monkeypatch.setattr(must_gather.cluster_module, "http_of", lambda _module: http)
    told = run(capfd, image="")
    assert told["image"] == image if image else "is this the namespace of the MTV operator" in told["msg"]
    assert asked == ["/apis/operators.coreos.com/v1alpha1/namespaces/openshift-mtv/clusterserviceversions"]
