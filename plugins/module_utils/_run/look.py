# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of a session before anything is touched: its keys, what a teardown deletes, which phases have work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import cancel_archive, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.items import item
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import storage_note
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._report import summary
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import SEARCHED
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import absent_item


def look(
    cluster: Cluster,
    session: Session,
    configured: Collection[str] = (),
    fail_on_unreachable: bool = True,
    rights: Callable[[Found], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """session, targets, found, absent, refused, unreadable, work, journal, provider_types, configured, searched,
    rights, cluster, summary.

    configured: types of source providers of which one is configured; rights: asks for what a teardown of this needs.
    """
    found = find(cluster, session, cluster.discover() if fail_on_unreachable else None)
    result: dict[str, Any] = {
        "session": found.session.as_dict(),
        "targets": [item(obj, decision, storage_note(obj)) for obj, decision in found.owned],
        "absent": [absent_item(record) for record in found.absent],
        "refused": [item(*pair) for pair in found.with_status(Status.REFUSED, Status.CONTESTED, Status.KEPT)],
        "unreadable": [dict(entry) for entry in found.unreadable],
        "work": _work(found),
        "provider_types": sorted(ownership.types_of(found.session)),
        "configured": sorted(configured),
        "searched": searched(found.session, configured),
        "rights": rights(found) if rights is not None else {},
        "cluster": dict(cluster.where),
        "journal": {"name": notes.file_name(found.session.prefix), "content": notes.entry(found.session)},
    }
    result["found"] = len(result["targets"])
    return {**result, "summary": summary.of_targets(found.session, result)}


def inputs(session: Session, configured: Collection[str]) -> dict[str, Any]:
    """The same, of a session that nobody has looked for."""
    nothing: dict[str, Any] = {name: [] for name in ("targets", "absent", "refused", "unreadable")}
    return {
        **nothing,
        "found": 0,
        "session": session.as_dict(),
        "work": {},
        "phases": [],
        "provider_types": sorted(ownership.types_of(session)),
        "configured": sorted(configured),
        "searched": searched(session, configured),
        "rights": {},
        "cluster": {},
        "journal": {"name": notes.file_name(session.prefix), "content": notes.entry(session)},
        "summary": summary.of_inputs(session),
    }


def searched(session: Session, configured: Iterable[str]) -> list[str]:
    """Types of source providers on which clones are looked for: those that the session used, and without a record those
    that are configured."""
    types = ownership.types_of(session) if session.has_record else configured
    return sorted(set(SEARCHED).intersection(types))


def phases(found: Mapping[str, Any], changed: int, openshift_only: bool) -> list[str]:
    """The phases that have something to do, in their order (order.py says why it is that).

    found: what look returns; changed: entries of the ledger of what was changed for a time. C(providers) stands for
    clones and volume snapshots.
    """
    work = found["work"]
    has_work = {
        "migrations": work["migrations"],
        "plans": work["plans"],
        "providers": 0 if openshift_only else len(found["searched"]),
        **{name: work[name] for name in (order.VMS, order.RESOURCES, order.NAMESPACES)},
        "undo": changed,
    }
    return [name for name, count in has_work.items() if count]


def _work(found: Found) -> dict[str, int]:
    """Objects by phase. While a migration runs it makes more, so then every later phase has work; and nobody knows
    how much there is in what could not be read."""
    unknown = len(found.unreadable)
    running = len(cancel_archive.to_cancel(found)) + unknown
    counts = {
        "migrations": running,
        "plans": len(cancel_archive.unarchived(found)) + unknown,
        order.VMS: running,
        order.RESOURCES: running,
        order.NAMESPACES: unknown,
    }
    for obj, _decision in found.owned:
        counts[order.step_of(obj.group, obj.kind, obj.resource.namespaced).phase] += 1
    return counts
