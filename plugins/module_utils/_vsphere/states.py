# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether VMs of one vCenter are on and their changed blocks are tracked: read by their instance UUID, and changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause, first
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import awaited
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import States
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import causes
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.client import (
    Properties,
    VCenter,
    Waiter,
    plain_name,
)
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.fault import Fault
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.removal import (
    AGAIN,
    GONE,
    PAUSE,
    POWER_OFF,
    PRIVILEGES,
    TRIES,
)

KIND = "VirtualMachine"
_UUID, _POWER, _TRACKING = "config.instanceUuid", "runtime.powerState", "config.changeTrackingEnabled"
_CONNECTION = "runtime.connectionState"
_READ = ("name", _UUID, _POWER, _TRACKING, _CONNECTION)
POWER_ON, RECONFIGURE = "PowerOnVM_Task", "ReconfigVM_Task"
# What vCenter wants for each of them (VirtualMachine.reconfigure: ChangeTracking for changeTrackingEnabled).
NEEDED = {
    POWER_OFF: PRIVILEGES[POWER_OFF],
    POWER_ON: "VirtualMachine.Interact.PowerOn",
    RECONFIGURE: "VirtualMachine.Config.ChangeTracking",
}
_WORDS = {"poweredOn": "on", "poweredOff": "off"}
# Why it did not do it; what else is there to tell is about deleting.
_CAUSES = (causes.forbidden, causes.method_disabled, causes.task_running, causes.file_locked, causes.failed)


def states(center: VCenter, wanted: Mapping[str, str]) -> States:
    """uid -> id. A VM that was registered anew has another moRef, and is looked for by its instance UUID."""
    read = center.objects(KIND, wanted.values(), _READ)
    remotes: dict[str, Remote] = {}
    unread: dict[str, str] = {}
    for uid, ref in wanted.items():
        values, untold = read.values.get(ref), _told_of(read, ref)
        if values is not None and values.get(_UUID) == uid:
            _take(center, uid, ref, values, untold, remotes, unread)
        elif untold or (values is not None and not values.get(_UUID)):
            unread[uid] = untold or f"the instance UUID of {ref} is not told"
    for uid in wanted.keys() - remotes.keys() - unread.keys():
        _find(center, uid, remotes, unread)
    return States(remotes, unread)


def _find(center: VCenter, uid: str, remotes: dict[str, Remote], unread: dict[str, str]) -> None:
    refs = center.with_instance(uid)
    read = center.objects(KIND, refs, _READ)
    for ref in refs:
        values = read.values.get(ref)
        if values is None or values.get(_UUID) != uid:
            unread[uid] = _told_of(read, ref) or f"{ref} was found by its instance UUID, and does not tell it"
        else:
            _take(center, uid, ref, values, _told_of(read, ref), remotes, unread)


def _take(
    center: VCenter,
    uid: str,
    ref: str,
    values: Mapping[str, Any],
    untold: str,
    remotes: dict[str, Remote],
    unread: dict[str, str],
) -> None:
    """What vCenter tells of a VM that it cannot reach is how that was at some time."""
    link = str(values.get(_CONNECTION) or "")
    if untold or link != "connected" or not values.get(_POWER):
        unread[uid] = untold or f"VM {ref} is {link or 'not told to be reachable'}: nobody knows how it is"
    else:
        remotes[uid] = remote_of(center.connection, ref, values)


def remote_of(connection: Connection, ref: str, values: Mapping[str, Any]) -> Remote:
    name, power = plain_name(str(values.get("name") or "")), str(values[_POWER])
    return Remote(
        type="vsphere",
        provider=connection.key,
        host=connection.host,
        kind=KIND,
        id=ref,
        name=name,
        uid=str(values.get(_UUID) or ""),
        # Unset is off.
        facts={"power_state": _WORDS.get(power, power), "change_tracking": values.get(_TRACKING) is True},
    )


def _told_of(read: Properties, ref: str) -> str:
    """What could not be read of one of these."""
    return "; ".join(told for told in read.unread if told.startswith((f"{KIND} {ref}:", f"{KIND} {ref},")))


def called(center: VCenter, name: str) -> list[Remote]:
    """VMs of this name or moRef that can be read."""
    named = center.everything(KIND, ("name", _UUID))
    wanted = {
        str(values[_UUID]): ref
        for ref, values in named.values.items()
        if name in (ref, plain_name(str(values.get("name") or ""))) and values.get(_UUID)
    }
    return list(states(center, wanted).remotes.values()) if wanted else []


def put(
    center: VCenter, one: Remote, wanted: Mapping[str, Any], limits: Limits, sleep: Callable[[float], None] = time.sleep
) -> Cause | None:
    """One step after the other: tracking begins and ends with the next start of a VM, or while that is off."""
    clock = Clock(limits)
    with awaited.changed(one, clock) as says:
        for method in steps(wanted):
            args = (center.tracking(bool(wanted["change_tracking"])),) if method == RECONFIGURE else ()
            fault = _done(partial(_once, center, clock, one.id, method, args, sleep, says), clock, sleep)
            if fault is not None and fault.name == GONE:
                return None
            # The VM is so already, by somebody else's hand; or it is not, and a look says so.
            if fault is not None and fault.name != "InvalidPowerState":
                return first(_CAUSES, causes.Held(KIND, one.facts, fault))
    return None


def steps(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Tasks in their order."""
    if wanted.get("power_state") == "off":
        yield POWER_OFF
    if "change_tracking" in wanted:
        yield RECONFIGURE
    if wanted.get("power_state") == "on":
        yield POWER_ON


def _done(once: Callable[[], Fault | None], clock: Clock, sleep: Callable[[float], None]) -> Fault | None:
    """What a task ended with; tried again a few times where somebody else has the VM in hand."""
    fault = None
    for number in range(TRIES):
        fault = once()
        pause = PAUSE * 2**number
        if fault is None or fault.name not in AGAIN or clock.left() < pause:
            break
        sleep(pause)
    return fault


def _once(
    center: VCenter,
    clock: Clock,
    ref: str,
    method: str,
    args: Iterable[Any],
    sleep: Callable[[float], None],
    says: awaited.Says,
) -> Fault | None:
    started = center.start(ref, method, *args)
    if isinstance(started, Fault):
        return started
    waiter = Waiter(center, sleep)
    waiter.watch([started])
    says(method)
    mark = waiter.progress()
    while clock.left() > 0:
        ended = waiter.next(min(1.0, max(0.1, clock.left())))
        if started in ended:
            return ended[started] if isinstance(ended[started], Fault) else None
        now = waiter.progress()
        if now != mark:
            mark = now
            clock.moved()
            says(f"{method} {dict(now).get(started, '')}".strip())
    return Fault("TaskHangs", task=started)
