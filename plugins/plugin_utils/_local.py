# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of every module (plugins/action): on the controller, with the controller's own Python, a module is run
from where the collection is installed. Ansible would pack it, with all that it imports, and the other process would
compile it from that archive, which takes longer than most modules do. Everywhere else Ansible does just that."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import ansible
from ansible import constants
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action.normal import ActionModule as Normal

try:
    from ansible.executor.module_common import _BuiltModule
except ImportError:  # a name of Ansible's own, not of its interface: without it modules are packed
    _BuiltModule = None

# How modules that declare nothing else write their results.
_PROFILE = "legacy"
# Whose module_utils are imported by ours.
_COLLECTIONS = ("mtv.teardown", "kubernetes.core")
# What goes to the standard input of the other Python, or into a file where there is no pipelining. Neither the folder
# it is called in nor that of the file is a place to import from.
_PROGRAM = """\
import runpy, sys, types
sys.path[:] = [one for one in sys.path if one and one != globals().get('__file__', '').rpartition('/')[0]]
sys.path += [one for one in {ansible!r} if one not in sys.path]
for name, places in {packages!r}:
    package = sys.modules[name] = types.ModuleType(name)
    package.__path__ = places
from ansible.module_utils import basic
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = {arguments!r}, {profile!r}
runpy.run_module({module!r}, run_name='__main__', alter_sys=True)
"""


def packages(places: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """Packages to be made by hand, the outer ones first: of all that is called ansible_collections only these are met.
    places: collection -> where it is."""
    names: dict[str, list[str]] = {"ansible_collections": []}
    for collection, there in places.items():
        names[f"ansible_collections.{collection.partition('.')[0]}"] = []
        names[f"ansible_collections.{collection}"] = there
    return list(names.items())


def program(module: str, arguments: dict[str, Any], places: dict[str, list[str]]) -> bytes:
    """A Python program that runs a module of this collection as Ansible's own wrapper would."""
    encoder = get_module_encoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)
    return _PROGRAM.format(
        ansible=[str(Path(ansible.__file__).parent.parent)],
        packages=packages(places),
        arguments=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode(),
        profile=_PROFILE,
        module=f"ansible_collections.mtv.teardown.plugins.modules.{module}",
    ).encode()


def _places() -> dict[str, list[str]]:
    """Where the collections are; none when one is missing, which Ansible then says in its own words."""
    try:
        return {one: list(importlib.import_module(f"ansible_collections.{one}").__path__) for one in _COLLECTIONS}
    except ImportError:
        return {}


class ActionModule(Normal):  # type: ignore[misc]
    """A module of this collection, by the shortest way there is."""

    def _configure_module(self, module_name: str, module_args: Any, task_vars: dict[str, Any]) -> Any:
        places = _places() if self._is_here(module_name, task_vars) else {}
        if _BuiltModule is None or not places:
            return super()._configure_module(module_name, module_args, task_vars)
        name = module_name.rpartition(".")[2]
        built = _BuiltModule(
            b_module_data=program(name, module_args, places),
            module_style="new",
            shebang=f"#!{sys.executable}",
            serialization_profile=_PROFILE,
        )
        return built, str(Path(places["mtv.teardown"][0]) / "plugins" / "modules" / f"{name}.py")

    def _is_here(self, module_name: str, task_vars: dict[str, Any]) -> bool:
        """Whether the module is one of ours, and would be run by the Python that runs this. Whoever keeps remote files
        wants to see the archive."""
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter"))
        return (
            module_name.startswith("mtv.teardown.")
            and self._connection.transport in ("local", "ansible.builtin.local")
            and interpreter == sys.executable
            and not self._connection.become
            and not self._task.delegate_to
            and not constants.DEFAULT_KEEP_REMOTE_FILES
        )
