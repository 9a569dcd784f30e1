# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which phases of a teardown have something to do, and where clones are looked for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._run import look
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

NOTHING = {"migrations": 0, "plans": 0, "migrated_vms": 0, "openshift_resources": 0, "namespaces": 0}
VM = Record(kind="vsphere", name="auto-ab12-vm", namespace=None, entry="vsphere[0]")
SECRET = Record(kind="Secret", name="auto-ab12-s", namespace="n", entry="Secret[0]")
# Clones that are hyperv's cannot be searched.
OTHER = Record(kind="hyperv", name="auto-ab12-vm", namespace=None, entry="hyperv[0]")


@pytest.mark.parametrize(
    ("work", "searched", "changed", "only", "phases"),
    [
        pytest.param({}, [], 0, False, [], id="nothing"),
        pytest.param({"namespaces": 1}, [], 0, False, ["namespaces"], id="one"),
        pytest.param({}, ["vsphere"], 0, False, ["providers"], id="providers"),
        pytest.param({}, ["vsphere"], 0, True, [], id="providers-are-left-alone"),
        pytest.param({}, [], 2, True, ["undo"], id="undo"),
        pytest.param(
            dict.fromkeys(NOTHING, 1),
            ["openstack", "ovirt"],
            1,
            False,
            ["migrations", "plans", "providers", "migrated_vms", "openshift_resources", "namespaces", "undo"],
            id="all-in-their-order",
        ),
    ],
)
def test_phases(work: dict[str, int], searched: list[str], changed: int, only: bool, phases: list[str]) -> None:
    found: dict[str, Any] = {"work": {**NOTHING, **work}, "searched": searched}
    assert look.phases(found, changed, only) == phases


@pytest.mark.parametrize(
    ("records", "configured", "searched"),
    [
        pytest.param((), [], [], id="nothing"),
        pytest.param((), ["vsphere", "openstack"], ["openstack", "vsphere"], id="a-prefix-alone"),
        pytest.param((VM,), ["openstack"], ["vsphere"], id="what-the-record-names"),
        pytest.param((SECRET,), ["openstack"], [], id="a-record-that-names-none"),
        pytest.param((VM, OTHER), [], ["vsphere"], id="what-cannot-be-searched"),
    ],
)
def test_searched(records: tuple[Record, ...], configured: list[str], searched: list[str]) -> None:
    assert look.searched(Session(prefix="auto-ab12", records=records), configured) == searched
