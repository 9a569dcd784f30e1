# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reading of the cluster and the note of an earlier run say of each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, Trace


def traced(session: Session, decided: Iterable[tuple[Obj, Decision]], home: str) -> Session:
    """The session, knowing what of this is its own outside its own namespaces: what is contested or refused stays so,
    whoever asks next."""
    lineage, traces = dict(session.lineage), dict(session.traces)
    for obj, decision in decided:
        if decision.status is not Status.OWNED or obj.kind == "Namespace" or session.is_own_namespace(obj.namespace):
            continue
        lineage[obj.uid] = decision.test_name
        evidence = traces[obj.uid].evidence if decision.evidence == "uid" and obj.uid in traces else decision.evidence
        traces[obj.uid] = Trace(home, obj.group, obj.kind, obj.namespace or "", obj.name, evidence)
    return session.learned(lineage=lineage, traces=traces)


def begins_anew(session: Session, objects: Iterable[Obj]) -> bool:
    """Whether a note is about an earlier session of the same prefix: what bears the name is all younger than the note,
    and nothing of what the note knows is there any more."""
    if not session.noted:
        return False
    listed = list(objects)
    known = {key.uid for key in session.keys}
    known |= {*session.lineage, *session.identities.values()}
    if any(o.uid in known or known & {*o.labels.values(), *(owner.uid for owner in o.owners)} for o in listed):
        return False
    named = [o for o in listed if prefixes.matches(session.prefix, o.name) or session.is_own_namespace(o.namespace)]
    return bool(named) and all(o.created and o.created > session.noted for o in named)
