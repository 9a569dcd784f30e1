# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kind of the cluster a record means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import second_views
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wrapper_modules import GROUP_OF_MODULE
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

# Groups of the kinds that the suite is known to record, for entries whose module says nothing
# (subclasses such as utilities.utils, files of the old suite). Source: mtv-api-tests.
SUITE_GROUPS = {
    "ClusterRoleBinding": "rbac.authorization.k8s.io",
    "ConfigMap": "",
    "Conversion": "forklift.konveyor.io",
    "DataVolume": "cdi.kubevirt.io",
    "Hook": "forklift.konveyor.io",
    "Host": "forklift.konveyor.io",
    "Migration": "forklift.konveyor.io",
    "Namespace": "",
    "NetworkAttachmentDefinition": "k8s.cni.cncf.io",
    "NetworkMap": "forklift.konveyor.io",
    "PersistentVolume": "",
    "PersistentVolumeClaim": "",
    "Plan": "forklift.konveyor.io",
    "Pod": "",
    "Provider": "forklift.konveyor.io",
    "Role": "rbac.authorization.k8s.io",
    "RoleBinding": "rbac.authorization.k8s.io",
    "Secret": "",
    "Service": "",
    "ServiceAccount": "",
    "StorageMap": "forklift.konveyor.io",
    "VirtualMachine": "kubevirt.io",
    "VirtualMachineInstance": "kubevirt.io",
    "VolumeSnapshot": "snapshot.storage.k8s.io",
}


def group_of(record: Record, served: Iterable[Resource]) -> str | None:
    """The API group of a record's kind; None when neither its module nor the cluster can tell.

    Order: its API version, the wrapper's module, the kinds the suite is known to write, the one group in which the
    cluster serves it.
    """
    told = _told(record)
    if told is not None:
        return second_views.group_of(told, record.kind)
    if record.kind in SUITE_GROUPS:
        return SUITE_GROUPS[record.kind]
    groups = {resource.group for resource in served if resource.kind == record.kind}
    return groups.pop() if len(groups) == 1 else None


def _told(record: Record) -> str | None:
    """The group that the entry itself tells; None when it tells none."""
    if record.api_version:
        return record.api_version.rpartition("/")[0]
    return GROUP_OF_MODULE.get(record.module)


def meant(records: Iterable[Record]) -> tuple[Record, ...]:
    """The objects that are recorded, each once: an entry that names a second view of an object means the object."""
    found: dict[tuple[str, ...], Record] = {}
    for record in records:
        if not record.on_provider:
            group = _told(record)
            kind, name, part = second_views.of_record(group, record.kind, record.name)
            namespace = None if kind == "Namespace" else record.namespace
            if (kind, name) != (record.kind, record.name):
                record = replace(record, kind=kind, name=name, namespace=namespace, part=part)
        key = (
            record.kind,
            record.namespace or "",
            record.name,
            record.id,
            record.place,
            record.uid,
            record.api_version,
            record.generate_name,
            record.outcome,
        )
        whole = key in found and found[key].part and not record.part
        if key not in found or whole or (record.test_name and not found[key].test_name):
            found[key] = record
    return tuple(found.values())
