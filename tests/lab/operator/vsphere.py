# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshot of a deep inspection, on the vCenter that a connection Secret names (F:pkg/controller/conversion/
client.go, vsphere_connect.go): a session for each call, tasks that are looked at again later.

A Secret without a password names no vCenter of the lab: then every task succeeds, and nothing is done anywhere."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

from tests.lab.operator.kinds import Obj

# client.go:21,22
SNAPSHOT, DESCRIPTION = "forklift-deep-inspection", "Forklift Operator deep inspection"
NOWHERE = "nowhere"


class SnapshotError(Exception):
    """The vCenter refused, could not be reached, or its task has failed."""


def _values(secret: Obj) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}


def _trust(values: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=values.get("cacert") or None)
    if values.get("insecureSkipVerify") == "true":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def _session(secret: Obj) -> Iterator[Any]:
    """The stub of a session that ends with the call; None where there is no vCenter."""
    values = _values(secret)
    if not values.get("password"):
        yield None
        return
    place = urlsplit(values.get("url", ""))
    try:
        service = SmartConnect(host=place.hostname, port=place.port or 443, user=values.get("user"),
                               pwd=values["password"], sslContext=_trust(values))  # fmt: skip
        try:
            yield service._stub
        finally:
            Disconnect(service)
    except (vmodl.MethodFault, OSError, HTTPException, ExpatError) as error:
        raise SnapshotError(getattr(error, "msg", None) or str(error)) from error


def there(secret: Obj, vms: Iterable[str]) -> dict[str, str]:
    """Every snapshot of these VMs that has the name: its id -> the VM's."""
    found: dict[str, str] = {}
    with _session(secret) as stub:
        for vm in vms:
            # The simulator has no such property on a VM without snapshots.
            tree = getattr(vim.VirtualMachine(vm, stub), "snapshot", None)
            below = list(tree.rootSnapshotList) if tree is not None else []
            while below:
                one: Any = below.pop()
                below += one.childSnapshotList
                if one.name == SNAPSHOT:
                    found[one.snapshot._GetMoId()] = vm
    return found


def create(secret: Obj, vm: str) -> str:
    """Begin; returns the task's id."""
    with _session(secret) as stub:
        if stub is None:
            return NOWHERE
        machine = vim.VirtualMachine(vm, stub)
        return str(machine.CreateSnapshot_Task(SNAPSHOT, DESCRIPTION, memory=False, quiesce=True)._GetMoId())


def remove(secret: Obj, snapshot: str) -> str:
    """Begin; returns the task's id."""
    with _session(secret) as stub:
        if stub is None:
            return NOWHERE
        made = vim.vm.Snapshot(snapshot, stub)
        return str(made.RemoveSnapshot_Task(removeChildren=False, consolidate=True)._GetMoId())


def result(secret: Obj, task: str) -> str | None:
    """What a task has made ("" for nothing); None while it runs."""
    with _session(secret) as stub:
        if stub is None:
            return NOWHERE
        info: Any = vim.Task(task, stub).info
        if info.state == vim.TaskInfo.State.error:
            raise SnapshotError(info.error.msg)
        if info.state != vim.TaskInfo.State.success:
            return None
        return str(info.result._GetMoId()) if info.result is not None else ""
