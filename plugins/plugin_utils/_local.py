# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of every module (plugins/action): on the controller, with the controller's own Python, a module is run by
a fork of Ansible (_fork.py). A Python of its own would first import what is here already, and Ansible would pack all of
that for it, which together takes longer than most modules do. Everywhere else Ansible does just that."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action.normal import ActionModule as Normal
from ansible_collections.mtv.teardown.plugins.module_utils import _texts
from ansible_collections.mtv.teardown.plugins.plugin_utils import _bytecode, _fork

try:
    from ansible.executor.module_common import _BuiltModule
except ImportError:  # a name of Ansible's own, not of its interface: without it modules are packed
    _BuiltModule = None

_MODULES = Path(__file__).parent.parent / "modules"
# How modules that declare nothing else write their results.
_PROFILE = "legacy"
_CLIENT = "ansible_collections.kubernetes.core.plugins.module_utils.k8s.client"
# The variable of the playbooks that says what is long goes from task to task as text.
_AS_TEXTS = "__mtv_texts"
_UTILS = "ansible_collections.mtv.teardown.plugins.module_utils"
# What the modules of a run import, which would take a tenth of a second in each of them.
_OURS = (
    "_cluster.delete",
    "_run.changes",
    "_run.holding",
    "_run.judge",
    "_run.look",
    "_run.preflight",
    "_run.providers",
)

# Ansible loads an action before it makes the process of its task: what nearly all modules need is imported once. What
# is missing the module itself says.
with _bytecode.kept():
    for _one in ("kubernetes.client.rest", "kubernetes.config", _CLIENT, *(f"{_UTILS}.{_name}" for _name in _OURS)):
        with contextlib.suppress(ImportError):
            importlib.import_module(_one)


class ActionModule(Normal):  # type: ignore[misc]
    """A module of this collection, by the shortest way there is."""

    _here = False
    _arguments = b""

    def _execute_module(self, *positional: Any, task_vars: Any = None, **named: Any) -> Any:
        self._here = self._is_here(task_vars or {})
        result = super()._execute_module(*positional, task_vars=task_vars, **named)
        return _texts.closed(result) if (task_vars or {}).get(_AS_TEXTS) is True else result

    def _is_here(self, task_vars: dict[str, Any]) -> bool:
        """Whether the module is one of ours, and would be run by the Python that runs this. Whoever keeps remote files
        wants to see the archive, and a task in the background needs a file. Where a collection is missing, Ansible
        says so in its own words."""
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter"))
        return (
            _BuiltModule is not None
            and self._task.action.startswith("mtv.teardown.")
            and self._connection.transport in ("local", "ansible.builtin.local")
            and interpreter == sys.executable
            and not self._connection.become
            and not self._task.delegate_to
            and not self._task.async_val
            and not constants.DEFAULT_KEEP_REMOTE_FILES
            and _CLIENT in sys.modules
        )

    def _is_pipelining_enabled(self, *positional: Any, **named: Any) -> bool:
        return self._here or bool(super()._is_pipelining_enabled(*positional, **named))

    def _configure_module(self, module_name: str, module_args: Any, task_vars: dict[str, Any]) -> Any:
        if not self._here:
            return super()._configure_module(module_name, module_args, task_vars)
        encoder = get_module_encoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)
        self._arguments = json.dumps({"ANSIBLE_MODULE_ARGS": module_args}, cls=encoder).encode()
        built = _BuiltModule(
            b_module_data=self._arguments,
            module_style="new",
            shebang=f"#!{sys.executable}",
            serialization_profile=_PROFILE,
        )
        return built, str(_MODULES / f"{module_name.rpartition('.')[2]}.py")

    def _low_level_execute_command(
        self, cmd: str, sudoable: bool = True, in_data: bytes | None = None, **named: Any
    ) -> Any:
        if not self._here or in_data is not self._arguments:
            return super()._low_level_execute_command(cmd, sudoable=sudoable, in_data=in_data, **named)
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        call = _fork.Call(
            module=f"ansible_collections.mtv.teardown.plugins.modules.{self._task.action.rpartition('.')[2]}",
            arguments=self._arguments,
            profile=_PROFILE,
            environment={name: str(value) for name, value in environment.items()},
            folder=self._loader.get_basedir(),
        )
        code, out, err = _fork.run(call)
        return {
            "rc": code,
            "stdout": out,
            "stdout_lines": out.splitlines(),
            "stderr": err,
            "stderr_lines": err.splitlines(),
        }
