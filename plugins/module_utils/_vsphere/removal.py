# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many VMs of one vCenter powered off and destroyed together, their tasks awaited together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _times
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.causes import LOCKED
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.client import VCenter, Waiter
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.fault import Fault

# Tasks that are in flight at once: vCenter queues more, and their owners would see the queue.
IN_FLIGHT = 32
# How often a VM whose file is locked, or that a task holds, is tried; seconds before the next try, doubled each time.
TRIES, PAUSE = 4, 1.0
POWER_OFF, DESTROY, REMOVE_SNAPSHOT = "PowerOffVM_Task", "Destroy_Task", "RemoveSnapshot_Task"
# What vCenter wants for each of them. A delete needs it on the folder of the VM, too (vSphere Security, Virtual
# Machine Inventory Privileges).
PRIVILEGES = {
    POWER_OFF: "VirtualMachine.Interact.PowerOff",
    DESTROY: "VirtualMachine.Inventory.Delete",
    REMOVE_SNAPSHOT: "VirtualMachine.State.RemoveSnapshot",
}
# To look for files that are left: SearchDatastore_Task.
BROWSE = "Datastore.Browse"
GONE = "ManagedObjectNotFound"
AGAIN = LOCKED | {"TaskInProgress", "InvalidState", "ConcurrentAccess"}


@dataclass(slots=True)
class _Job:
    """One object on its way out. step: what is asked next; due: not before this; awaits: a task of others."""

    ref: str
    step: str
    tries: int = 0
    due: float = 0.0
    awaits: str = ""
    last: Fault | None = None


class Removal:
    """Runs once. known: by moRef what is to be removed, for people. still: which of these machines may go,
    asked right before they are destroyed; the others are left alone without a fault, for who asks knows why. Powering
    off takes time, in which somebody may change them."""

    def __init__(
        self,
        center: VCenter,
        limits: Limits,
        known: Mapping[str, Remote],
        still: Callable[[Sequence[str]], Collection[str]],
    ) -> None:
        self._center, self._clock, self._known, self._still = center, Clock(limits), known, still
        self._began = _times.now()
        self._waiter = Waiter(center)
        self._jobs: dict[str, _Job] = {}
        self._running: dict[str, _Job] = {}
        self._faults: dict[str, Fault] = {}
        self._mark: tuple[object, ...] = ()

    def run(self, machines: Iterable[str], on: set[str], snapshots: Iterable[str] = ()) -> Mapping[str, Fault]:
        """machines, snapshots: moRefs to remove; on: machines that are powered on. Returns what each of those ended
        with that did not go."""
        for ref in machines:
            self._jobs[ref] = _Job(ref, POWER_OFF if ref in on else DESTROY)
        for ref in snapshots:
            self._jobs[ref] = _Job(ref, REMOVE_SNAPSHOT)
        with _progress.waiting(self._told):
            while self._jobs and self._clock.left() > 0:
                self._start()
                self._wait()
        for job in self._jobs.values():
            task = next((task for task, one in self._running.items() if one is job), job.awaits)
            self._faults[job.ref] = Fault("TaskHangs", task=task) if task else job.last or Fault("TimedOut")
        return self._faults

    def _told(self) -> dict[str, object]:
        asked = {job.ref for job in list(self._running.values())}
        things = [
            _progress.thing(
                one.kind,
                one.name,
                provider=one.provider,
                uid=one.identity,
                since=self._began if job.ref in asked or job.last or job.step == DESTROY else "",
                held=job.last.name if job.last else "",
            )
            for job in list(self._jobs.values())
            if (one := self._known.get(job.ref)) is not None
        ]
        return _progress.wait("to go", things, self._clock)

    def _start(self) -> None:
        """What is due, as long as there is room."""
        busy = {id(job) for job in self._running.values()}
        due = [
            job for job in self._jobs.values() if id(job) not in busy and not job.awaits and job.due <= time.monotonic()
        ][: IN_FLIGHT - len(busy)]
        last = [job.ref for job in due if job.step == DESTROY]
        kept = set(last) - set(self._still(last)) if last else set()
        new = []
        for job in due:
            if job.ref in kept:
                del self._jobs[job.ref]
                continue
            started = self._ask(job)
            if isinstance(started, Fault):
                self._ended(job, started)
            else:
                self._running[started] = job
                new.append(started)
        self._waiter.watch(new)

    def _ask(self, job: _Job) -> str | Fault:
        if job.step == REMOVE_SNAPSHOT:
            return self._center.start(job.ref, job.step, False, kind="VirtualMachineSnapshot")
        return self._center.start(job.ref, job.step)

    def _wait(self) -> None:
        ended = self._waiter.next(min(1.0, max(0.1, self._clock.left())))
        for task, result in ended.items():
            job = self._running.pop(task, None)
            for other in [one for one in self._jobs.values() if one.awaits == task]:
                other.awaits = ""
            if job is not None:
                self._ended(job, result if isinstance(result, Fault) else None)
        mark = self._waiter.progress()
        if ended or mark != self._mark:
            self._mark = mark
            self._clock.moved()
        if not self._waiter.pending and self._jobs:
            time.sleep(max(0.0, min(0.2, min(job.due for job in self._jobs.values()) - time.monotonic())))

    def _ended(self, job: _Job, fault: Fault | None) -> None:
        """A step has ended: well, or with a fault that decides what comes next."""
        if fault is None or (fault.name == "InvalidPowerState" and job.step == POWER_OFF):
            if job.step == POWER_OFF:
                job.step = DESTROY  # off, by us or by somebody else
                return
            del self._jobs[job.ref]
        elif fault.name == GONE:
            del self._jobs[job.ref]
        elif fault.name == "InvalidPowerState" and job.tries < 1:
            job.step, job.tries, job.last = POWER_OFF, job.tries + 1, fault  # somebody has started it
        elif fault.name in AGAIN and job.tries < TRIES:
            self._later(job, fault)
        else:
            self._faults[job.ref] = fault
            del self._jobs[job.ref]

    def _later(self, job: _Job, fault: Fault) -> None:
        job.tries, job.last = job.tries + 1, fault
        job.due = time.monotonic() + PAUSE * 2 ** (job.tries - 1)
        if fault.name == "TaskInProgress" and fault.task:
            job.awaits = fault.task
            self._waiter.watch([fault.task])
