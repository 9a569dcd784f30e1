# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session of one test class: its Plan, or migrated VMs by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record


def session_of_vms(cluster: Cluster, plan: Mapping[str, Any] | None, vms: Iterable[str], namespace: str) -> Session:
    """The session of one test class: a Plan, or migrated VMs by name in a namespace.

    A VM is only taken for a migrated one when a Forklift label on it names the plan.
    """
    catalog = cluster.discover()
    keys: list[Key] = []
    records: list[Record] = []
    if plan:
        records.append(Record("Plan", str(plan["name"]), str(plan["namespace"]), entry="plan"))
        resource = catalog.find(order.FORKLIFT, "Plan")
        found = cluster.get(resource, str(plan["namespace"]), str(plan["name"])) if resource else None
        if found is not None:
            target = str(found.spec("targetNamespace") or found.namespace)
            namespace = namespace or target
            keys.append(Key(found.name, found.namespace or "", found.uid, target_namespace=target))
        elif not namespace:
            raise RecordError(
                f"Plan {plan['namespace']}/{plan['name']} is not there, so its target namespace is not known; "
                "give namespace."
            )
    names = list(vms)
    if not plan and not (names and namespace):
        raise RecordError("give a session, or plan, or vms together with their namespace.")
    records += [Record("VirtualMachine", name, namespace, entry=f"vms[{index}]") for index, name in enumerate(names)]
    if not plan:
        keys += _plans_on_labels(cluster, names, namespace)
    return Session(source="plan" if plan else "vms", records=tuple(records), plans=tuple(keys))


def _plans_on_labels(cluster: Cluster, names: Iterable[str], namespace: str) -> list[Key]:
    """The Plans whose uids the labels of these VMs carry (forklift.md 2.1)."""
    resource = cluster.discover().find(order.KUBEVIRT, "VirtualMachine")
    wanted = set(names)
    found = cluster.listing(resource, namespace).objects if resource else ()
    return [
        Key(vm.labels.get("plan-name", ""), vm.labels.get("plan-namespace", ""), vm.labels["plan"], namespace)
        for vm in found
        if vm.name in wanted and vm.labels.get("plan")
    ]
