# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real Nova and Cinder tell of objects that do not go."""

from __future__ import annotations

from tests.contract import clouds
from tests.contract.test_openstack_site import ours
from tests.lab.openstack.worlds import Project


def test_what_nova_and_cinder_tell_of_a_clone(project: Project, prefix: str) -> None:
    clone = project.clone(f"{prefix}-rhel8-aaaa", boot_volume=True)
    project.lock(clone.server)
    with clouds.site(project.peer) as site:
        seen = site.look(clouds.session(prefix))
        held = site.remove([one for one in seen.remotes if one.id in {clone.server, *clone.volumes}], clouds.STUCK)
        assert len(held) == 2
        server = site.told(clouds.remote(seen, clone.server))
        volume = site.told(clouds.remote(seen, clone.volumes[0]))
    assert [item["id"] for item in server["related"]] == [clone.server]
    assert "lock" in {action["action"] for action in server["tasks"]}
    assert [item["id"] for item in volume["related"]] == [clone.volumes[0]]
    assert isinstance(volume["tasks"], list)
    assert set(ours(project)) == {clone.server, *clone.volumes}
