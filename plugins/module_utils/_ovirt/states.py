# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether VMs of one engine are on: read by their ids, started and stopped."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import causes
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine, Machine, Refused
from ansible_collections.mtv.teardown.plugins.module_utils._provider import awaited
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import States

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORDS = {"up": "on", "down": "off"}
# Why it did not do it; what else is there to tell is about removing.
_CAUSES = (
    causes.forbidden,
    causes.snapshot_running,
    causes.backup_running,
    causes.storage_domain_inactive,
    causes.image_locked,
    causes.disk_locked,
    causes.not_responding,
)


def states(engine: Engine, wanted: Mapping[str, str], partly: str) -> States:
    """uid -> id, which is the same here. partly: what an account is told that does not see every VM."""
    found = engine.machines(dict.fromkeys(wanted, ""))
    gone = [one for one in wanted if found.get(one) is None]
    unread = dict.fromkeys(gone, partly) if gone and engine.check() is None else {}
    remotes = {ident: remote_of(engine.connection, one) for ident, one in found.items() if one is not None}
    return States(remotes, unread)


def remote_of(connection: Connection, one: Machine) -> Remote:
    return Remote(
        type="ovirt",
        provider=connection.key,
        host=connection.host,
        kind="Vm",
        id=one.id,
        uid=one.id,
        name=one.name,
        # A word that the client does not know is none of both.
        facts={"power_state": _WORDS.get(one.status, one.status or "unknown")},
    )


def called(engine: Engine, name: str) -> list[Remote]:
    """VMs of this name or id."""
    found = [one for one in engine.everything().values() if one.name == name]
    one = engine.machine(name) if UUID.fullmatch(name) else None
    return [remote_of(engine.connection, each) for each in (*found, *([one] if one is not None else []))]


def put(
    engine: Engine, one: Remote, wanted: Mapping[str, Any], limits: Limits, sleep: Callable[[float], None] = time.sleep
) -> Cause | None:
    """Its power is cut or given; a guest that does not answer is none of our business."""
    power, clock, status = wanted["power_state"], Clock(limits), ""
    with awaited.changed(one, clock) as says:
        answer = engine.start(one.id) if power == "on" else engine.stop(one.id)
        while answer is None and clock.left() > 0:
            now = engine.machine(one.id)
            if now is None or _WORDS.get(now.status) == power:
                return None
            if now.status != status:
                status = now.status
                clock.moved()
                says(f"status {status.replace('_', ' ')}")
            sleep(engine.patience.poll)
    return _why(one, status or str(one.facts["power_state"]), answer or Refused(0, ""))


def _why(one: Remote, status: str, said: Refused) -> Cause:
    held = causes.Held("Vm", one.name, {"status": status}, said.text, said.status)
    told = said.text or f"its status is {status.replace('_', ' ')}"
    return first(_CAUSES, held) or causes.cause_of(causes.Held("Vm", one.name, {}, told, said.status))
