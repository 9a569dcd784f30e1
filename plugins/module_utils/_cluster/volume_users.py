# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims an object uses, by the volumes that its own specification names. Pure.

A pod names them in spec.volumes, whatever makes pods in a template of that, a VM in the volumes of its template; a
DataVolume has the name of its claim (KubeVirt: C(spec.template.spec.volumes[].dataVolume)). A volume that is plugged in
later is in status.volumeRequests, or in the VMI's spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, dig, listed

# Where the specification of a pod or guest is, by how deep it lies in what makes it.
_TEMPLATES = (
    ("spec",),
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec", "virtualMachineTemplate", "spec", "template", "spec"),
)
# KubeVirt's volume sources beside a pod's (kubevirt.io/api core/v1 VolumeSource).
_SOURCES = (
    ("persistentVolumeClaim", "claimName"),
    ("dataVolume", "name"),
    ("ephemeral", "persistentVolumeClaim", "claimName"),
    ("memoryDump", "claimName"),
)
_PLUGGED = ("status", "volumeRequests")


def claims_used(obj: Obj) -> frozenset[str]:
    """Names of claims in its namespace."""
    return frozenset(name for volume in _volumes(obj) for name in _claim_names(volume) if name)


def is_over(obj: Obj) -> bool:
    """A pod, guest or Job that has ended and uses nothing any more (pvc-protection thinks so of pods, too)."""
    if obj.kind == "Job":
        return any(str(c.get("type")) in ("Complete", "Failed") and str(c.get("status")) == "True" for c in _said(obj))
    return obj.kind in ("Pod", "VirtualMachineInstance") and obj.status("phase") in ("Succeeded", "Failed")


def _said(obj: Obj) -> list[Mapping[str, Any]]:
    return listed(obj.status("conditions"))


def _volumes(obj: Obj) -> Iterator[Mapping[str, Any]]:
    for path in _TEMPLATES:
        yield from listed(dig(obj.body, *path, "volumes"))
    for asked in listed(dig(obj.body, *_PLUGGED)):
        source = dig(asked, "addVolumeOptions", "volumeSource")
        if isinstance(source, Mapping):
            yield source


def _claim_names(volume: Mapping[str, Any]) -> Iterator[str]:
    for path in _SOURCES:
        yield str(dig(volume, *path) or "")
