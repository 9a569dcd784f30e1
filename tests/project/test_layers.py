# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports of module_utils go downwards only, and no provider knows another one, or the cluster."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._run import registry
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import SEARCHED

UTILS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
NAME = "ansible_collections.mtv.teardown.plugins.module_utils"
GROUND = {
    "_cause",
    "_credentials",
    "_errors",
    "_limits",
    "_next_step",
    "_progress",
    "_retry",
    "_secrets",
    "_text_file",
    "_texts",
    "_threads",
    "_times",
    "_together",
}
PROVIDERS = {"_vsphere", "_ovirt", "_openstack"}
# Asked for what a session changed, and never searched.
HOLDERS = {"_esxi"}
# Folder -> what it may import beside itself; the ground floor may be imported by all.
MAY = {
    "_session": set(),
    "_recording": set(),
    "_evidence": set(),
    "_provider": {"_evidence", "_recording", "_session"},
    **{provider: {"_provider", "_session"} for provider in PROVIDERS},
    **{holder: {"_provider", "_recording"} for holder in HOLDERS},
    "_cluster": {"_evidence", "_recording", "_session"},
    "_report": {"_cluster", "_provider", "_session"},
    "_run": {"_recording", "_report", "_cluster", "_provider", "_evidence", "_session", *PROVIDERS, *HOLDERS},
}


def imported(file: Path) -> set[str]:
    """Folders and modules of the ground floor that a file imports, late imports too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(NAME):
            inner = (node.module or "").removeprefix(NAME).lstrip(".").partition(".")[0]
            found |= {inner} if inner else {alias.name for alias in node.names}
    return found


FILES = sorted(UTILS.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(UTILS)))
def test_imports_go_downwards(file: Path) -> None:
    home = file.relative_to(UTILS).parts[0]
    allowed = GROUND if home.endswith(".py") else GROUND | MAY[home] | {home}
    assert imported(file) <= allowed


@pytest.mark.parametrize(
    "file", sorted(UTILS.parent.rglob("*.py")), ids=lambda file: str(file.relative_to(UTILS.parent))
)
def test_threads_get_no_signals(file: Path) -> None:
    """Their makers are in one file, which sees to that."""
    if file.name != "_threads.py" and not file.is_symlink():  # those are of a program that is not Ansible
        assert not re.search(r"\b(ThreadPoolExecutor|Thread|Timer)\(", file.read_text(encoding="utf-8"))


def reached(file: Path) -> set[Path]:
    """Files of module_utils that Ansible sends along with this one."""
    found: set[Path] = set()
    todo = [file]
    while todo:
        for node in ast.walk(ast.parse(todo.pop().read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(NAME):
                base = UTILS.joinpath(*(node.module or "").removeprefix(NAME).split("."))
                near = {base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)}
                new = {one for one in near if one.is_file()} - found
                found |= new
                todo += new
    return found


@pytest.mark.parametrize(
    ("module", "without"),
    [
        *((name, PROVIDERS) for name in ("migrations", "plans", "migrated_vms", "openshift_resources", "kubeconfig")),
        ("vsphere_clones", {"_ovirt", "_openstack"}),
        ("ovirt_clones", {"_vsphere", "_openstack"}),
        ("openstack_clones", {"_vsphere", "_ovirt"}),
        ("volume_snapshots", {"_vsphere", "_ovirt"}),
        ("provider_clones", {"_report"}),
    ],
)
def test_a_module_carries_what_it_uses(module: str, without: set[str]) -> None:
    """Each file costs every task some 10 ms: it is packed, sent, compiled."""
    files = reached(UTILS.parent / "modules" / f"{module}.py")
    assert len(files) > 20
    assert not {file.relative_to(UTILS).parts[0] for file in files} & without
    assert UTILS / "_cluster" / "client.py" not in files or not module.endswith(("_clones", "_snapshots"))


def test_every_type_that_can_be_searched_is_registered_under_its_name() -> None:
    assert set(registry.PROVIDERS) == set(SEARCHED) == {folder.removeprefix("_") for folder in PROVIDERS}
    assert {f"_{kind}" for kind in registry.HOLDERS} == HOLDERS
    for kind in SEARCHED:
        assert (UTILS.parent / "doc_fragments" / f"_{kind}.py").is_file()


def test_both_recorders_write_by_one_code() -> None:
    """Links in the checkout, files in a tarball; the plugin of pytest is installed without the collection."""
    ours, theirs = UTILS / "_recording", UTILS.parents[1] / "extensions/pytest/mtv_record"
    shared = {file.name for file in ours.glob("*.py")} - {"tasks.py", "undo_causes.py", "undo_decision.py"}
    assert shared == {"changes.py", "entries.py", "journal.py", "ledger.py", "recorder.py"}
    assert all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in shared)
    names = {
        name
        for file in theirs.glob("*.py")
        for name in re.findall(r"^(?:from|import) (\w+)", file.read_text("utf-8"), re.M)
    }
    assert "ansible" not in names and "ansible_collections" not in names


def test_there_is_no_other_folder() -> None:
    assert {file.relative_to(UTILS).parts[0].removesuffix(".py") for file in FILES} == GROUND | set(MAY)
