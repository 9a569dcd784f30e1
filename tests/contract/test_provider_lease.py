# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that has lost its Lease asks no source provider to delete anything."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._errors import StoppedError
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site as open_engine

from tests.contract import clouds, ovirt_runs, vcenters
from tests.contract.test_openstack_site import ours
from tests.lab.engine.peer import Peer
from tests.lab.openstack.worlds import Project
from tests.lab.vcenter.peer import VCenter


@pytest.fixture(autouse=True)
def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time until which it was renewed is over; nobody has noticed yet."""
    monkeypatch.setattr(_limits, "_interrupted", threading.Event())
    monkeypatch.setattr(_limits, "_stopped", "")
    monkeypatch.setattr(_limits, "_until", _limits.now() - 1)


def test_a_vcenter(vcenter: VCenter) -> None:
    vcenter.make({"name": vcenters.CLONE, "power": "poweredOn"})
    before = vcenter.vms()
    with pytest.raises(StoppedError):
        vcenters.remove(vcenter, vcenters.recorded(vcenters.CLONE))
    assert vcenter.vms() == before


def test_an_engine(engine: Peer) -> None:
    engine.vm("auto-ab12-rhel8-x1y2", status="up")
    before = engine.vms(), engine.disks()
    with open_engine(ovirt_runs.connection(engine)) as site, pytest.raises(StoppedError):
        ovirt_runs.removed(site)
    assert (engine.vms(), engine.disks()) == before


def test_a_cloud(project: Project, prefix: str) -> None:
    project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    before = ours(project)
    with pytest.raises(StoppedError):
        clouds.clear(project.peer, clouds.session(prefix))
    assert ours(project) == before
