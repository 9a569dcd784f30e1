# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are run from where the collection is: they get what they were given, and nothing else is imported."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.plugin_utils import _local as local

PLACES = {
    one: list(importlib.import_module(f"ansible_collections.{one}").__path__)
    for one in ("mtv.teardown", "kubernetes.core")
}
MODULES = Path(local.__file__).parent.parent / "modules"


def run(arguments: dict[str, Any], folder: Path, module: str = "show", *, as_file: bool = False) -> dict[str, Any]:
    """What the module answers to another Python, which is called in that folder."""
    text = local.program(module, arguments, PLACES)
    command = [sys.executable]
    if as_file:
        (folder / "program.py").write_bytes(text)
        command.append(str(folder / "program.py"))
    done = subprocess.run(command, input=b"" if as_file else text, cwd=folder, capture_output=True, check=False)
    assert done.stdout, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("as_file", [False, True], ids=["standard input", "file"])
@pytest.mark.parametrize("line", ["x", "q\"'{}{{ x }}\\", "é\n\u2028", "'''"])
def test_a_module_gets_what_it_was_given(line: str, as_file: bool, tmp_path: Path) -> None:
    assert run({"lines": [line]}, tmp_path, as_file=as_file)["msg"] == [line]


@pytest.mark.parametrize("as_file", [False, True], ids=["standard input", "file"])
def test_nothing_is_imported_from_the_folder_it_is_called_in(as_file: bool, tmp_path: Path) -> None:
    for name in ("json", "ansible", "yaml", "ansible_collections", "urllib3"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken from here')", encoding="utf-8")
    assert run({"lines": ["x"]}, tmp_path, as_file=as_file)["msg"] == ["x"]


def test_what_is_wrong_is_told_as_ever(tmp_path: Path) -> None:
    answer = run({"lines": ["x"], "line": "y"}, tmp_path)
    assert answer["failed"] is True
    assert "Unsupported parameters" in answer["msg"]


def test_the_client_of_kubernetes_core_is_found(tmp_path: Path) -> None:
    answer = run({"session_prefix": "auto-zz99", "kubeconfig": str(tmp_path / "none")}, tmp_path, "session_info")
    assert (answer["failed"], "none" in answer["msg"]) == (True, True)


def test_packages_of_others_are_not_met() -> None:
    assert local.packages({"a.b": ["/x"], "a.c": ["/y"]}) == [
        ("ansible_collections", []),
        ("ansible_collections.a", []),
        ("ansible_collections.a.b", ["/x"]),
        ("ansible_collections.a.c", ["/y"]),
    ]


@pytest.mark.parametrize("name", sorted(file.stem for file in MODULES.glob("*.py")))
def test_each_module_has_its_action(name: str) -> None:
    action = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.action.{name}").ActionModule
    # One has an action of its own.
    assert (action is local.ActionModule) == (name != "show")


def test_without_one_of_the_collections_there_is_no_shorter_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local._places() == PLACES
    monkeypatch.setattr(local, "_COLLECTIONS", (*PLACES, "no.such"))
    assert local._places() == {}
