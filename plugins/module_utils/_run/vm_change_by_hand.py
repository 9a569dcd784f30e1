# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One VM on a source provider changed for a time by hand: noted first, then changed; and changes taken out of the
ledger."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider.opening import opened
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Site
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    MADE,
    Change,
    Field,
    forbidden_change,
    same,
)
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_decision import shown
from ansible_collections.mtv.teardown.plugins.module_utils._run import change_by_hand, changes, providers
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

# What of a VM may be changed for a time, by the names of options and of facts.
STATES = ("power_state", "change_tracking")


def make(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Note the change, make it, and note that. RecordError where it cannot be: then nothing is done."""
    there = change_by_hand.read(str(params["undo_file"]))
    targets = providers.of_types(set(PROVIDERS), params)
    wanted_key = params["provider"]
    targets = [one for one in targets if wanted_key in ("", one.connection.key)]
    if not targets:
        raise RecordError(f"provider {wanted_key} is not configured." if wanted_key else "no provider is configured.")
    with opened(targets) as (sites, failed):
        site, vm = _vm(sites, failed, params["name"])
        change = _change(site, vm, params)
        if change is None:
            return change_by_hand.answer((), (), there)
        if not check_mode:
            there = _made(site, vm, change, params)
            change = replace(change, state=MADE)
    diff = {name: _lines(change, name) for name in ("before", "after")}
    return {**change_by_hand.answer([change], (), there), "diff": diff}


def _vm(sites: list[Site], failed: Mapping[str, ApiError], name: str) -> tuple[Site, Remote]:
    """The one VM of that name or id."""
    found: dict[str, tuple[Site, Remote]] = {}
    for site in sites:
        found |= {one.at(site.server).identity: (site, one) for one in site.called(name)}
    if len(found) == 1 and not failed:
        return next(iter(found.values()))
    if failed:  # whoever is silent may have one of that name, too
        raise next(iter(failed.values()))
    if not found:
        raise RecordError(f"there is no VM {name} that can be read: only what is there is changed for a time.")
    told = ", ".join(f"{vm.id} on {site.connection.key}" for site, vm in found.values())
    raise RecordError(f"there are several VMs {name} ({told}): give provider, or an id for name.")


def _change(site: Site, vm: Remote, params: Mapping[str, Any]) -> Change | None:
    """What is to be changed; None where it is so already."""
    wanted = {name: params[name] for name in STATES if params[name] is not None}
    strange = [name for name in wanted if name not in vm.facts]
    if strange:
        raise RecordError(f"{strange[0]} cannot be changed on {vm.type}. Nothing was changed.")
    fields = [
        Field(f"/{name}", vm.facts[name], value) for name, value in wanted.items() if not same(vm.facts[name], value)
    ]
    if not fields:
        return None
    made = Change(
        id=uuid.uuid4().hex,
        kind=vm.kind,
        api_version=vm.type,
        namespace=None,
        name=vm.name,
        uid=vm.at(site.server).identity,
        place=site.connection.place,
        session=params["session_prefix"],
        time=_times.now(),
        fields=tuple(fields),
        provider=vm.type,
        ref=vm.id,
    )
    if forbidden_change(made):
        told = ", ".join(f"{field.path[1:]} is {shown(field.path, field.before)}" for field in fields)
        raise RecordError(f"of {vm.kind} {vm.name} {told}: from that nothing is put back. Nothing was changed.")
    return made


def _made(site: Site, vm: Remote, change: Change, params: Mapping[str, Any]) -> tuple[Change, ...]:
    """Noted before it is made, and after; what the ledger says then."""
    path = str(params["undo_file"])
    changes.edit(path, lambda known: [*known, change])
    wanted = {field.path.removeprefix("/"): field.after for field in change.fields}
    limits = Limits(float(params["stall_timeout"]), float(params["wait_timeout"]))
    cause = site.put(vm, wanted, limits)
    after = site.states({vm.uid: vm.id}).remotes.get(vm.uid)
    now = after.facts if after is not None else {}
    if all(same(now.get(name), value) for name, value in wanted.items()):
        made = replace(change, state=MADE)
        return changes.edit(path, lambda known: [made if one.id == change.id else one for one in known])
    told = f"{cause.name}: {cause.text}" if cause is not None else "it is not so afterwards"
    if cause is not None and now == vm.facts and cause.name != "task-running":
        changes.edit(path, lambda known: [one for one in known if one.id != change.id])
    raise ApiError(f"{vm.kind} {vm.name} on {site.connection.key}: {told}")


def _lines(change: Change, side: str) -> str:
    return "".join(
        f"{change.kind} {change.name} {field.path}: {shown(field.path, getattr(field, side))}\n"
        for field in change.fields
    )


def strike(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Take what the ledger says of a VM out of it; without a name it is only read."""
    path = str(params["undo_file"])
    before = change_by_hand.read(path)
    absent = params["state"] == "absent"
    removed = [one for one in before if absent and _is_of(one, params)]
    after = tuple(one for one in before if one not in removed)
    if removed and not check_mode:
        after = changes.edit(path, lambda known: [one for one in known if not _is_of(one, params)])
    return change_by_hand.answer((), removed, after)


def _is_of(change: Change, params: Mapping[str, Any]) -> bool:
    is_its = bool(change.provider) and params["name"] in (change.name, change.ref)
    return is_its and params["session_prefix"] in ("", change.session)
