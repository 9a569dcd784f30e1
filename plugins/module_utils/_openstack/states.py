# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether servers of one project are on: read by their ids, started and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import causes
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.client import Cloud
from ansible_collections.mtv.teardown.plugins.module_utils._provider import awaited
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import States

_KIND = "Server"
_WORDS = {"ACTIVE": "on", "SHUTOFF": "off"}
# Seconds between two looks.
_POLL = 1.0


def states(cloud: Cloud, wanted: Mapping[str, str]) -> States:
    """uid -> id, which is the same here."""
    remotes: dict[str, Remote] = {}
    unread: dict[str, str] = {}
    for ident in wanted:
        try:
            item = cloud.one(_KIND, ident)
        except ApiError as exc:
            unread[ident] = exc.msg
            continue
        if item is not None:
            remotes[ident] = remote_of(cloud.connection, item)
    return States(remotes, unread)


def remote_of(connection: Connection, item: Mapping[str, Any]) -> Remote:
    return Remote(
        type="openstack",
        provider=connection.key,
        host=connection.host,
        kind=_KIND,
        id=str(item["id"]),
        uid=str(item["id"]),
        name=str(item.get("name") or ""),
        facts={"power_state": _power(item)},
    )


def _power(item: Mapping[str, Any]) -> str:
    """A server that something is being done to is neither on nor off."""
    status, task = str(item.get("status") or "unknown"), item.get("OS-EXT-STS:task_state")
    return f"{status}, {task}" if task else _WORDS.get(status, status)


def called(cloud: Cloud, name: str) -> list[Remote]:
    """Servers of this name or id."""
    found = cloud.listing(_KIND).values()
    return [remote_of(cloud.connection, one) for one in found if name in (one.get("name"), one["id"])]


def put(
    cloud: Cloud, one: Remote, wanted: Mapping[str, Any], limits: Limits, sleep: Callable[[float], None] = time.sleep
) -> Cause | None:
    """Nova gives the guest some time to shut down, and cuts its power then."""
    power, clock = wanted["power_state"], Clock(limits)
    with awaited.changed(one, clock) as says:
        try:
            cloud.switch(one.id, power == "on")
        except ApiError as exc:
            if exc.status not in (401, 403, 404, 409):
                raise
            return None if exc.status == 404 else _refused(cloud, one, exc)
        now = str(one.facts["power_state"])
        while clock.left() > 0:
            item = cloud.one(_KIND, one.id)
            if item is None or _power(item) == power:
                return None
            if _power(item) != now:
                now = _power(item)
                clock.moved()
                says(f"status {now}")
            sleep(min(_POLL, max(0.1, clock.left())))
    return causes.why(replace(one, facts={"status": now}))


def _refused(cloud: Cloud, one: Remote, error: ApiError) -> Cause:
    """Nova says 409 of a server that is locked, and of one that is so already, which a look shows."""
    item = cloud.one(_KIND, one.id) or {}
    said = {"locked": item.get("locked"), "code": error.status, "error": error.reason}
    return causes.why(replace(one, facts={"switched": True, **said}))
