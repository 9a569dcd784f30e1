# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the lab behaves: delays, the Forklift release it plays, and where things live."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from tests.lab.operator.kinds import Obj, meta

PREFIX = "lab.mtv.teardown/"
OUTCOME = f"{PREFIX}outcome"
IMPORT = f"{PREFIX}import"
ENDS = f"{PREFIX}ends"
RUNS = f"{PREFIX}runs"
DISKS = f"{PREFIX}disks"
LUNS = f"{PREFIX}luns"
# Switches for controllers that misbehave. On any object: its controllers have lost sight of it.
IGNORED = f"{PREFIX}ignored"
# On a Pod (or a VM, whose launcher takes it over): the node it runs on.
NODE = f"{PREFIX}node"
# On a Plan: archive says Archived and cleans nothing.
LIES = f"{PREFIX}archive-lies"
# On the ForkliftController: the release that Forklift plays from now on.
RELEASE = f"{PREFIX}forklift-version"
# Beside it: the release that it plays.
PLAYED = f"{PREFIX}forklift-version-played"
# The class of which CDI believes that a CSI driver is behind it; the lab's volumes have nothing behind them anyway.
CSI_CLASS = "lab-csi"
# Deployments of the controllers; one that is scaled to nothing does nothing.
FORKLIFT, POPULATOR = "forklift-controller", "forklift-volume-populator-controller"
KUBEVIRT, CDI = "virt-controller", "cdi-deployment"


@dataclass
class Settings:
    """Seconds unless said otherwise. Each delay can be set per object by annotation."""

    cancel: float = 1.0
    archive: float = 1.0
    vm_end: float = 2.0
    pod_end: float = 1.0
    importer: float = 1.0
    populator: float = 1.0
    conversion: float = 0.5
    job: float = 0.3
    blocker_grace: float = 300.0
    forklift_version: str = "2.12"
    retain_populator_pods: bool = False
    storage_class: str = "lab-storage"
    forklift_namespace: str = "openshift-mtv"
    node: str = "lab-node"

    @property
    def release(self) -> tuple[int, int]:
        major, minor = self.forklift_version.split(".")[:2]
        return int(major), int(minor)

    def delay(self, obj: Obj, step: str) -> float:
        """The delay of a step for one object: `lab.mtv.teardown/vm-end-delay: "30"`."""
        value = meta(obj, "annotations").get(f"{PREFIX}{step.replace('_', '-')}-delay")
        return float(value) if value is not None else float(getattr(self, step))

    def deletes_vm_on_failure(self, plan: Obj, vm: Obj) -> bool:
        """Whether cancel and archive take the disks along.

        Always in 2.8, false by default in 2.9 and 2.10, true since 2.11 (MTV-3165, MTV-4942).
        """
        if self.release < (2, 9):
            return True
        for source in (vm, plan.get("spec", {})):
            if source.get("deleteVmOnFailMigration") is not None:
                return bool(source["deleteVmOnFailMigration"])
        return self.release >= (2, 11)


def load(path: Path | None) -> Settings:
    """Settings from a JSON or YAML file; an unknown key is an error, not a silent default."""
    if path is None:
        return Settings()
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{path}: unknown settings {', '.join(unknown)}")
    return Settings(**values)
