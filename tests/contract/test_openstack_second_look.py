# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second look at real OpenStack services, at a result in which something is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.test_openstack_site import ours
from tests.contract.test_openstack_two import filled
from tests.lab.controlplane import Lab
from tests.lab.openstack.worlds import Project

KINDS = ("Server", "Volume", "Snapshot", "Image", "Port")


def test_what_our_own_look_overlooked_is_seen(lab: Lab, project: Project, prefix: str, tmp_path: Path) -> None:
    playbooks = Playbooks(lab, tmp_path)
    entry = {"type": "openstack", "api_url": project.peer.auth_url, "username": "ci", "password": "secret"}
    where = {"user_domain_name": "Default", "region_name": "RegionOne", "project_name": "ci"}
    file = tmp_path.with_suffix(".providers.json")
    file.write_text(json.dumps({"psi": {**entry, **where}}), encoding="utf-8")
    scopes = [{"kind": kind, "api_version": "openstack", "namespace": None, "provider": "psi"} for kind in KINDS]
    result: dict[str, Any] = {
        "verdict": "clean",
        "scopes": [{"kind": "Namespace", "api_version": "v1", "namespace": None}, *scopes],
        **{name: [] for name in ("deleted", "leftovers", "kept", "accepted", "refused", "unseen")},
        "summary": ["session", "CLEAN"],
        "artifacts": {"mtv_teardown_session": prefix, "mtv_teardown_verdict": "clean"},
    }

    def look(**given: Any) -> Run:
        told = {**result, **given}
        return playbooks.run_role("second_look", second_look_result=told, second_look_providers_file=str(file))

    filled(project, "auto-zz99-rhel8-aaaa")
    agreed = look()
    assert agreed.code == 0, agreed.output
    made = filled(project, f"{prefix}-rhel8-aaaa")
    before = ours(project)
    named = look()
    assert named.code == 2 and "nothing of it is told" in named.output, named.output
    for module in ("server_info", "volume_info", "volume_snapshot_info"):
        assert f"openstack.cloud.{module} says" in named.output, named.output
    image = next(one for one in project.sdk.image.images() if one.id in made)
    gone = {"kind": "Image", "api_version": "openstack", "namespace": None, "name": "renamed", "provider": "psi"}
    by_id = look(deleted=[{**gone, "id": image.id, "uid": f"project/{image.id}", "place": "ci"}])
    assert by_id.code == 2 and "openstack.cloud.image_info says" in by_id.output, by_id.output
    assert ours(project) == before
