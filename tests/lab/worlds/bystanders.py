# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's things, which a teardown must leave alone. Pure."""

from __future__ import annotations

import copy
from typing import Any

from tests.lab.operator.cdi import pod_spec
from tests.lab.operator.kinds import Obj, manifest
from tests.lab.operator.objects import dns1123, storage_array
from tests.lab.operator.static import static_pair
from tests.lab.worlds import suite
from tests.lab.worlds.suite import MTV, SOURCE_URL, Session, running_vm
from tests.lab.worlds.table import OTHER_TEAM, SHARED, InspectionOf, PlanOf, World

_SIZE = {"requests": {"storage": "1Mi"}}
_LONGER = World("", (PlanOf("vsphere", ("mtv-tests-rhel8",), "test_longer", running=True, disks=2),))
# What another team may well name as we do.
_COPIED = ("Secret", "Provider", "NetworkMap", "StorageMap", "NetworkAttachmentDefinition", "Plan", "Hook", "ConfigMap")
RELEASED = "other-team-archive"
PEOPLES_VM = "people-base"


def longer_session(prefix: str) -> Session:
    """A living session whose prefix begins with ours."""
    return suite.build("longer", _LONGER, f"{prefix}3")


def claim(name: str, namespace: str) -> Obj:
    return manifest(
        "PersistentVolumeClaim", name, namespace, spec={"accessModes": ["ReadWriteOnce"], "resources": _SIZE}
    )


def stopped_vm(name: str, namespace: str, disk: str) -> Obj:
    volume = {"name": "root", "persistentVolumeClaim": {"claimName": disk}}
    template = {
        "spec": {
            "domain": {"devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}},
            "volumes": [volume],
        }
    }
    return manifest("VirtualMachine", name, namespace, spec={"runStrategy": "Halted", "template": template})


def same_names(session: Session) -> list[Obj]:
    """Another team's objects with the names of ours, VMs and their claims included."""
    made = [
        _moved(obj, session.prefix)
        for obj in session.objects
        if obj["kind"] in _COPIED and obj["metadata"].get("namespace") == session.prefix
    ][:40]
    vms = sorted({vm["name"] for obj in session.objects if obj["kind"] == "Plan" for vm in obj["spec"]["vms"]})
    for name in map(dns1123, vms):
        made += [claim(f"{name}-root", OTHER_TEAM), stopped_vm(name, OTHER_TEAM, f"{name}-root")]
    return made


def _moved(obj: Obj, prefix: str) -> Obj:
    """The object, with every reference to the session's namespace turned to the other team's."""

    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: OTHER_TEAM if key in ("namespace", "targetNamespace") and part == prefix else turn(part)
                for key, part in value.items()
            }
        return [turn(part) for part in value] if isinstance(value, list) else value

    moved: Obj = turn(copy.deepcopy(obj))
    return moved


def shared(prefix: str) -> list[Obj]:
    """What others keep in the shared namespace; one VM only looks like ours."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": SHARED}
    return [
        manifest("NetworkAttachmentDefinition", "bridge-network", SHARED, spec={"config": "{}"}),
        manifest("Secret", "people-login", SHARED, stringData={"user": "people"}),
        running_vm("people-web", SHARED),
        claim("people-db-root", SHARED),
        stopped_vm("people-db", SHARED, "people-db-root"),
        claim("people-data", SHARED),
        manifest("Pod", "people-worker", SHARED, spec=pod_spec(["people-data"])),
        claim(f"{prefix}-lookalike-root", SHARED),
        stopped_vm(f"{prefix}-lookalike", SHARED, f"{prefix}-lookalike-root"),
        manifest("ClusterRoleBinding", "other-team-view", roleRef=role, subjects=[subject]),
        # Types that the newest Forklift has, and that a session cannot have yet.
        *(
            manifest(
                "Provider",
                f"people-{kind}",
                SHARED,
                spec={"type": kind, "url": SOURCE_URL, "secret": {"name": "people-login", "namespace": SHARED}},
            )
            for kind in ("nutanix", "ec2")
        ),
    ]


def storage_arrays(session: Session) -> list[Obj]:
    """Where a session offloads copies, others did so before."""
    plans = [obj for obj in session.objects if obj["kind"] == "Plan"]
    return [storage_array(MTV)] if any("pvcNameTemplate" in plan["spec"] for plan in plans) else []


def inspections(session: Session) -> list[Obj]:
    """Where a session inspects base VMs, others do: one of theirs, in the shared namespace, and one of the same."""
    wanted = [obj["spec"]["vm"]["name"] for obj in session.objects if obj["kind"] == "Conversion"][:1]
    source = session.source
    made: list[Obj] = []
    for vm in wanted:
        made += suite.inspection("base", InspectionOf(PEOPLES_VM, ""), SHARED, source, "people")
        made += suite.inspection("same", InspectionOf(vm, ""), OTHER_TEAM, source, "people")
    return made


def released() -> tuple[Obj, Obj]:
    """A volume of others that will be Released, once its claim is deleted."""
    return static_pair(RELEASED, RELEASED, OTHER_TEAM, labels={"team": "other"}, pv_labels={"team": "other"})
