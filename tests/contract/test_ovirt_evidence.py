# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine tells of an object that does not go."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.site import open_site

from tests.contract.ovirt_runs import HASTY, SESSION, STAYS, connection, owned
from tests.lab.engine.peer import Peer

NAME = "auto-ab12-rhel8-9fzk"


def test_events_about_a_disk_and_no_other(engine: Peer) -> None:
    """Its engine says why only there."""
    fails = {"alias": "auto-ab12-bad", "removal": "illegal"}
    engine.vm(NAME, disks=[fails])
    engine.vm(f"{NAME}0", disks=[{**fails, "alias": "auto-ab12-bad0"}])
    with open_site(connection(engine), HASTY) as site:
        seen = site.look(SESSION)
        targets = owned(SESSION, seen)
        site.remove(targets, STAYS)
        (disk,) = [one for one in targets if one.name == "auto-ab12-bad"]
        (event,) = site.told(disk)["events"]
        (machine,) = [one for one in targets if one.name == NAME]
        told = [event["message"] for event in site.told(machine)["events"]]
    assert event["message"].startswith("Failed to remove disk auto-ab12-bad from")
    assert told == [f"VM {NAME} was successfully removed."]
