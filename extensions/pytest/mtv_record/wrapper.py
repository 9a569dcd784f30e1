# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes things, where the suite has it imported: each of these calls is recorded before and after."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from mtv_record import editor, esxi
from mtv_record.recorder import FAILURES, Call, Recorder

_MARK = "_mtv_record"
Method = Callable[..., Any]


def wrap(recorder: Recorder) -> list[Callable[[], None]]:
    """Wrap what is there and not wrapped yet; returns how to take that back."""
    undo: list[Callable[[], None]] = []
    for module, name, method, around in _PLACES:
        cls = getattr(sys.modules.get(module), name, None)
        plain = getattr(cls, method, None)
        if plain is not None and not hasattr(plain, _MARK):
            undo += _replace([cls], method, plain, around(recorder, plain))
    for module, name, around in _FUNCTIONS:
        plain = getattr(sys.modules.get(module), name, None)
        if plain is not None and not hasattr(plain, _MARK):
            undo += _replace(_holders(name, plain), name, plain, around(recorder, plain))
    return undo


def _replace(holders: Iterable[Any], name: str, plain: Method, recorded: Method) -> list[Callable[[], None]]:
    """Put the one in the place of the other, wherever that is held; returns how to take that back."""
    made = functools.wraps(plain)(recorded)
    setattr(made, _MARK, True)
    undo: list[Callable[[], None]] = []
    for held in holders:
        setattr(held, name, made)
        undo.append(functools.partial(setattr, held, name, plain))
    return undo


def _holders(name: str, plain: Method) -> list[Any]:
    """Modules that have this function: whoever imports one by its name keeps it."""
    return [held for held in list(sys.modules.values()) if getattr(held, "__dict__", {}).get(name) is plain]


def _create(recorder: Recorder, create: Method) -> Method:
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _intent(recorder, self)
        try:
            made = create(self, *args, **kwargs)
        except BaseException as exc:
            recorder.failed(call, exc)
            raise
        _made(recorder, call, made)
        return made

    return recorded


def _name_of_clone(recorder: Recorder, generate: Method) -> Method:
    """The suite makes a name up for each clone, right before it makes the clone, which takes minutes."""

    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        name = generate(self, *args, **kwargs)
        recorder.intent(vars(self).get("type", ""), name)
        return name

    return recorded


# module, class and method: openshift-python-wrapper, and libs/base_provider.py of mtv-api-tests.
_PLACES = (
    ("ocp_resources.resource", "Resource", "create", _create),
    ("ocp_resources.resource", "ResourceEditor", "update", editor.update),
    ("ocp_resources.resource", "ResourceEditor", "restore", editor.restore),
    ("libs.base_provider", "BaseProvider", "_generate_clone_vm_name", _name_of_clone),
)

# module and function: utilities/esxi.py of mtv-api-tests.
_FUNCTIONS = (
    ("utilities.esxi", "install_ssh_key_on_esxi", esxi.install),
    ("utilities.esxi", "remove_ssh_key_from_esxi", esxi.remove),
)


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
        with suppress(*FAILURES), open(file, encoding="utf-8") as stream:  # noqa: PTH123 - the create says it, too
            body = sys.modules["yaml"].safe_load(stream)
    metadata = body.get("metadata") if isinstance(body, Mapping) else None
    return metadata if isinstance(metadata, Mapping) else {}


def _made(recorder: Recorder, call: Call | None, made: Any) -> None:
    try:
        metadata = made.metadata
        recorder.made(call, uid=metadata.uid, name=metadata.name)
    except FAILURES:
        recorder.made(call)  # no answer to read: that it was made is known all the same
