# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause that the code's tables can tell is explained, no other is, and everywhere by the same words."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.doc_fragments import _causes as fragment
from ansible_collections.mtv.teardown.plugins.module_utils._cause import CONTESTED, OUTLIVED, UNKNOWN, Tell
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes import table as cluster
from ansible_collections.mtv.teardown.plugins.module_utils._esxi import causes as esxi
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import causes as openstack
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import causes as ovirt
from ansible_collections.mtv.teardown.plugins.module_utils._provider import causes as provider
from ansible_collections.mtv.teardown.plugins.module_utils._recording import undo_causes
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import general
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import causes as vsphere

from tests.tools import causes as guide

ROOT = Path(__file__).resolve().parents[2]
UTILS = ROOT / "plugins" / "module_utils"


def _names(tells: Iterable[Tell[Any]]) -> set[str]:
    return {tell.name for tell in tells}


def test_what_the_tables_of_the_code_can_tell_is_what_is_explained() -> None:
    told = {
        table.CLUSTER: _names(cluster.CAUSES)
        | _names(undo_causes.CAUSES)
        | {cluster.NOTHING_FITS.name, CONTESTED, OUTLIVED},
        table.ANY_PROVIDER: _names(undo_causes.CAUSES)
        | {provider.NOT_DELETED.name, provider.FAILS, provider.UNSEEN, CONTESTED},
        "vsphere": _names(vsphere.CAUSES),
        "ovirt": _names(ovirt.CAUSES) | {UNKNOWN},
        "openstack": _names(openstack.CAUSES) | {UNKNOWN},
        "esxi": _names(esxi.CAUSES) | _names(undo_causes.CAUSES),
    }
    assert {(where, name) for where, names in told.items() for name in names} == set(table.ENTRIES)
    assert sum(len(entries) for _where, _title, entries in table.PARTS) == len(table.ENTRIES)  # none twice
    assert len(table.ENTRIES) > 80


def test_causes_are_made_by_the_tables_alone() -> None:
    """And by a name of _cause.py where nothing in a table fits: so that the test above sees all of them."""
    found = []
    for file in sorted(UTILS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            made = isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Cause"
            if made and isinstance(node, ast.Call):  # the second is for mypy
                found.append((str(file.relative_to(UTILS)), ast.unparse(node.args[0])))
    assert sorted(set(found)) == [
        ("_cause.py", "self.name"),
        ("_cluster/causes/table.py", "UNKNOWN"),
        ("_openstack/causes.py", "UNKNOWN"),
        ("_ovirt/causes.py", "UNKNOWN"),
        ("_provider/causes.py", "'not-deleted'"),
        ("_provider/causes.py", "FAILS"),
        ("_provider/causes.py", "UNSEEN"),
        ("_run/verify.py", "before['cause']"),  # what an earlier phase told
    ]


@pytest.mark.parametrize("place", sorted(table.ENTRIES), ids="-".join)
def test_an_entry_is_whole(place: tuple[str, str]) -> None:
    entry = table.ENTRIES[place]
    texts = [entry.title, entry.seen, entry.means, entry.mend]
    assert all(texts)
    assert not entry.title.endswith(".")
    assert all(text.endswith((".", "?")) for text in [*texts[1:], *([entry.risk] if entry.risk else [])])
    commands = general(entry.commands)
    assert len(commands) == len(entry.commands) and len(general(entry.look)) == len(entry.look)
    assert entry.risk or not commands, "what changes something says what it may cost"
    assert not any("$" in command for command in [*commands, *general(entry.look)])
    # What looks changes nothing.
    changing = ("delete", "patch", "scale", "edit", "apply", "replace", "--force", " set ", "unregister", "unlock")
    assert not any(word in command for command in general(entry.look) for word in changing)


def test_the_guide_is_made_of_the_table() -> None:
    """If not: python -m tests.tools.causes"""
    assert guide.FILE.read_text(encoding="utf-8") == guide.page()


def test_ansible_doc_tells_the_same() -> None:
    command = [str(Path(sys.executable).parent / "ansible-doc"), "-t", "lookup", "--json", "mtv.teardown.causes"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    notes = json.loads(done.stdout)["mtv.teardown.causes"]["doc"]["notes"]
    assert notes == [fragment.note(title, entry) for _w, title, entries in table.PARTS for entry in entries]
    for entry in table.ENTRIES.values():
        told = [entry.title, entry.seen, entry.means, entry.mend, entry.risk, *general((*entry.look, *entry.commands))]
        assert any(note.startswith(f"{entry.name} (") and all(text in note for text in told) for note in notes)
