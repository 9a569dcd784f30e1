# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules have in common that look at source providers: options, connections, and the search.

The names of the options are those of vmware.vmware, ovirt.ovirt and openstack.cloud. Their environment is no fallback
of an option here, because a providers file comes before it (_run/connections.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ansible.module_utils.basic import env_fallback, missing_required_lib
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NO_ANSWER, ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership, providers_file, teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.providers_file import ProviderEntry
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Opener, Site, Target
from ansible_collections.mtv.teardown.plugins.module_utils._run import connections, load
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._run.module import Module
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# doc fragment mtv.teardown._providers_file
FILE_SPEC: dict[str, Any] = {
    "providers_file": {"type": "path", "fallback": (env_fallback, ["MTV_TEARDOWN_PROVIDERS_FILE"])},
}
# doc fragment mtv.teardown._providers_file.unopened
UNOPENED_SPEC: dict[str, Any] = {"unopened": {"type": "list", "elements": "dict", "default": []}}
# doc fragment mtv.teardown._providers_file.noted
NOTED_SPEC: dict[str, Any] = {"keep_note": {"type": "bool", "default": False}}
# doc fragment mtv.teardown._providers
ALL_SPEC: dict[str, Any] = {
    **FILE_SPEC,
    **{kind: {"type": "dict", "options": dict(one.spec)} for kind, one in PROVIDERS.items()},
}
# Entries whose type is unknown may be of any type.
_ANY = ""


def targets_of(
    kinds: Collection[str],
    file: str | None,
    options: Mapping[str, Any],
    unopened: Iterable[Mapping[str, Any]] = (),
    again: bool = False,
    **more: Any,
) -> list[Target]:
    """The providers of these types that are configured; one that cannot be used says so when it is opened.

    options: type -> the options of its connection; unopened: what earlier phases said of those that they could not
    open, with the reason; again: one that gave no answer is asked once more, briefly; more: for the opener of vSphere.
    """
    before = {str(entry["provider"]): entry for entry in unopened if entry.get("provider") and entry.get("reason")}
    entries = _entries(file)
    found: list[Target] = []
    for kind in sorted(kinds):
        made, wrong = connections.connections(kind, options.get(kind), entries, os.environ)
        found += [_target(connection, before.get(connection.key), again, **more) for connection in made]
        found += [_unusable(kind, key, error) for key, error in wrong.items()]
    if kinds:
        found += [_unusable(_ANY, entry.key, entry.error) for entry in entries if entry.error and not entry.type]
    return found


def _target(connection: Connection, before: Mapping[str, Any] | None, again: bool, **more: Any) -> Target:
    """A login that was refused is never sent again: a few of them lock the account."""
    if before is None or (again and before["reason"] == NO_ANSWER):
        return Target(connection, _opener(connection.type, before is not None, **more))
    return Target(connection, partial(_Unusable, str(before["error"]), str(before["reason"])))


def configured(options: Mapping[str, Any]) -> frozenset[str]:
    """Types of which a provider is configured, by the options of a module. RecordError when the file is none."""
    entries = _entries(options["providers_file"])
    return frozenset(
        kind for kind in PROVIDERS if any(connections.connections(kind, options[kind], entries, os.environ))
    )


def search_of(session: Session, options: Mapping[str, Any], **more: Any) -> tuple[list[Target], frozenset[str]]:
    """(providers to be searched for the session, types that would have to be and are not configured).

    Searched is what the record or the session's Providers name; without a record, whatever is configured. more: for the
    opener of vSphere.
    """
    named = ownership.types_of(session)
    wanted = named if session.has_record else named | set(PROVIDERS)
    unopened = options.get("unopened") or ()
    searched = wanted & set(PROVIDERS)
    targets = targets_of(searched, options["providers_file"], options, unopened, again=True, **more)
    return targets, named - {target.connection.type for target in targets}


def _entries(file: str | None) -> tuple[ProviderEntry, ...]:
    return providers_file.read(file) if file else ()


def _opener(kind: str, briefly: bool, **more: Any) -> Opener:
    """Imported late: each of these libraries costs a second, and most runs need one at most. briefly: nothing is asked
    a second time."""
    provider = PROVIDERS[kind]
    loaded = provider.load()
    if loaded.missing:
        return partial(_Unusable, missing_required_lib(provider.library), "")
    options = {name: value for name, value in more.items() if name in provider.opened_with}
    return partial(loaded.open_site, **({"patience": loaded.briefly()} if briefly else {}), **options)


def _unusable(kind: str, key: str, error: str) -> Target:
    return Target(Connection(kind, key, ""), partial(_Unusable, error, ""))


class _Unusable(AbstractContextManager[Site]):
    """A provider that fails as soon as it is opened."""

    def __init__(self, error: str, reason: str, _connection: Connection) -> None:
        self._error, self._reason = error, reason

    def __enter__(self) -> Site:
        raise ApiError(self._error, reason=self._reason)

    def __exit__(self, *_exc: object) -> None:
        """Nothing has been opened."""


def stands_alone(one: ownership.Remote) -> bool:
    """True for a volume snapshot that is no part of a clone."""
    return one.kind == "Snapshot" and not one.owner


def module_of(kind: str, **more: Any) -> Module:
    """A module that works on providers of one type, and on nothing else."""
    shared = {**_module.SESSION_SPEC, **_module.WAIT_SPEC, **FILE_SPEC, **UNOPENED_SPEC, **NOTED_SPEC}
    spec = {**shared, **PROVIDERS[kind].spec, **more}
    return Module(argument_spec=spec, supports_check_mode=True)


def cluster_module_of(spec: Mapping[str, Any]) -> Module:
    """A module that looks at the cluster and at providers of every type."""
    return _module.module_of({**ALL_SPEC, **spec})


def _no_note(_items: Sequence[Mapping[str, Any]]) -> None:
    """Nothing is kept."""


def run_phase(module: Module, kind: str, wants: Callable[[ownership.Remote], bool], **more: Any) -> None:
    """The whole of a module that deletes on providers of one type. more: for the opener."""
    params = module.params

    def work() -> dict[str, Any]:
        session = load.session_of(params)
        options = {kind: {name: params[name] for name in PROVIDERS[kind].spec}}
        targets = targets_of({kind}, params["providers_file"], options, params["unopened"], **more)
        if not targets and kind in ownership.types_of(session):
            named = f"the session used {kind}, and no provider of that type is configured: give providers_file"
            targets = [_unusable(kind, kind, named)]
        limits = Limits(float(params["stall_timeout"]), float(params["wait_timeout"]))
        limits = limits.brief() if params["stalled"] else limits
        note = partial(notes_file.add, load.folder_of(params), session) if params["keep_note"] else _no_note
        if params["keep_note"] and not load.folder_of(params):
            raise RecordError("keep_note: nothing says where the note is; give data_collector_path or resources_file.")
        result = teardown.remove(targets, session, limits, bool(module.check_mode), wants, note)
        out = _module.answer(result, "deleted", bool(params["fail_on_remaining"]), result.requests)
        out["insecure"] = result.insecure
        if module._diff:
            out["diff"] = _module.diff([*result.done, *result.remaining], result.remaining)
        return out

    _module.run(module, work)
