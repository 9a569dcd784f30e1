# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that try once, for tests of what follows when nobody answers."""

from __future__ import annotations

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import rest
from ansible_collections.mtv.teardown.plugins.module_utils._esxi import client as esxi
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import client as openstack
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import client as ovirt
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import client as vsphere


def set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the rest of this test."""
    monkeypatch.setattr(rest.Http, "_tries", lambda _self: 1)
    for client in (vsphere, ovirt, openstack):
        patience = client.Patience(tries=1, silence=5.0, pause=0.0)
        monkeypatch.setattr(client, "Patience", lambda made=patience: made)
    of_hosts = esxi.Patience(tries=1, step=5.0, pause=0.0)
    monkeypatch.setattr(esxi, "Patience", lambda **_given: of_hosts)
