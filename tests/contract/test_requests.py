# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a whole teardown asks of an API server: three looks at everything, and little beside them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import furniture

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.clusters import cluster_of
from tests.lab.controlplane import Lab
from tests.lab.worlds import check, seed, table
from tests.lab.worlds.table import SHARED, InspectionOf, PlanOf, World

# Two namespaces of its own; a recorded one that others use, in which a Conversion of its own runs; and Forklift's, in
# which it has a ServiceAccount.
WORLD = World(
    "VMs in two namespaces, one migration still running, an inspection in a namespace of others",
    (
        PlanOf("openshift", ("vm-fedora-1", "vm-fedora-2"), "test_ocp_to_ocp", running=True),
        PlanOf("vsphere", ("mtv-tests-rhel8",), "test_crashed", outcome="running"),
    ),
    source_vms=("vm-fedora-1", "vm-fedora-2"),
    inspections=(InspectionOf("mtv-win2022", "test_deep_inspection_shared", SHARED),),
    extras=True,
)
NAMESPACES = 4


def torn_down(lab: Lab, prefix: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A session of that world, after the playbook; nothing of it is left, and everybody else lives."""
    monkeypatch.setitem(table.WORLDS, "requests", WORLD)
    out = folder / ".data-collector"
    world = seed.seed(lab, "requests", prefix, out, say=lambda _text: None)
    assert len(world["session"]) > 30
    assert len(world["bystanders"]) > 30
    given: dict[str, Any] = {"resources_file": str(out / "resources.json"), "mtv_teardown_openshift_only": True}
    done = Playbooks(lab, folder).run("teardown", mtv_teardown_stall_timeout=90, **given)
    assert done.code == 0, done.output
    assert "CLEAN" in done.output
    assert check.problems(world, check.look(lab), "clean") == []
    return done


def allowed(lab: Lab) -> int:
    """Three times each kind in each namespace, and what a teardown costs whatever there is."""
    found = cluster_of(lab.kubeconfig).discover().deletable(namespaced=True)
    kinds = {r.key for r in found if (r.group, r.kind) not in furniture.KINDS}
    return 3 * len(kinds) * NAMESPACES + 300


def told(asked: list[dict[str, Any]]) -> str:
    """How much was asked, and what most."""
    most = Counter(f"{r['verb']} {r['resource']}" for r in asked)
    return f"{len(asked)} requests, {Counter(r['verb'] for r in asked)}; {most.most_common(12)}"


def test_a_teardown_asks_for_everything_three_times_at_most(
    acting_lab: Lab, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = torn_down(acting_lab, prefix, tmp_path, monkeypatch)
    print(f"{told(done.asked)}, of {allowed(acting_lab)}")
    assert len(done.asked) <= allowed(acting_lab)


def test_so_it_does_on_an_openshift(
    openshift: Lab, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = torn_down(openshift, prefix, tmp_path, monkeypatch)
    print(f"{told(done.asked)}, of {allowed(openshift)}")
    assert len(done.asked) <= allowed(openshift)
