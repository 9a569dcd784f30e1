# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How mtv-api-tests deletes what it recorded, retold with the library that it uses: openshift-python-wrapper.

    python suite_way.py KUBECONFIG RESOURCES_FILE LIMIT

After session_teardown and teardown_resources in utilities/pytest_utils.py, and utilities/migration_utils.py, of commit
8bc30ab. Two things differ: every wait is LIMIT seconds long, where the suite has 120 to 300, and clones on source
providers are left out. It ends with 0 where the suite would report nothing, else with 1; the suite itself only logs
what it reports.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from kubernetes.dynamic.exceptions import NotFoundError
from ocp_resources.datavolume import DataVolume
from ocp_resources.host import Host
from ocp_resources.migration import Migration
from ocp_resources.namespace import Namespace
from ocp_resources.network_attachment_definition import NetworkAttachmentDefinition
from ocp_resources.network_map import NetworkMap
from ocp_resources.persistent_volume import PersistentVolume
from ocp_resources.persistent_volume_claim import PersistentVolumeClaim
from ocp_resources.plan import Plan
from ocp_resources.pod import Pod
from ocp_resources.provider import Provider
from ocp_resources.resource import ResourceEditor, get_client
from ocp_resources.secret import Secret
from ocp_resources.storage_map import StorageMap
from ocp_resources.virtual_machine import VirtualMachine
from timeout_sampler import TimeoutExpiredError

# The kinds that it knows, in its order; the last two only where they still exist.
KINDS = (Migration, Plan, Provider, Host, Secret, NetworkAttachmentDefinition, StorageMap, NetworkMap)
MADE_BY_MIGRATIONS = (VirtualMachine, Pod)


class SuiteWay:
    """One teardown. reported: what it would call leftovers."""

    def __init__(self, kubeconfig: str, record: dict[str, list[dict[str, str]]], limit: int) -> None:
        self.client = get_client(config_file=kubeconfig)
        self.record, self.limit = record, limit
        # The suite's target_namespace, which bears the name of the session.
        self.session = record["Namespace"][0]["name"]
        self.reported: list[str] = []

    def run(self) -> None:
        for migration in self._recorded(Migration):
            self._cancel(migration)
        for plan in self._recorded(Plan):
            self._archive(plan)
        for kind in KINDS:
            self._delete(self._recorded(kind))
        for kind in MADE_BY_MIGRATIONS:
            self._delete(obj for obj in self._recorded(kind) if obj.exists)
        for vm in VirtualMachine.get(client=self.client, namespace=self.session):
            with suppress(Exception):
                vm.clean_up(wait=True, timeout=self.limit)
        self._look()
        self._delete(self._recorded(Namespace))

    def _recorded(self, kind: Any) -> list[Any]:
        found = []
        for entry in self.record.get(kind.kind, []):
            where = {"namespace": entry["namespace"]} if entry.get("namespace") else {}
            found.append(kind(client=self.client, name=entry["name"], **where))
        return found

    def _report(self, obj: Any, why: object = "") -> None:
        self.reported.append(f"{obj.kind} {obj.namespace or '-'}/{obj.name} {why}".rstrip())

    def _cancel(self, migration: Any) -> None:
        """Errors are not caught here, as they are not in the suite: one Migration that is gone ends everything."""
        running = migration.Condition.Type.RUNNING
        if not any(c.type == running and c.status == "True" for c in migration.instance.status.conditions):
            return
        ref = migration.instance.spec.plan
        plan = Plan(client=self.client, name=ref.name, namespace=ref.namespace)
        ResourceEditor(patches={migration: {"spec": {"cancel": plan.instance.spec.vms}}}).update()
        with suppress(TimeoutExpiredError):
            migration.wait_for_condition(condition=migration.Condition.CANCELED, status="True", timeout=self.limit)

    def _archive(self, plan: Any) -> None:
        ResourceEditor(patches={plan: {"spec": {"archived": True}}}).update()
        with suppress(TimeoutExpiredError):
            plan.wait_for_condition(condition=plan.Condition.ARCHIVED, status="True", timeout=self.limit)
            for pod in Pod.get(client=self.client, namespace=plan.instance.spec.targetNamespace):
                if plan.name in pod.name:
                    pod.wait_deleted(timeout=self.limit)

    def _delete(self, objects: Iterable[Any]) -> None:
        for obj in objects:
            try:
                if not obj.clean_up(wait=True, timeout=self.limit):
                    self._report(obj)
            except Exception as exc:  # noqa: BLE001 as the suite has it
                self._report(obj, exc)

    def _look(self) -> None:
        """What a migration made is known by the session's name in its own; a list that fails is only logged."""
        named = {"client": self.client, "namespace": self.session}
        for kind in (Pod, DataVolume, PersistentVolumeClaim):
            with suppress(Exception):
                self._await([obj for obj in kind.get(**named) if self.session in obj.name])
        with suppress(Exception):
            self._await([volume for volume in PersistentVolume.get(client=self.client) if self._concerns(volume)])

    def _concerns(self, volume: Any) -> bool:
        with suppress(NotFoundError):
            claim = volume.instance.spec.to_dict().get("claimRef", {}).get("name", "")
            return self.session in claim and volume.instance.status.phase != volume.Status.RELEASED
        return False

    def _await(self, objects: list[Any]) -> None:
        def gone(obj: Any) -> bool:
            try:
                return bool(obj.wait_deleted(timeout=self.limit))
            except Exception:  # noqa: BLE001 as the suite has it
                return False

        with ThreadPoolExecutor(10) as pool:
            for obj, went in zip(objects, pool.map(gone, objects), strict=True):
                if not went:
                    self._report(obj)


def main() -> int:
    """Run from the command line."""
    kubeconfig, resources_file, limit = sys.argv[1:]
    way = SuiteWay(kubeconfig, json.loads(Path(resources_file).read_text(encoding="utf-8")), int(limit))
    try:
        way.run()
    except Exception as exc:  # noqa: BLE001 the suite logs it, and ends
        way.reported.append(f"gave up: {type(exc).__name__}: {exc}")
    print("\n".join(way.reported) or "no leftovers")
    return int(bool(way.reported))


if __name__ == "__main__":
    sys.exit(main())
