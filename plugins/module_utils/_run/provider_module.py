# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules share that delete on providers of one type: they know nothing of the cluster, or of another type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership, teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Provider
from ansible_collections.mtv.teardown.plugins.module_utils._run import load, targets
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file


def stands_alone(one: ownership.Remote) -> bool:
    """True for a volume snapshot that is no part of a clone."""
    return one.kind == "Snapshot" and not one.owner


def module_of(provider: Provider, **more: Any) -> _module.Module:
    """A module that works on providers of one type, and on nothing else."""
    spec = {**_module.SESSION_SPEC, **_module.WAIT_SPEC, **targets.FILE_SPEC, **targets.UNOPENED_SPEC}
    spec |= {**targets.NOTED_SPEC, **provider.spec, **more}
    return _module.Module(argument_spec=spec, supports_check_mode=True)


def _no_note(_items: Sequence[Mapping[str, Any]]) -> None:
    """Nothing is kept."""


def run_phase(
    module: _module.Module, provider: Provider, wants: Callable[[ownership.Remote], bool], **more: Any
) -> None:
    """The whole of a module that deletes on providers of one type. more: for the opener."""
    params, kind = module.params, provider.type

    def work() -> dict[str, Any]:
        session = load.session_of(params)
        options = {kind: {name: params[name] for name in provider.spec}}
        searched = targets.targets_of([provider], params["providers_file"], options, params["unopened"], **more)
        if not searched and kind in ownership.types_of(session):
            named = f"the session used {kind}, and no provider of that type is configured: give providers_file"
            searched = [targets.unusable(kind, kind, named)]
        limits = Limits(float(params["stall_timeout"]), float(params["wait_timeout"]))
        limits = limits.brief() if params["stalled"] else limits
        note = partial(notes_file.add, load.folder_of(params), session) if params["keep_note"] else _no_note
        if params["keep_note"] and not load.folder_of(params):
            raise RecordError("keep_note: nothing says where the note is; give data_collector_path or resources_file.")
        result = teardown.remove(searched, session, limits, bool(module.check_mode), wants, note)
        out = _module.answer(result, "deleted", bool(params["fail_on_remaining"]), result.requests)
        out["insecure"] = result.insecure
        if module._diff:
            out["diff"] = _module.diff([*result.done, *result.remaining], result.remaining)
        return out

    _module.run(module, work)
