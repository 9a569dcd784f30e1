# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which imports are Python's own business, and which ones Ansible's."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.plugin_utils import _bytecode

PLUGINS = Path(_bytecode.__file__).parent.parent
OURS = "ansible_collections.mtv.teardown.plugins"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (f"{OURS}.modules.plans", "modules/plans.py"),
        (f"{OURS}.module_utils._limits", "module_utils/_limits.py"),
        (f"{OURS}.module_utils._run.judge", "module_utils/_run/judge.py"),
    ],
)
def test_files_are_found_with_their_bytecode(name: str, file: str) -> None:
    found = _bytecode.Finder.find_spec(name, [str((PLUGINS / file).parent)])
    assert found is not None and isinstance(found.loader, SourceFileLoader)
    assert (found.origin, bool(found.cached)) == (str(PLUGINS / file), True)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        (f"{OURS}.module_utils._run", "module_utils"),  # a folder
        (f"{OURS}.module_utils.none", "module_utils"),
        (f"{OURS}.action.plans", "action"),  # a plugin of the controller
        ("ansible_collections.kubernetes.core.plugins.modules.plans", "modules"),
        ("plans", "modules"),
    ],
)
def test_all_else_is_left_to_ansible(name: str, folder: str) -> None:
    assert _bytecode.Finder.find_spec(name, [str(PLUGINS / folder)]) is None
    assert _bytecode.Finder.find_spec(name, None) is None


def test_it_is_asked_first_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [one for one in sys.meta_path if one is not _bytecode.Finder])
    before = list(sys.meta_path)
    _bytecode.keep()
    _bytecode.keep()
    assert sys.meta_path == [_bytecode.Finder, *before]


def test_whoever_imports_a_plugin_finds_all_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible-test sanity, import: "changes to sys.meta_path[0] are not permitted"."""
    monkeypatch.setattr(sys, "meta_path", [one for one in sys.meta_path if one is not _bytecode.Finder])
    before = list(sys.meta_path)
    with pytest.raises(KeyError), _bytecode.kept():
        assert sys.meta_path[0] is _bytecode.Finder
        raise KeyError
    assert sys.meta_path == before
