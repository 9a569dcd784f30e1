# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ResourceEditor of openshift-python-wrapper: what it changes for a time is noted before, and struck afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from mtv_record.changes import Change, Field, as_kept, differences, merged, withheld
from mtv_record.recorder import FAILURES, Recorder, now

_NOTED = "_mtv_record_changes"
# Of an object the server keeps these, and a replace does not change them.
_SERVERS = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
    "name",
    "namespace",
)
# Answers of an API server after which nothing was changed.
_REFUSED = (400, 403, 404, 409, 422)
Method = Callable[..., Any]


def update(recorder: Recorder, plain: Method) -> Method:
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        changes = _changes(recorder, self)
        recorder.changing(changes)
        vars(self).setdefault(_NOTED, []).extend(change.id for change in changes)
        try:
            made = plain(self, *args, **kwargs)
        except BaseException as exc:
            if len(changes) == 1 and getattr(exc, "status", 0) in _REFUSED:
                recorder.put_back([changes[0].id])
            raise
        recorder.changed([change.id for change in changes])
        return made

    return recorded


def restore(recorder: Recorder, plain: Method) -> Method:
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = plain(self, *args, **kwargs)
        if vars(self).get("_backups"):  # without any it puts nothing back
            recorder.put_back(vars(self).pop(_NOTED, []))
        return made

    return recorded


def _changes(recorder: Recorder, editor: Any) -> list[Change]:
    """What the editor is about to change, object by object; what of it cannot be told is told as that."""
    found = []
    try:
        patches, replaces = list(editor.patches.items()), vars(editor).get("action") == "replace"
    except FAILURES as exc:
        recorder.trouble(f"a ResourceEditor's changes are not recorded: {type(exc).__name__}")
        return []
    for resource, patch in patches:
        try:
            change = _change(recorder, resource, patch, replaces)
        except Exception as exc:  # noqa: BLE001 - a client's errors are of many kinds, and the update says it, too
            recorder.trouble(f"a change of a {type(resource).__name__} is not recorded: {type(exc).__name__}")
            continue
        if change is not None:
            found.append(change)
    return found


def _change(recorder: Recorder, resource: Any, patch: Mapping[str, Any], replaces: bool) -> Change | None:
    before = resource.instance.to_dict()
    meta = before["metadata"]
    fields = differences(_comparable(before), _comparable(merged({} if replaces else before, patch), before))
    if not fields:
        return None
    told = withheld(before["kind"], before["apiVersion"], fields)
    if told:
        recorder.trouble(f"a change of {before['kind']} {meta['name']} cannot be undone from the ledger: {told}")
    elif not replaces:
        fields = _as_kept(resource, patch, fields)
        if not fields:
            return None
    return Change(
        id=uuid.uuid4().hex,
        kind=before["kind"],
        api_version=before["apiVersion"],
        namespace=meta.get("namespace"),
        name=meta["name"],
        uid=meta["uid"],
        place=str(resource.client.configuration.host),
        test_name=recorder.test[1],
        session=recorder.prefix,
        time=now(),
        fields=() if told else tuple(fields),
        withheld=told,
    )


def _as_kept(resource: Any, patch: Mapping[str, Any], fields: list[Field]) -> list[Field]:
    """As the server will keep them, by a dry run of what the editor is about to send; as they are sent where it takes
    none."""
    body = {**patch, "metadata": {**(patch.get("metadata") or {}), "name": resource.name}}
    given = {"namespace": resource.namespace, "content_type": "application/merge-patch+json", "dry_run": "All"}
    try:
        return as_kept(fields, resource.api.patch(body=body, **given).to_dict())
    except Exception:  # noqa: BLE001 - a client's errors are of many kinds, and the update says it, too
        return fields


def _comparable(body: Mapping[str, Any], other: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Without what the server keeps, and what only its subresource changes."""
    meta = {key: value for key, value in (body.get("metadata") or {}).items() if key not in _SERVERS}
    kept = {key: value for key, value in body.items() if key not in ("metadata", "status", "kind", "apiVersion")}
    return {**kept, **({"metadata": meta} if meta or (other or body).get("metadata") else {})}
