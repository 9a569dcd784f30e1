# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of the lab never clears away the folder of one of another kind that has the same name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab import controlplane
from tests.lab.openstack import peer as openstack
from tests.lab.vcenter import peer as vcenter

STARTS: dict[str, Callable[[str], Any]] = {
    "lab": controlplane.start,
    "vcenter": vcenter.start,
    "openstack": lambda name: openstack.start(name, say=print),
}
STOPS: dict[str, Callable[[str], Any]] = {
    "lab": controlplane.stop,
    "vcenter": vcenter.stop,
    "openstack": openstack.stop,
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MTV_TEARDOWN_LAB_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("marked", [True, False], ids=["starting", "started by an older version"])
@pytest.mark.parametrize("mine", STARTS)
@pytest.mark.parametrize("other", STARTS)
def test_a_folder_of_another_kind_is_left_alone(folder: Path, mine: str, other: str, marked: bool) -> None:
    if mine == other:
        return
    state = folder / "x"
    if marked:
        controlplane.claim(state, other)
    else:
        state.mkdir()
        (state / f"{other}.json").write_text(json.dumps({"port": 1, "crds": "slim", "binary": "b"}), encoding="utf-8")
    for name in ("etcd", "db", "pki"):
        (state / name).mkdir()
    before = sorted(state.rglob("*"))
    for act in (STARTS[mine], STOPS[mine]):
        with pytest.raises(controlplane.LabError, match=f"x is the name of .*{other}"):
            act("x")
    assert sorted(state.rglob("*")) == before


@pytest.mark.parametrize("kind", STOPS)
def test_a_name_is_free_again_when_its_server_was_stopped(folder: Path, kind: str) -> None:
    controlplane.claim(folder / "x", kind)
    STOPS[kind]("x")
    for other in STOPS:
        controlplane.claim(folder / "x", other)
        STOPS[other]("x")


def test_stopping_what_never_was_makes_no_folder(folder: Path) -> None:
    for stop in STOPS.values():
        stop("x")
    assert not list(folder.iterdir())
