# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of the cluster as progress tells of them, from what has been read of them anyway. Nothing is asked."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mtv.teardown.plugins.module_utils import _progress
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.forklift import blockers
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ledger import Ledger
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, conditions


def things(objects: Iterable[Obj], ledger: Ledger) -> list[_progress.Thing]:
    """Since when each is waited for: since we asked, or since somebody else did."""
    return [_thing(obj, ledger.asked.get(obj.uid) or obj.deleting) for obj in objects]


def outstanding(ledger: Ledger) -> list[_progress.Thing]:
    """What was asked to go and is not seen gone."""
    return [_thing(obj, ledger.asked[uid]) for uid, obj in list(ledger.to_go.items()) if uid not in ledger.gone]


def _thing(obj: Obj, since: str) -> _progress.Thing:
    return _progress.thing(obj.kind, obj.name, namespace=obj.namespace or "", uid=obj.uid, since=since, held=_held(obj))


def _held(obj: Obj) -> str:
    if obj.kind == "Namespace":
        remains = (c for kind, c in conditions(obj).items() if kind.endswith(("Remaining", "Failure")))
        return "; ".join(str(c.get("message")) for c in remains if str(c.get("status")) == "True")
    if obj.finalizers:
        return ", ".join(obj.finalizers)
    return ", ".join(f"condition {kind}" for kind in blockers(obj))
