# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every cause that a result can name, by where its object is. What it says stands here alone: each face, the lookup
plugin mtv.teardown.causes and the guide take it from this table."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import (
    changed_vms,
    esxi,
    kubernetes,
    machines,
    openstack,
    ovirt,
    storage,
    vsphere,
)
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry, Left

CLUSTER, ANY_PROVIDER = "cluster", "provider"
# (where, title of the part, entries): in the order in which a page has them.
PARTS: tuple[tuple[str, str, tuple[Entry, ...]], ...] = (
    (CLUSTER, "The server refuses or fails", kubernetes.ANSWERS),
    (CLUSTER, "Forklift", machines.FORKLIFT),
    (CLUSTER, "Virtual machines and pods", machines.MACHINES),
    (CLUSTER, "Storage", storage.STORAGE),
    (CLUSTER, "Everything else on the cluster", kubernetes.KUBERNETES),
    (CLUSTER, "What was changed for a time", kubernetes.CHANGES),
    (ANY_PROVIDER, "Any source provider", vsphere.ANY),
    (ANY_PROVIDER, "VMs that were changed for a time", changed_vms.CHANGED_VMS),
    ("vsphere", "vSphere", vsphere.VSPHERE),
    ("ovirt", "oVirt and RHV", ovirt.OVIRT),
    ("openstack", "OpenStack", openstack.OPENSTACK),
    ("esxi", "SSH keys on ESXi hosts", esxi.ESXI),
)
ENTRIES: Mapping[tuple[str, str], Entry] = {
    (where, entry.name): entry for where, _title, entries in PARTS for entry in entries
}


def where(left: Left) -> str:
    """Where an object is left, as a key of the table has it; of causes of any provider it is their type."""
    return str(left.get("api_version")) if left.get("provider") else CLUSTER


def of(left: Left) -> Entry | None:
    """What is known of the cause of an object that is left; None for a cause of a later release."""
    name = str(left.get("cause") or "")
    places = (where(left), ANY_PROVIDER) if left.get("provider") else (CLUSTER,)
    return next((entry for place in places if (entry := ENTRIES.get((place, name))) is not None), None)
