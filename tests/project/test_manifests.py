# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users are given and told of rights is what the code's tables say."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.mtv.teardown.plugins.module_utils._openstack import site
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import removal
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import removal as vsphere_tasks

from tests.tools import rights

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs/docsite/rst/guide_rights.rst").read_text(encoding="utf-8")


def test_the_manifests_are_those_of_the_tables() -> None:
    """If not: python -m tests.tools.rights"""
    shipped = {path.name: path.read_text(encoding="utf-8") for path in rights.FOLDER.iterdir()}
    assert shipped == rights.files()


def test_the_guide_names_every_manifest_and_every_right_of_a_provider() -> None:
    named = re.findall(r"^   \* - ``([\w.-]+)``$", GUIDE, flags=re.MULTILINE)
    vsphere = {*vsphere_tasks.PRIVILEGES.values(), vsphere_tasks.BROWSE}
    ovirt = {each[0] for each in (removal.STOP, removal.REMOVE, removal.REMOVE_DISK)}
    assert set(named) == {*rights.files(), *vsphere, *ovirt}
    assert len(named) == len(set(named))
    assert f"``{removal.STOP[1]}``" in GUIDE
    assert f"``{site.READING}``" in GUIDE and f"``{site.DELETING[0]}``" in GUIDE


def test_the_role_for_govc_is_that_of_a_run_without_snapshots() -> None:
    created = re.findall(r"govc role.create mtv-teardown (.*)", GUIDE)
    snapshots = vsphere_tasks.PRIVILEGES[vsphere_tasks.REMOVE_SNAPSHOT]
    given = {*vsphere_tasks.PRIVILEGES.values(), vsphere_tasks.BROWSE} - {snapshots}
    assert [set(line.split()) for line in created] == [given]
