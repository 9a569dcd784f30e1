# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openshift-python-wrapper, where the suite uses it: each create is recorded before and after."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any

from mtv_record.recorder import FAILURES, Call, Recorder


def wrap(recorder: Recorder) -> Callable[[], None] | None:
    """Wrap Resource if it is there and not wrapped yet; returns how to take that back."""
    cls = getattr(sys.modules.get("ocp_resources.resource"), "Resource", None)
    if cls is None or getattr(cls.create, "mtv_record", False):
        return None
    create, delete = cls.create, cls.delete

    @functools.wraps(create)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _intent(recorder, self)
        try:
            made = create(self, *args, **kwargs)
        except BaseException as exc:
            recorder.failed(call, exc)
            raise
        _made(recorder, call, made)
        return made

    @functools.wraps(delete)
    def refreshed(self: Any, *args: Any, **kwargs: Any) -> Any:
        recorder.refresh()  # the suite's teardown begins right after it wrote resources.json itself
        return delete(self, *args, **kwargs)

    recorded.mtv_record = True  # type: ignore[attr-defined]
    cls.create, cls.delete = recorded, refreshed

    def unwrap() -> None:
        cls.create, cls.delete = create, delete

    return unwrap


def _intent(recorder: Recorder, resource: Any) -> Call | None:
    try:
        given = vars(resource)
        if given.get("dry_run"):
            return None
        metadata = _metadata(given)
        name = metadata.get("name") or given.get("name") or ""
        namespace = metadata.get("namespace") or given.get("namespace")
        return recorder.intent(type(resource).kind, name, namespace, type(resource).__module__)
    except FAILURES as exc:
        recorder.trouble(f"a create is not recorded: {type(exc).__name__}")
        return None


def _metadata(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """As the wrapper's own _base_body has it: a dict or a file comes before what the object was called with."""
    body = given.get("kind_dict")
    file = given.get("yaml_file")
    if not body and file and not hasattr(file, "read"):
        with open(file, encoding="utf-8") as stream:  # noqa: PTH123
            body = sys.modules["yaml"].safe_load(stream)
    metadata = body.get("metadata") if isinstance(body, Mapping) else None
    return metadata if isinstance(metadata, Mapping) else {}


def _made(recorder: Recorder, call: Call | None, made: Any) -> None:
    try:
        metadata = made.metadata
        recorder.made(call, uid=metadata.uid, name=metadata.name)
    except FAILURES:
        recorder.made(call)  # no answer to read: that it was made is known all the same
