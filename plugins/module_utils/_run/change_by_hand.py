# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object changed for a time by hand: noted first, then changed; and changes taken out of the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    MADE,
    MOST_BYTES,
    Change,
    Field,
    as_kept,
    differences,
    forbidden,
    merged,
    parse,
    withheld,
)
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_decision import patch_of
from ansible_collections.mtv.teardown.plugins.module_utils._run import changes
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file

# What the server answers after which nothing was changed.
_REFUSED = (400, 401, 403, 404, 405, 409, 415, 422)


def make(cluster: Cluster, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Note the change, make it, and note that. RecordError where it must not be in a ledger: then nothing is done."""
    path = str(params["undo_file"])
    there = read(path)
    told = forbidden(params["kind"], params["api_version"])
    if told:
        raise RecordError(f"{told}. Nothing was changed.")
    obj = _object(cluster, params)
    fields = _fields(cluster, obj, params["patch"], check_mode)
    change = _change(obj, params, kubeconfig.place_of(str(cluster.where["url"])), fields) if fields else None
    if change is None:
        return answer((), (), there)
    if check_mode:
        return answer([change], (), there)
    made = replace(change, state=MADE)
    return answer([made], (), _made(cluster, obj, path, made, change))


def _made(cluster: Cluster, obj: Obj, path: str, made: Change, change: Change) -> tuple[Change, ...]:
    """Noted before it is made, and after; what the ledger says then."""
    changes.edit(path, lambda known: [*known, change])
    try:
        cluster.patch_tested(obj, _patch(obj, change.fields))
    except ApiError as exc:
        if exc.status in _REFUSED:
            changes.edit(path, lambda known: [one for one in known if one.id != change.id])
        raise
    return changes.edit(path, lambda known: [made if one.id == change.id else one for one in known])


def _object(cluster: Cluster, params: Mapping[str, Any]) -> Obj:
    group, _slash, version = params["api_version"].rpartition("/")
    found = cluster.discover().find(group, params["kind"])
    if found is None or found.kind != params["kind"]:
        raise RecordError(f"the cluster does not serve {params['kind']} ({params['api_version']}).")
    namespace = params["namespace"] or None
    if found.namespaced != (namespace is not None):
        raise RecordError(f"a {found.kind} {'has a' if found.namespaced else 'has no'} namespace.")
    obj = cluster.get(replace(found, version=version), namespace, params["name"])
    if obj is None:
        raise RecordError(f"there is no {found.kind} {params['name']}: only what is there is changed for a time.")
    return obj


def _fields(cluster: Cluster, obj: Obj, patch: Mapping[str, Any], check_mode: bool) -> Sequence[Field]:
    """What the patch changes, as the server will keep it, which may be another form of what it is sent. It is asked by
    a dry run; not in check mode, and not where it takes no dry run."""
    fields = differences(obj.body, merged(obj.body, patch))
    told = withheld(obj.kind, obj.resource.api_version, fields)
    if told:
        raise RecordError(f"{told}. Nothing was changed.")
    if not fields or check_mode:
        return fields
    try:
        return as_kept(fields, cluster.would_be(obj, _patch(obj, fields)))
    except ApiError:
        return fields


def _patch(obj: Obj, fields: Iterable[Field]) -> tuple[Mapping[str, Any], ...]:
    return patch_of(obj.body, {one.path: one.after for one in fields}, {})


def _change(obj: Obj, params: Mapping[str, Any], place: str, fields: Iterable[Field]) -> Change:
    return Change(
        id=uuid.uuid4().hex,
        kind=obj.kind,
        api_version=obj.resource.api_version,
        namespace=obj.namespace,
        name=obj.name,
        uid=obj.uid,
        place=place,
        session=params["session_prefix"],
        time=_times.now(),
        fields=tuple(fields),
    )


def strike(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Take what the ledger says of an object out of it; without a kind it is only read."""
    path = str(params["undo_file"])
    before = read(path)
    absent = params["state"] == "absent"
    removed = [one for one in before if absent and _is_of(one, params)]
    after = tuple(one for one in before if one not in removed)
    if removed and not check_mode:
        after = changes.edit(path, lambda known: [one for one in known if not _is_of(one, params)])
    return answer((), removed, after)


def _is_of(change: Change, params: Mapping[str, Any]) -> bool:
    wanted = (params["kind"], params["api_version"].rpartition("/")[0], params["namespace"] or None, params["name"])
    is_its = not change.provider and (change.kind, change.group, change.namespace, change.name) == wanted
    return is_its and params["session_prefix"] in ("", change.session)


def read(path: str) -> tuple[Change, ...]:
    """What the ledger says now; nothing where there is none. RecordError for what is no ledger."""
    text = notes_file.read(path, changes.WHAT, MOST_BYTES) if Path(path).parent.is_dir() else None
    try:
        return parse(text) if text is not None else ()
    except ValueError as exc:
        raise RecordError(f"{path} is no ledger of changes: {exc}. Nothing was changed.") from exc


def answer(added: Iterable[Change], removed: Iterable[Change], there: Iterable[Change]) -> dict[str, Any]:
    """What the module returns."""
    told = {"added": added, "removed": removed, "changes": there}
    lists = {name: [one.as_dict() for one in found] for name, found in told.items()}
    return {"changed": bool(lists["added"] or lists["removed"]), **lists}
