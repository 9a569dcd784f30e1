# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vCenter tells of a task that failed or hangs is kept, and only of what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.folder import Folder
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keep import Bounds
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keeper import Keeper
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.evidence import ProviderWitness

from tests.contract.providers import names
from tests.contract.vcenters import CLONE, PREFIX, recorded, target
from tests.lab.vcenter import peer

FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"fault": "SystemError", "task": True, "value": "password=Kw3Hush7Qz"}, "refused", "SystemError"),
    ({"fault": "NoPermission", "value": "VirtualMachine.Inventory.Delete"}, "refused", ""),
    ({"fault": "hang"}, "hangs", ""),
]


@pytest.mark.parametrize(("rule", "why", "fault"), FAULTS, ids=["SystemError", "NoPermission", "hang"])
def test_a_task_that_fails_or_hangs(
    rule: dict[str, Any], why: str, fault: str, vcenter: peer.VCenter, tmp_path: Path
) -> None:
    ours, _goes = vcenter.make(CLONE, f"{PREFIX}-goes")
    others = set(vcenter.named())
    vcenter.rules({"method": "Destroy_Task", "object": CLONE, **rule})
    keeper = Keeper(Folder(str(tmp_path / "x.evidence"), "r", Bounds()))
    session, limits = recorded(CLONE), Limits(3.0, 30.0)
    done = teardown.remove([target(vcenter)], session, limits, False, witness=ProviderWitness(keeper))
    assert names(done.done) == {f"{PREFIX}-goes"} and names(done.remaining) == {CLONE}
    (told,) = keeper.told()["files"]
    assert (told["name"], told["why"], told["provider"]) == (CLONE, why, "vsphere-8")
    text = (tmp_path / told["path"]).read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert "Kw3Hush7Qz" not in text and "unread" not in document
    assert document["object"]["id"] == ours["id"] and document["cause"]["name"] == done.remaining[0]["cause"]
    if fault:
        assert document["tasks"][-1]["fault"] == fault and document["tasks"][-1]["state"] == "error"
    assert others - {f"{PREFIX}-goes"} <= set(vcenter.named())
