# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module in a fork of this process: what is imported already need not be imported again. To the module all is
as in a Python of its own, as Ansible's wrapper would start it."""

from __future__ import annotations

import atexit
import gc
import logging
import multiprocessing
import os
import random
import runpy
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils import _internal, basic
from ansible.module_utils._internal import _traceback
from ansible_collections.mtv.teardown.plugins.module_utils import _threads
from ansible_collections.mtv.teardown.plugins.plugin_utils import _bytecode

_FORKS = multiprocessing.get_context("fork")
# Seconds after which a signal, such as that of Ctrl-C, is acted on that the system gave to another thread, or just
# before the wait began. The end of a module wakes at once.
_LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be run. module: its name, as Python imports it; arguments: as Ansible hands them over, JSON; profile:
    how Ansible reads and writes that; environment: what is set besides; folder: where it is called."""

    module: str
    arguments: bytes
    profile: str
    environment: dict[str, str]
    folder: str


def run(call: Call) -> tuple[int, str, str]:
    """The code that it ended with (negative: by this signal), and what it wrote to standard output and error."""
    out, out_written = os.pipe()
    err, err_written = os.pipe()
    child = _FORKS.Process(target=_child, args=(call, out_written, err_written))
    child.start()
    os.close(out_written)
    os.close(err_written)
    try:
        with _threads.pool(2) as readers:
            both = [readers.submit(_all, one) for one in (out, err)]
            try:
                while child.exitcode is None:
                    child.join(_LOOK)
            finally:  # a task that has a timeout is over now, and so are the readers
                child.kill()
    finally:
        child.join()
    return child.exitcode or 0, both[0].result(), both[1].result()


def _all(number: int) -> str:
    with open(number, encoding="utf-8", errors="surrogateescape") as pipe:
        return pipe.read()


def _child(call: Call, out: int, err: int) -> None:
    """The whole life of the fork. What belongs to Ansible, and would be done or told by both, is let go first."""
    atexit._clear()
    gc.freeze()
    random.seed()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)
    _as_target()
    _bytecode.keep()
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.update(call.environment)
    _read_anew()
    os.chdir(call.folder)
    here = str(Path.cwd())
    sys.path[:] = [one for one in sys.path if one not in ("", here)]
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = call.arguments, call.profile
    try:
        runpy.run_module(call.module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()


def _read_anew() -> None:
    """What was read of the environment when it was imported, or first asked for, and is another one by now. Without
    this the Kubernetes client would go to the cluster of whoever has imported it."""
    config: Any = sys.modules.get("kubernetes.config.kube_config")
    if config is not None:
        config.KUBE_CONFIG_DEFAULT_LOCATION = os.environ.get("KUBECONFIG", "~/.kube/config")
    tempfile.tempdir = None


def _as_target() -> None:
    """Warnings go into the result, and not to the display of a process that is another one's."""
    _internal.is_controller = False
    _internal.import_controller_module = lambda _name, /: None
    _traceback._is_traceback_enabled = _traceback._is_module_traceback_enabled
