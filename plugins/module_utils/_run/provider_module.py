# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules share that delete on source providers, of one type or of several: they know nothing of the cluster,
and of no type that they are not given."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _progress
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership, teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.evidence import ProviderWitness
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Provider, Target
from ansible_collections.mtv.teardown.plugins.module_utils._run import holding, keeping, load, targets
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

Items = Sequence[Mapping[str, Any]]
_STATE: dict[str, Any] = {"state": {"type": "str", "choices": ["absent"], "default": "absent"}}


def is_volume_snapshot(one: ownership.Remote) -> bool:
    """True for one of Cinder that is no part of a clone."""
    return (one.type, one.kind) == ("openstack", "Snapshot") and not one.owner


def goes_with_clones(one: ownership.Remote) -> bool:
    """True for all that is no such snapshot; those come later, for they may hold the volumes of clones."""
    return not is_volume_snapshot(one)


def module_of(spec: Mapping[str, Any], **rules: Any) -> _module.Module:
    """A module that works on source providers, and on nothing else. spec: their connections, and more."""
    shared = {**_module.SESSION_SPEC, **_module.WAIT_SPEC, **_module.EVIDENCE_SPEC}
    on_cluster = {**holding.LEASE_SPEC, **keeping.JOURNAL_SPEC}
    searched = {**targets.FILE_SPEC, **targets.UNOPENED_SPEC, **targets.NOTED_SPEC}
    options = {**shared, **on_cluster, **searched, **_STATE, **spec}
    return _module.Module(argument_spec=options, supports_check_mode=True, **rules)


def run_phase(
    module: _module.Module,
    providers: Collection[Provider],
    options: Mapping[str, Mapping[str, Any] | None],
    wants: Callable[[ownership.Remote], bool] = goes_with_clones,
    **more: Any,
) -> None:
    """The whole of a module that deletes on providers. options: type -> those of its connection; more: for the
    opener."""
    params = module.params

    def work() -> dict[str, Any]:
        session = load.session_of(params)
        _progress.about(tuple, session=session.prefix, on="source providers")
        note = _note(module, session)
        searched = targets.targets_of(providers, params["providers_file"], options, params["unopened"], **more)
        groups = _by_type(searched, session, [one.type for one in providers])
        insecure: list[str] = []
        keeper = _module.keeper_of(module)

        def within(limits: Limits) -> Result:
            limits = limits.brief() if params["stalled"] else limits
            remove = partial(_removed, module, session, wants, note, limits, ProviderWitness(keeper))
            result = Result.of_all(together(remove, groups, len(groups)))
            insecure.extend(result.insecure)
            result.kept = keeper.told()
            return result

        return {**_module.answer(module, "deleted", within, session.prefix), "insecure": insecure}

    _module.run(module, work)


def _by_type(searched: Sequence[Target], session: Session, types: Sequence[str]) -> list[list[Target]]:
    """The providers of each type, which are cleaned for themselves: what is slow there holds up no other type."""
    found: dict[str, list[Target]] = {kind: [] for kind in types}
    for one in searched:
        found.setdefault(one.connection.type, []).append(one)
    for kind in ownership.types_of(session) & set(types):
        if not found[kind]:
            named = f"the session used {kind}, and no provider of that type is configured: give providers_file"
            found[kind] = [targets.unusable(kind, kind, named)]
    return [group for group in found.values() if group]


def _removed(
    module: _module.Module,
    session: Session,
    wants: Callable[[ownership.Remote], bool],
    note: Callable[[Items], None],
    limits: Limits,
    witness: ProviderWitness,
    group: Sequence[Target],
) -> Result:
    try:
        return teardown.remove(group, session, limits, bool(module.check_mode), wants, note, witness)
    except TeardownError as exc:  # what the others did is told all the same
        return Result(error=exc)


def _note(module: _module.Module, session: Session) -> Callable[[Items], None]:
    """Notes what is about to be deleted, for one type after the other: they share one note."""
    params, place = module.params, keeping.place_of(module.params, session)
    announce = keeping.announce_of(place, session, bool(module.check_mode))
    folder, lock = load.folder_of(params), threading.Lock()
    if params["keep_note"] and not folder:
        raise RecordError("keep_note: nothing says where the note is; give data_collector_path or resources_file.")

    def note(items: Items) -> None:
        with lock:
            if params["keep_note"]:
                notes_file.add(folder, session, items)
            if place is not None:
                place.add(items)
        announce(items, journal.DELETE)

    return note
