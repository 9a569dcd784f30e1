# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mtv-api-tests itself makes for a world, and what it writes down of it (section 7). Pure."""

from __future__ import annotations

import random
import string
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.lab.operator.kinds import Obj, manifest
from tests.lab.operator.settings import CSI_CLASS, DISKS, ENDS, LUNS, OUTCOME
from tests.lab.worlds.table import SHARED, VERSIONS, InspectionOf, PlanOf, World

MTV = "openshift-mtv"
# Where the lab's own providers are, too: ids in Plans are looked for on the server that a Provider names.
SOURCE_URL = "https://127.0.0.1"
_VDDK = "registry.example.com/vddk:8.0.1"


@dataclass(frozen=True)
class Source:
    """The vCenter of a world: what a Secret says of it, and its base VMs by their names. By default there is none."""

    url: str = SOURCE_URL
    login: dict[str, str] = field(default_factory=dict)
    vms: dict[str, str] = field(default_factory=dict)

    def secret(self) -> dict[str, str]:
        return {"url": self.url, "user": "lab", **self.login}

    def vm(self, name: str) -> Obj:
        """A reference to a base VM; where there is no vCenter, its id comes from its name."""
        return {"id": self.vms.get(name, f"vm-{zlib.crc32(name.encode()) % 900 + 100}"), "name": name}


NOWHERE = Source()
# The classes' modules where they are not just the kind in snake case.
_MODULES = {"NetworkAttachmentDefinition": "network_attachment_definition", "NetworkMap": "network_map"}


@dataclass
class Session:
    """A session as its suite left it: objects in the order they were made, and the record of them."""

    prefix: str
    objects: list[Obj] = field(default_factory=list)
    record: dict[str, list[Obj]] = field(default_factory=dict)
    source: Source = NOWHERE

    def note(self, key: str, entry: Obj) -> None:
        """Write an entry of resources.json."""
        self.record.setdefault(key, []).append(entry)

    def add(self, obj: Obj, test: str = "") -> Obj:
        """An object that ``create_and_store_resource`` made."""
        self.objects.append(obj)
        self.note(obj["kind"], entry_of(obj, test))
        return obj


def module_of(kind: str) -> str:
    """The module of a wrapper class: ``StorageMap`` is in ``ocp_resources.storage_map``."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("_")
    return f"ocp_resources.{_MODULES.get(kind, snake)}"


def entry_of(obj: Obj, test: str = "") -> Obj:
    """An entry of resources.json: ``namespace`` is null for kinds of the cluster."""
    metadata = obj["metadata"]
    entry = {"name": metadata["name"], "namespace": metadata.get("namespace"), "module": module_of(obj["kind"])}
    return {**entry, "test_name": test} if test else entry


class Names:
    """Names as the suite makes them; the same ones each time for one world and prefix."""

    def __init__(self, world: str, prefix: str) -> None:
        self.prefix = prefix
        self._random = random.Random(f"{world}/{prefix}")

    def tail(self) -> str:
        """Four characters of a short uuid, lower-cased (``utilities/naming.py``)."""
        return "".join(self._random.choices(string.ascii_lowercase + string.digits, k=4))

    def base(self, plan: PlanOf) -> str:
        """``<session>-source-<type>-<version>``, with ``-xcopy`` for copy-offload."""
        version = VERSIONS[plan.source].replace(".", "-")
        return f"{self.prefix}-source-{plan.source}-{version}{'-xcopy' if plan.offload else ''}"

    def of(self, plan: PlanOf) -> str:
        return cut(f"{self.base(plan)}-{self.tail()}")

    def clone(self, vm: str) -> str:
        return cut(f"{self.prefix}-{vm}-{self.tail()}")

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def cut(name: str) -> str:
    """The suite keeps the last 63 characters, so the prefix may be what it loses."""
    return name[-63:]


def build(name: str, world: World, prefix: str, source: Source = NOWHERE) -> Session:
    """Everything the suite makes for a world, and its record; nothing is made by a migration yet."""
    session = Session(prefix, source=source)
    names = Names(name, prefix)
    session.add(manifest("Namespace", prefix))
    local = session.add(
        manifest(
            "Provider", f"{prefix}-local-ocp-provider", prefix, spec={"type": "openshift", "url": "", "secret": {}}
        )
    )
    if world.source_vms:
        _source_vms(session, world)
    for plan in world.plans:
        _plan(session, names, world, plan, local)
    for wanted in world.inspections:
        for obj in inspection(names.tail(), wanted, wanted.namespace or prefix, source, prefix):
            session.add(obj, wanted.test)
    if world.extras:
        _extras(session, names)
    if world.live:
        _reused(session, world)
    return session


def _plan(session: Session, names: Names, world: World, plan: PlanOf, local: Obj) -> None:
    prefix = session.prefix
    provider = _provider(session, names, plan)
    roles = {"source": _reference(provider), "destination": _reference(local)}
    storage = session.add(
        manifest("StorageMap", names.of(plan), prefix, spec={"map": [], "provider": roles}), plan.test
    )
    if plan.offload:
        plugin = {"vsphereXcopyConfig": {"secretRef": "storage-array", "storageVendorProduct": "ontap"}}
        pair = {
            "source": {"id": "datastore-1"},
            "destination": {"storageClass": "lab-storage"},
            "offloadPlugin": plugin,
        }
        storage["spec"]["map"] = [pair]
    if plan.csi:
        storage["spec"]["map"] = [{"source": {"id": "datastore-1"}, "destination": {"storageClass": CSI_CLASS}}]
    network = session.add(
        manifest("NetworkMap", names.of(plan), prefix, spec={"map": [], "provider": roles}), plan.test
    )
    config = '{"cniVersion": "0.3.1", "name": "cnv-bridge", "type": "cnv-bridge"}'
    session.add(manifest("NetworkAttachmentDefinition", f"cb-{names.tail()}", prefix, spec={"config": config}))
    vms = [_vm(session, names, world, plan, number, vm) for number, vm in enumerate(plan.vms)]
    kind = "warm" if plan.warm else "cold"
    content: Obj = {
        "targetNamespace": world.target or prefix,
        "provider": roles,
        "map": {"network": _reference(network), "storage": _reference(storage)},
        "vms": vms,
        "warm": plan.warm,
        "targetPowerState": "on" if plan.running else "off",
    }
    if plan.offload:
        content["pvcNameTemplate"] = "pvc"
    if plan.hooks:
        _hook(session, names, plan, vms)
    notes = {DISKS: str(plan.disks)}
    if plan.lun:
        notes[LUNS] = f"{vms[0]['id']}={names.uuid()}"
    made = session.add(
        manifest("Plan", cut(f"{names.of(plan)}-{kind}"), prefix, annotations=notes, spec=content), plan.test
    )
    migration = manifest(
        "Migration",
        cut(f"{names.of(plan)}-{kind}"),
        prefix,
        annotations={OUTCOME: plan.outcome},
        spec={"plan": _reference(made)},
    )
    session.add(migration, plan.test)


def _reference(obj: Obj) -> Obj:
    return {"name": obj["metadata"]["name"], "namespace": obj["metadata"]["namespace"]}


def _provider(session: Session, names: Names, plan: PlanOf) -> Obj:
    prefix = session.prefix
    secret = session.add(manifest("Secret", names.of(plan), prefix, stringData=session.source.secret()))
    provider = session.add(
        manifest(
            "Provider",
            names.of(plan),
            prefix,
            spec={"type": plan.source, "url": session.source.url, "secret": _reference(secret)},
        )
    )
    if plan.offload:
        host = {
            "ipAddress": "192.0.2.10",
            "id": "host-1",
            "provider": _reference(provider),
            "secret": _reference(secret),
        }
        session.add(manifest("Host", names.of(plan), prefix, spec=host))
    return provider


def _vm(session: Session, names: Names, world: World, plan: PlanOf, number: int, base: str) -> Obj:
    if plan.source == "openshift":
        return {"id": names.uuid(), "name": base, "namespace": f"{session.prefix}-source-vms"}
    clone = base if plan.source == "ova" and len(base) < 30 else names.clone(base)
    if plan.source != "ova":  # OVA files are not cloned
        session.note(plan.source, {"name": clone})
    if world.cinder:
        # Several with one name: one for each volume of the base VM.
        for _volume in range(plan.disks):
            session.note("VolumeSnapshot", {"id": names.uuid(), "name": f"snapshot for {clone}-snapshot"})
    identity = f"vm-{1000 + len(session.objects) * 10 + number}" if plan.source == "vsphere" else names.uuid()
    return {"id": identity, "name": clone}


def _hook(session: Session, names: Names, plan: PlanOf, vms: list[Obj]) -> None:
    hook = session.add(manifest("Hook", names.of(plan), session.prefix, spec={"image": "lab/hook", "playbook": ""}))
    for vm in vms:
        vm["hooks"] = [{"hook": _reference(hook), "step": step} for step in ("PreHook", "PostHook")]


def inspection(tail: str, wanted: InspectionOf, namespace: str, source: Source, name: str) -> tuple[Obj, Obj]:
    """The connection Secret and the Conversion (`create_di_connection_secret`, `create_conversion_resource`). It is
    still running, so its snapshot and its pod are there."""
    secret = manifest("Secret", f"{name}-{tail}", namespace, stringData=source.secret())
    spec = {
        "type": "DeepInspection",
        "vm": {**source.vm(wanted.vm), "type": "VirtualMachine"},
        "connection": {"secret": _reference(secret)},
        "targetNamespace": namespace,
        "vddkImage": _VDDK,
    }
    return secret, manifest("Conversion", f"{name}-{tail}", namespace, annotations={ENDS: "never"}, spec=spec)


def _source_vms(session: Session, world: World) -> None:
    """Source VMs are recorded under the suite's own subclass of VirtualMachine."""
    namespace = f"{session.prefix}-source-vms"
    session.add(manifest("Namespace", namespace))
    for name in world.source_vms:
        obj = running_vm(name, namespace)
        session.objects.append(obj)
        session.note("VirtualMachine", {**entry_of(obj), "module": "utilities.utils"})


def running_vm(name: str, namespace: str) -> Obj:
    """A VM with a disk of its own, switched on."""
    disk = f"{name}-disk"
    storage = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    source = {"source": {"http": {"url": "http://images.lab.invalid/disk"}}, "storage": storage}
    template = {
        "spec": {
            "domain": {"devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}},
            "volumes": [{"name": "root", "dataVolume": {"name": disk}}],
        }
    }
    spec = {
        "runStrategy": "Always",
        "template": template,
        "dataVolumeTemplates": [{"metadata": {"name": disk}, "spec": source}],
    }
    return manifest("VirtualMachine", name, namespace, spec=spec)


def _extras(session: Session, names: Names) -> None:
    prefix = session.prefix
    account = session.add(manifest("ServiceAccount", f"{prefix}-migrator", prefix))
    session.add(manifest("ServiceAccount", f"{prefix}-migrator-{names.tail()}", MTV))
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"kind": "ServiceAccount", **_reference(account)}
    session.add(manifest("ClusterRoleBinding", f"{prefix}-forklift-migrator-binding", roleRef=role, subjects=[subject]))
    config = session.add(manifest("ConfigMap", f"{prefix}-scripts", prefix, data={"run.sh": ""}))
    # Twice, once without its module; and a namespace of others that the suite found in place.
    session.note("ConfigMap", entry_of(config))
    session.record["ConfigMap"][0].pop("module")
    session.note("Namespace", {"name": SHARED, "namespace": None, "module": "ocp_resources.namespace"})


def _reused(session: Session, world: World) -> None:
    """``ConflictError … reusing it``: recorded, although it is older and somebody else's; and a duplicate."""
    reused = manifest("NetworkAttachmentDefinition", "bridge-network", SHARED)
    session.note("NetworkAttachmentDefinition", entry_of(reused))
    if world.plans:
        session.record["Plan"].append(dict(session.record["Plan"][0]))


def old_entries(session: Session, world: World, pods: Iterable[Any]) -> None:
    """The older suite also wrote each plan VM under its source name, and every pod of the target namespace."""
    target = world.target or session.prefix
    for plan in (obj for obj in session.objects if obj["kind"] == "Plan"):
        for vm in plan["spec"]["vms"]:
            session.note("VirtualMachine", entry_of(manifest("VirtualMachine", vm["name"], target)))
    for _time in range(2):
        for pod in pods:
            session.note("Pod", entry_of(manifest("Pod", str(pod), target)))
