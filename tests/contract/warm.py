# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ansible-playbook, or of a module, each a fork of one process that has imported Ansible and the libraries of
modules: to start Python and to import is a fourth of what a short run costs. To the run all is as in a process of its
own. What one is needed for, signals, callback plugins, another configuration, is started as one; so is all that
molecule, AWX, pipelines, the demo and the tarball are tried with.

python -m tests.contract.warm SOCKET: the process that is forked. It ends when its standard input does."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.controlplane import CHECKOUT

PLAYBOOK = "ansible.cli.playbook"
# Nothing of ansible_collections: where those are is Ansible's to say, at the beginning of each run.
IMPORTED = (
    PLAYBOOK,
    "ansible.executor.playbook_executor",
    "ansible.plugins.strategy.linear",
    "ansible.plugins.connection.local",
    "ansible.plugins.action.normal",
    "kubernetes.client.rest",
    "kubernetes.config",
    "kubernetes.dynamic",
    "openstack",
    "ovirtsdk4.services",
    "pyVmomi",
)
# Ansible reads these when it is imported.
_READ_AT_IMPORT = ("ANSIBLE_", "HOME", "LC_", "LANG", "PYTHON", "COLUMNS")


def _at_import(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_READ_AT_IMPORT)}


class Warm:
    """Its runs, in one configuration of Ansible."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._same = _at_import(environment)
        self._folder = tempfile.TemporaryDirectory()
        self._path = str(Path(self._folder.name) / "socket")
        command = [sys.executable, "-m", "tests.contract.warm", self._path]
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None and self._process.stdout.readline() == b"ready\n"

    def fits(self, environment: Mapping[str, str]) -> bool:
        return _at_import(environment) == self._same

    def run(
        self, program: str, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], limit: int
    ) -> tuple[int, str]:
        """Its code, and its output, that of errors last. program: a module of Python that is one; limit: seconds."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as line:
            line.connect(self._path)
            what = {"program": program, "arguments": list(arguments)}
            asked = json.dumps({**what, "cwd": str(cwd), "environment": dict(environment)})
            socket.send_fds(line, [b"x"], [out.fileno(), err.fileno()])
            line.sendall(asked.encode() + b"\n")
            told = line.makefile("rb")
            group = int(told.readline())
            if not select.select([line], [], [], limit)[0]:
                os.killpg(group, signal.SIGKILL)
                raise TimeoutError(f"after {limit} s: {program} {' '.join(arguments)}")
            code = int(told.readline())
            return code, "".join(_text(one.fileno()) for one in (out, err))

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()


def _text(number: int) -> str:
    return os.pread(number, os.fstat(number).st_size, 0).decode()


def main(path: str) -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # what is imported is looked through by no fork: that would copy its pages
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while server in select.select([server, sys.stdin], [], [])[0]:
            line, _address = server.accept()
            if os.fork() == 0:
                server.close()
                _attend(line)
            line.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _attend(line: socket.socket) -> None:
    """One run, in a process group of its own; then this process ends, too."""
    _data, numbers, _flags, _address = socket.recv_fds(line, 1, 2)
    asked = json.loads(line.makefile("rb").readline())
    run = os.fork()
    if run == 0:
        os.setpgid(0, 0)
        line.close()
        _run(asked, *numbers)
    with contextlib.suppress(OSError):  # it may be the first to do so, and gone
        os.setpgid(run, run)
    line.sendall(f"{run}\n".encode())
    status = os.waitpid(run, 0)[1]
    line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(asked: dict[str, object], out: int, err: int) -> None:
    """The program, from its beginning to its end. The folder for what is temporary is for all runs, and goes with
    the process that is forked: at the end of one nothing of it is taken away."""
    environment, arguments = asked["environment"], asked["arguments"]
    assert isinstance(environment, dict) and isinstance(arguments, list)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.environ.clear()
    os.environ.update(environment)
    # As _fork.py does it, which cannot be imported before Ansible has said where collections are.
    sys.modules["kubernetes.config.kube_config"].KUBE_CONFIG_DEFAULT_LOCATION = environment.get(
        "KUBECONFIG", "~/.kube/config"
    )
    tempfile.tempdir = None
    os.chdir(str(asked["cwd"]))
    program = str(asked["program"])
    sys.argv = [program, *arguments]
    code: object = 1
    try:
        if program == PLAYBOOK:
            importlib.import_module(program).main()
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
    except SystemExit as exc:
        code = exc.code or 0
    except BaseException:  # noqa: BLE001 - this is where it ends
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main(sys.argv[1])
