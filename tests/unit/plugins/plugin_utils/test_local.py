# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules are run by a fork of Ansible, and which ones Ansible packs as ever."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.plugin_utils import _local as local

MODULES = Path(local.__file__).parent.parent / "modules"


@pytest.mark.parametrize("name", sorted(file.stem for file in MODULES.glob("*.py")))
def test_each_module_has_its_action(name: str) -> None:
    action = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.action.{name}").ActionModule
    # One has an action of its own.
    assert (action is local.ActionModule) == (name != "show")


def action(interpreter: str = sys.executable, transport: str = "local", become: object = None, **task: Any) -> Any:
    made = local.ActionModule.__new__(local.ActionModule)
    made._task = SimpleNamespace(**{"action": "mtv.teardown.plans", "delegate_to": None, "async_val": 0, **task})
    made._connection = SimpleNamespace(transport=transport, become=become)
    made._templar = SimpleNamespace(template=lambda _text: interpreter)
    return made


def test_here_is_the_same_python_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert action()._is_here({}) is True
    assert action(transport="ansible.builtin.local")._is_here({}) is True
    for other in (
        action(interpreter="/usr/bin/python3"),
        action(transport="ssh"),
        action(become=object()),
        action(delegate_to="elsewhere"),
        action(async_val=60),
        action(action="ansible.builtin.copy"),
    ):
        assert other._is_here({}) is False
    with monkeypatch.context() as kept:
        kept.setattr(local.constants, "DEFAULT_KEEP_REMOTE_FILES", True)
        assert action()._is_here({}) is False
    with monkeypatch.context() as changed:
        changed.setattr(local, "_BuiltModule", None)
        assert action()._is_here({}) is False


def test_without_kubernetes_core_ansible_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local._CLIENT in sys.modules
    monkeypatch.setattr(local, "_CLIENT", "ansible_collections.no.such")
    assert action()._is_here({}) is False


@pytest.mark.parametrize(("variables", "is_text"), [({"__mtv_texts": True}, True), ({}, False), (None, False)])
def test_what_is_long_is_text_where_the_playbooks_say_so(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any] | None, is_text: bool
) -> None:
    returned = {"changed": False, "found": 1, "targets": [{"uid": "1"}]}
    monkeypatch.setattr(local.Normal, "_execute_module", lambda *_given, **_named: returned)
    result = action()._execute_module(task_vars=variables)
    assert result == ({**returned, "targets": '[{"uid": "1"}]'} if is_text else returned)
