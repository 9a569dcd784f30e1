# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of what stays on source providers, through the real main() of a module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.tests.unit.plugins.modules.test_provider_clones import Worlds

CLONE = "auto-ci01-rhel8-9fzk"
FAULT = Cause("task-failed", "SystemError: password=hush-hush", "see the VM's tasks")


@pytest.fixture
def worlds(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Worlds:
    """On one of them a task fails, and another has a clone with an error that goes."""
    made = Worlds(tmp_path, capfd, monkeypatch)
    held = {made.sites["vsphere"].remotes[CLONE].identity: FAULT}
    monkeypatch.setattr(made.sites["vsphere"], "remove", lambda *_given: held, raising=False)
    broken = made.sites["openstack"].remote(CLONE, facts={"status": "ERROR"})
    made.sites["openstack"].remotes[CLONE] = broken
    for site in made.sites.values():
        monkeypatch.setattr(site, "told", lambda _one: {"tasks": [{"fault": "token=hush-hush"}]}, raising=False)
    return made


def documents(folder: Path, told: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    found = {}
    for one in told["evidence"]["files"]:
        text = (folder / one["path"]).read_text(encoding="utf-8")
        assert "hush" not in text
        found[one["provider"], one["why"]] = yaml.safe_load(text)
    return found


def test_what_fails_there_is_kept_with_its_tasks(worlds: Worlds, tmp_path: Path) -> None:
    told = worlds.run(evidence={"path": str(tmp_path / "x.evidence"), "run": "r-1"})
    assert not told.get("failed") and told["evidence"]["notes"] == []
    found = documents(tmp_path, told)
    assert set(found) == {("vsphere", "refused"), ("openstack", "failed")}
    refused = found["vsphere", "refused"]
    assert refused["cause"] == {"name": "task-failed", "text": "SystemError: password=***"}
    assert refused["tasks"] == [{"fault": "token=***"}] and refused["about"]["name"] == CLONE
    assert found["openstack", "failed"]["object"]["facts"] == {"status": "ERROR"}
    assert CLONE not in worlds.sites["openstack"].remotes


def test_what_a_provider_does_not_tell_is_told(worlds: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_one: object) -> None:
        raise ApiError("403 for tasks")

    monkeypatch.setattr(worlds.sites["vsphere"], "told", fails)
    told = worlds.run(evidence={"path": str(tmp_path / "x.evidence")})
    assert not told.get("failed")
    refused = documents(tmp_path, told)["vsphere", "refused"]
    assert refused["unread"] == ["403 for tasks"] and "tasks" not in refused


@pytest.mark.parametrize("more", [{}, {"evidence": {}}, {"evidence": {"path": "x"}, "_ansible_check_mode": True}])
def test_without_a_path_and_in_check_mode_there_is_none(worlds: Worlds, tmp_path: Path, more: dict[str, Any]) -> None:
    if more.get("evidence"):
        more = {**more, "evidence": {"path": str(tmp_path / "x.evidence")}}
    told = worlds.run(**more)
    assert "evidence" not in told and not (tmp_path / "x.evidence").exists()


def test_a_folder_that_cannot_be_used_changes_nothing_else(worlds: Worlds, tmp_path: Path) -> None:
    (tmp_path / "x.evidence").write_text("mine", encoding="utf-8")
    told = worlds.run(evidence={"path": str(tmp_path / "x.evidence")})
    assert not told.get("failed")
    assert [(one["name"], one["cause"]) for one in told["remaining"]] == [(CLONE, "task-failed")]
    assert len(told["evidence"]["notes"]) == 1 and told["evidence"]["files"] == []
