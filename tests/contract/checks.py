# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which check runs which file of this folder. conftest.py makes markers of it, so pytest knows: C(pytest -m faults)."""

from __future__ import annotations

from fnmatch import fnmatch

# What none of the others names.
REST = "contract"
FILES = {
    "faults": ("test_faults_*.py", "test_stuck.py", "test_misbehaving.py", "test_races.py", "test_rights.py"),
    "providers": (
        "test_vsphere_*.py",
        "test_ovirt_*.py",
        "test_openstack_*.py",
        "test_esxi_*.py",
        "test_provider_*.py",
    ),
    "playbooks": (
        "test_playbooks.py",
        "test_roles_alone.py",
        "test_results.py",
        "test_endings.py",
        "test_connect*.py",
        "test_record_from_url.py",
        "test_recorder.py",
        "test_progress.py",
    ),
    "awx": ("test_awx.py",),
    "runs": ("test_runs_*.py",),
}
CHECKS = (REST, *FILES)


def checks_of(file: str) -> list[str]:
    """The checks that run a file of that name: always one, which test_checks.py holds for the files there are."""
    return [check for check, patterns in FILES.items() if any(fnmatch(file, one) for one in patterns)] or [REST]
