# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Teardowns that are killed, each at its first write, until one comes to its end: what is written beside the record has
to be enough for the next, nothing is lost, and nothing of others is touched."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.killing import BEFORE, Killer, said
from tests.lab.controlplane import Lab
from tests.lab.faults import FaultProxy
from tests.lab.worlds import check, seed

WRITES = {"method": "^(DELETE|PATCH|PUT)$"}
ONE_RUN = "tests.contract.one_run"


@pytest.mark.parametrize(("world", "at_once", "at_least"), some([("shared-namespace", 16, 8), ("running", 1, 20)], 2))
def test_killed_at_every_write(acting_lab: Lab, tmp_path: Path, world: str, at_once: int, at_least: int) -> None:
    """at_once: writes that are under way when the first of them kills; with one, each of a world has its kill."""
    prefix = f"auto-kl{at_once:02d}"
    seed.seed(acting_lab, world, prefix, tmp_path, say=lambda _text: None)
    with FaultProxy(acting_lab, folder=tmp_path / "proxy") as proxy:
        command = (ONE_RUN, str(proxy.kubeconfig), str(tmp_path), prefix, str(at_once))
        killer = Killer([proxy], WRITES, *command)
        last = killer.until_one_ends()
    assert last["verdict"] == "clean", last
    assert killer.kills >= at_least
    # Each was killed at a write, and had written before what it was about to do.
    assert last["earlier"] and all(one["intended"] and not one["verdict"] for one in last["earlier"])
    if at_once == 1:  # of several writes a late one kills the run after that, before it has begun
        assert len(last["earlier"]) == killer.kills
        # What is going already is not asked for again.
        told = Counter(one.path for one in proxy.seen if one.method == "DELETE" and one.fault != BEFORE)
        assert set(told.values()) == {1}, told.most_common(5)
    problems, told = check.check(acting_lab, tmp_path / "world.json", "clean")
    assert not problems, told


@pytest.mark.parametrize("world", some(["running", "shared-namespace"], 2))
def test_two_teardowns_of_one_session_at_once(acting_lab: Lab, tmp_path: Path, world: str) -> None:
    """Each deletes what the other has not yet, and neither tells what is not so."""
    prefix = f"auto-tw{len(world):02d}"
    seed.seed(acting_lab, world, prefix, tmp_path, say=lambda _text: None)
    killer = Killer([], WRITES, ONE_RUN, str(acting_lab.kubeconfig), str(tmp_path), prefix, "8")
    runs = [killer.start() for _run in range(2)]
    told = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    ends = [said(text) for text in told]
    assert [one["verdict"] for one in ends] == ["clean", "clean"], ends
    problems, seen = check.check(acting_lab, tmp_path / "world.json", "clean")
    assert not problems, seen
