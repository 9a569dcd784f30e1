# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module in a fork: it gets what it was given, is alone, and leaves nothing to the process that it came from."""

from __future__ import annotations

import atexit
import importlib
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import _internal, basic
from ansible_collections.mtv.teardown.plugins.plugin_utils import _fork

pytestmark = pytest.mark.slow

MODULES = "ansible_collections.mtv.teardown.plugins.modules"
# In the words of a module that somebody else might write.
HEAD = "from ansible.module_utils.basic import AnsibleModule\nmodule = AnsibleModule(argument_spec={})\n"


def call(module: str, folder: Path, arguments: dict[str, Any] | None = None, **environment: str) -> _fork.Call:
    given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments or {}}).encode()
    return _fork.Call(module, given, "legacy", environment, str(folder))


def answer(module: str, folder: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    code, out, err = _fork.run(call(f"{MODULES}.{module}", folder, arguments))
    assert out, (code, err)
    found: dict[str, Any] = json.loads(out)
    return found


class Written:
    """Modules of these lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def run(self, lines: str, **environment: str) -> tuple[int, str, str]:
        self.count += 1
        name = f"written_{self.count}_{os.getpid()}"
        (self.folder / f"{name}.py").write_text(HEAD + lines, encoding="utf-8")
        return _fork.run(call(name, self.folder.parent, **environment))

    def result(self, lines: str, **environment: str) -> dict[str, Any]:
        code, out, err = self.run(lines, **environment)
        assert (code, err) == (0, ""), (out, err)
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return Written(folder)


@pytest.mark.parametrize("line", ["x", "q\"'{}{{ x }}\\", "é\n\u2028", "'''", "\udc80", "x" * 300_000])
def test_a_module_gets_what_it_was_given(line: str, tmp_path: Path) -> None:
    assert answer("show", tmp_path, {"lines": [line]})["msg"] == [line]


def test_nothing_is_imported_from_the_folder_it_is_called_in(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_there.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend("")
    monkeypatch.syspath_prepend(str(tmp_path))
    lines = "try:\n import only_there\nexcept ImportError:\n module.exit_json(missing=True)\nmodule.exit_json()"
    assert written.result(lines)["missing"] is True


def test_what_is_wrong_is_told_as_ever(tmp_path: Path) -> None:
    told = answer("show", tmp_path, {"lines": ["x"], "line": "y"})
    assert told["failed"] is True
    assert "Unsupported parameters" in told["msg"]


def test_the_client_of_kubernetes_core_is_found(tmp_path: Path) -> None:
    told = answer("session_info", tmp_path, {"session_prefix": "auto-zz99", "kubeconfig": str(tmp_path / "none")})
    assert (told["failed"], "none" in told["msg"]) == (True, True)


def test_where_and_with_what_it_runs_is_its_own(tmp_path: Path, written: Written) -> None:
    here = Path.cwd()
    lines = "import os\nmodule.exit_json(folder=os.getcwd(), value=os.environ['OF_THE_TASK'])"
    told = written.result(lines, OF_THE_TASK="é")
    assert (told["folder"], told["value"]) == (str(tmp_path), "é")
    assert (Path.cwd(), "OF_THE_TASK" in os.environ) == (here, False)


def test_warnings_go_into_the_result(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of Ansible they would go to its display."""
    monkeypatch.setattr(_internal, "is_controller", True)
    monkeypatch.setattr(_internal, "import_controller_module", lambda name, /: pytest.fail(name))
    told = written.result("module.warn('mind this')\nmodule.deprecate('old', version='9')\nmodule.exit_json()")
    assert "mind this" in str(told["warnings"])
    assert "old" in str(told["deprecations"])
    assert _internal.is_controller is True


def test_what_is_done_at_the_end_is_its_own(tmp_path: Path, written: Written) -> None:
    def ours() -> None:
        (tmp_path / "ours").touch()

    atexit.register(ours)
    written.result(
        f"import atexit, pathlib\natexit.register(pathlib.Path({str(tmp_path / 'its')!r}).touch)\nmodule.exit_json()"
    )
    atexit.unregister(ours)
    assert ((tmp_path / "its").exists(), (tmp_path / "ours").exists()) == (True, False)


def test_nothing_goes_to_the_log_of_ansible(tmp_path: Path, written: Written) -> None:
    handler = logging.FileHandler(tmp_path / "log")
    logging.getLogger().addHandler(handler)
    code, _out, err = written.run(
        "import logging\nlogging.getLogger('of.others').warning('Retrying')\nmodule.exit_json()"
    )
    logging.getLogger().removeHandler(handler)
    handler.close()
    assert (code, err, (tmp_path / "log").read_text("utf-8")) == (0, "Retrying\n", "")


@pytest.mark.parametrize(
    ("lines", "code", "told"),
    [
        ("raise RuntimeError('no way out')", 1, "RuntimeError: no way out"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, ""),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
        ("raise SystemExit(3)", 3, ""),
        ("import sys\nsys.stderr.write('e' * 300_000)\nmodule.exit_json()", 0, "e" * 300_000),
    ],
)
def test_how_it_ends_is_told(lines: str, code: int, told: str, written: Written) -> None:
    ended, _out, err = written.run(lines)
    assert ended == code
    assert told in err
    assert bool(told) == bool(err)


def test_an_interrupt_is_what_a_program_expects(written: Written) -> None:
    """A worker of Ansible has handlers of its own; ours look whether somebody did change it."""
    before = signal.signal(signal.SIGINT, lambda *_given: None), signal.signal(signal.SIGTERM, lambda *_given: None)
    try:
        lines = "import signal\nmodule.exit_json(as_ever=signal.getsignal(2) is signal.default_int_handler)"
        assert written.result(lines)["as_ever"] is True
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])


def test_a_task_that_is_out_of_time_leaves_none_running(tmp_path: Path, written: Written) -> None:
    """Ansible's own timeout of a task is an alarm, and no Exception."""
    pid = tmp_path / "pid"

    class OverError(BaseException):
        pass

    def over(*_given: object) -> None:
        raise OverError

    before = signal.signal(signal.SIGALRM, over)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(OverError):
            lines = (
                f"import os, pathlib, time\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
            )
            written.run(lines)
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text("ascii")), 0)


def test_a_signal_that_another_thread_gets_ends_it(written: Written) -> None:
    """The system may give it to any thread; in Python only the first one acts on it, and that waits for the module."""

    def over(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    def cut_off() -> None:
        time.sleep(0.5)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, over)
    begun, other = time.monotonic(), threading.Thread(target=cut_off)
    try:
        other.start()
        with pytest.raises(KeyboardInterrupt):
            written.run("import time\ntime.sleep(60)")
    finally:
        signal.signal(signal.SIGUSR1, before)
    other.join()
    assert time.monotonic() - begun < 30


def test_what_it_changes_is_not_changed_here(written: Written) -> None:
    before = (sys.stdout, sys.argv, list(sys.path), basic._ANSIBLE_ARGS, time.tzname)
    written.result("import sys\nsys.path.insert(0, '/x')\nmodule.exit_json()")
    assert (sys.stdout, sys.argv, list(sys.path), basic._ANSIBLE_ARGS, time.tzname) == before


def test_what_libraries_read_when_they_were_imported_is_read_anew(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Kubernetes client keeps KUBECONFIG, tempfile its folder: a task's own environment names another cluster."""
    importlib.import_module("kubernetes.config.kube_config")
    tempfile.gettempdir()
    lines = "import tempfile\nfrom kubernetes.config import kube_config\n"
    lines += "module.exit_json(config=kube_config.KUBE_CONFIG_DEFAULT_LOCATION, folder=tempfile.gettempdir())"
    told = written.result(lines, KUBECONFIG="/there/config", TMPDIR=str(tmp_path))
    assert (told["config"], told["folder"]) == ("/there/config", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert written.result(lines)["config"] == "~/.kube/config"
