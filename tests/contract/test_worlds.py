# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worlds that differ in what lies in them and not in how a session lies: torn down without Ansible. molecule.sh plays
the others, and on request these, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._run import load, look
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.clusters import cluster_of
from tests.contract.teardown import places, teardown
from tests.lab.controlplane import Lab
from tests.lab.worlds import check, seed, table


def test_they_are_worlds() -> None:
    assert set(table.BY_PYTHON) < set(table.WORLDS)


@pytest.mark.parametrize("world", some(table.BY_PYTHON, 3))
def test_nothing_of_the_session_is_left_and_every_bystander_lives(
    acting_lab: Lab, prefix: str, tmp_path: Path, world: str
) -> None:
    seeded = seed.seed(acting_lab, world, prefix, tmp_path, say=lambda _text: None)
    file, cluster = tmp_path / "world.json", cluster_of(acting_lab.kubeconfig)
    session = load.session_of({"resources_file": str(tmp_path / "resources.json")})
    predicted = places(look.look(cluster, session)["targets"])
    checked = teardown(cluster, session, check_mode=True)
    assert check.check(acting_lab, file, "untouched")[0] == []
    assert (bool(predicted), checked.deleted <= predicted) == (bool(seeded["session"]), True)
    run = teardown(cluster_of(acting_lab.kubeconfig), session, stall=90, namespace_stall=90)
    assert run.verdict == "clean", run.judged["leftovers"] + run.judged["unreadable"]
    assert check.check(acting_lab, file, "clean")[0] == []
    assert places(run.judged["deleted"]) == predicted
    again = teardown(cluster_of(acting_lab.kubeconfig), session)
    assert (again.verdict, again.deleted) == ("clean", set())
