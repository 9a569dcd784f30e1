# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of objects on source providers that have failed or hang: what was read of them, why they stay, and what the
provider itself tells of what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep, masks
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keeper import Keeper
from ansible_collections.mtv.teardown.plugins.module_utils._provider import causes
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Site

# Causes of what was taken, and has not ended.
_HANGS = frozenset(
    {"busy", "delete-ignored", "image-locked", "not-deleted", "server-stuck-deleting", "stuck-deleting", "task-running"}
)


def has_failed(one: Remote) -> bool:
    """Whether the provider itself says so, such as ERROR, error_deleting or illegal."""
    return str(one.facts.get("status") or "").lower().startswith(("error", "illegal"))


def why_left(cause: Cause) -> str:
    if cause.name in causes.KEPT:
        return keep.HELD
    return keep.HANGS if cause.name in _HANGS else keep.REFUSED


class ProviderWitness:
    """Takes evidence of each of them once. Whatever goes wrong with it is told, and nothing ends for it."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def failed(self, sites: Sequence[Site], remotes: Iterable[Remote]) -> None:
        """Before they are asked to go."""
        self._take(sites, [(one, None) for one in remotes if has_failed(one)], keep.FAILED)

    def left(self, sites: Sequence[Site], held: Iterable[tuple[Remote, Cause]]) -> None:
        """What was asked for, and did not go."""
        held = list(held)
        for why in (keep.REFUSED, keep.HANGS, keep.HELD):
            self._take(sites, [(one, cause) for one, cause in held if why_left(cause) == why], why)

    def _take(self, sites: Sequence[Site], wanted: Sequence[tuple[Remote, Cause | None]], why: str) -> None:
        by_key = {site.connection.key: site for site in sites}
        for one, cause in self._keeper.fresh(wanted, lambda pair: _about(pair[0], why)):
            if not self._keeper.is_wanted:
                break
            with self._keeper.taking():
                self._keeper.keep(_document(by_key.get(one.provider), one, cause, why))


def _about(one: Remote, why: str) -> dict[str, Any]:
    what = {"kind": one.kind, "api_version": one.type, "namespace": None, "name": one.name, "uid": one.identity}
    return {**what, "provider": one.provider, "why": why, "taken": _times.now()}


def _document(site: Site | None, one: Remote, cause: Cause | None, why: str) -> keep.Document:
    unread: tuple[str, ...] = ()
    told: Mapping[str, Any] = {}
    try:
        told = site.told(one.alone()) if site is not None else {}
    except ApiError as exc:
        unread = (exc.msg,)
    seen = {"id": one.id, "place": one.place, "created": one.created, "facts": dict(one.facts)}
    said = {"name": cause.name, "text": cause.text} if cause is not None else {}
    parts = {"object": seen, "cause": said, **told}
    return keep.Document(_about(one, why), {name: masks.masked(part) for name, part in parts.items()}, unread)
