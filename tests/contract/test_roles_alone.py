# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role with inputs of its own, on a session with a migration that still runs."""

from __future__ import annotations

from pathlib import Path

from tests.contract.ansible_runs import Playbooks
from tests.lab.controlplane import Lab
from tests.lab.worlds import check, seed

PREFIX = "auto-ro01"
# What each role may write to, in the order of a teardown.
ROLES = {
    "migrations": {"migrations"},
    "plans": {"plans"},
    "migrated_vms": {"virtualmachines"},
    "openshift_resources": None,
    "namespaces": {"namespaces", "persistentvolumes"},
}


def test_every_role_works_alone(acting_lab: Lab, tmp_path: Path) -> None:
    """Each changes what is its own; all together look before, and find nothing to do behind that."""
    seed.seed(acting_lab, "running", PREFIX, tmp_path, say=lambda _text: None)
    playbooks = Playbooks(acting_lab, tmp_path)
    record = str(tmp_path / "resources.json")
    given = {f"{role}_resources_file": record for role in ROLES}
    checked = playbooks.run_roles(ROLES, "--check", **given)
    assert checked.code == 0, checked.output
    assert checked.output.count("changed: [localhost]") == len(ROLES) and checked.wrote == []
    for role, allowed in ROLES.items():
        done = playbooks.run_role(role, **given)
        assert done.code == 0, done.output
        assert "changed=1" in done.output
        assert done.wrote
        assert allowed is None or {r["resource"] for r in done.wrote} <= allowed
    again = playbooks.run_roles([*ROLES, "verify"], **given, verify_resources_file=record, verify_openshift_only=True)
    assert again.code == 0, again.output
    assert "changed=0" in again.output
    assert again.wrote == []
    wrong, _summary = check.check(acting_lab, tmp_path / "world.json", "clean")
    assert wrong == []
