# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Conversion asks for, and the pod that does it (F:pkg/controller/conversion, `CC/` below). Pure."""

from __future__ import annotations

import secrets

from tests.lab.operator.cdi import pod_spec
from tests.lab.operator.kinds import Obj, manifest, meta
from tests.lab.operator.settings import RUNS
from tests.lab.operator.status import condition

DEEP = "DeepInspection"
# Names of F:pkg/apis/forklift/v1beta1/conversion.go:33-67.
CREATING, WAITING = "CreatingSnapshot", "WaitingForSnapshot"
POD, RUNNING, RESULTS = "CreatingPod", "PodRunning", "FetchingResults"
REMOVING, AWAITING_REMOVAL, FINISHED = "RemovingSnapshot", "WaitingForSnapshotRemoval", "Finished"
_APPS = {DEEP: "deep-inspection", "Inspection": "virt-v2v-inspection"}


def owns_snapshot(conversion: Obj) -> bool:
    """Whether the controller makes the snapshot itself (CC/pipeline.go:29)."""
    spec = conversion["spec"]
    return spec.get("type") == DEEP and not (spec.get("settings") or {}).get("SNAPSHOT_MOREF", "").strip()


def stages(conversion: Obj) -> list[str]:
    """The way of this Conversion (CC/pipeline.go:34-52)."""
    if conversion["spec"]["type"] != DEEP:
        return [POD, RUNNING, FINISHED]
    before, after = ([CREATING, WAITING], [REMOVING, AWAITING_REMOVAL]) if owns_snapshot(conversion) else ([], [])
    return [*before, POD, RUNNING, RESULTS, *after, FINISHED]


def blockers(conversion: Obj) -> list[Obj]:
    """Critical conditions: nothing is done while one is there (CC/validation.go)."""
    spec = conversion.get("spec") or {}
    kind, vm = spec.get("type"), spec.get("vm") or {}
    missing = {
        "TypeNotValid": kind not in (DEEP, "Inspection", "InPlace", "Remote"),
        "TargetNamespaceNotSet": not spec.get("targetNamespace"),
        "VMNotSet": not (vm.get("id") or vm.get("name")),
        "DisksNotSet": kind in ("InPlace", "Remote") and not spec.get("disks"),
        "ConnectionNotSet": not ((spec.get("connection") or {}).get("secret") or {}).get("name"),
        "VDDKImageNotSet": kind == DEEP and not spec.get("vddkImage"),
    }
    return [condition(name, "Critical", f"{name}.", reason="NotSet") for name, wrong in missing.items() if wrong]


def pod_labels(conversion: Obj) -> dict[str, str]:
    """By these its pod is found again (CC/context/doc.go `PodConfigFromSpec`)."""
    return {**meta(conversion, "labels"), "conversion": conversion["metadata"]["name"]}


def pod_of(conversion: Obj, seconds: float) -> Obj:
    """The pod: no owner; labels and annotations of the Conversion (CC/builder.go:331,432; :230, :240)."""
    spec = conversion["spec"]
    base = (spec.get("podSettings") or {}).get("generateName") or f"{conversion['metadata']['name']}-"
    if spec["type"] == DEEP:
        base += "deep-inspection-"
    labels = {**pod_labels(conversion), "forklift.app": _APPS.get(spec["type"], "virt-v2v")}
    return manifest("Pod", f"{base[:58]}{secrets.token_hex(3)[:5]}", spec["targetNamespace"], labels=labels,
                    annotations={RUNS: str(seconds), **meta(conversion, "annotations")},
                    spec=pod_spec([disk["name"] for disk in spec.get("disks") or []]))  # fmt: skip


def closing(phase: str, stage: str, problem: str) -> Obj:
    """The condition of a phase (CC/controller.go `resolvePhaseConditions`)."""
    if phase == "Succeeded":
        return condition("Ready", "Required", "The conversion has completed successfully.")
    if phase == "Failed":
        return condition("ConversionFailed", "Critical", f"The conversion has failed: {problem}")
    if phase == "Canceled":
        return condition("ConversionCanceled", "Advisory", "The conversion has been canceled.")
    if phase == "Pending":
        return {**condition("Ready", "Required", "The conversion is pending."), "status": "False"}
    return condition("Advisory", "Advisory", f"The conversion is at {stage}.")
