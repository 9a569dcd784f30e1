# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a prefix that only a site's pattern allows: which of the namespaces of that name show that a session made them.

Such a prefix may be the name of anything, so it takes something in the namespace that says so: an object of Forklift
that bears the name, too, one that the record names, or a label of Forklift that leads to the session.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session


def of(session: Session, objects: Iterable[Obj], recorded: Collection[tuple[str, str, str, str]]) -> set[str]:
    """Names of the namespaces that bear the session's name and nothing more. recorded: group, kind, namespace and name
    of what the record names."""
    if session.names_prove:
        return set()
    known = list(objects)
    named = {o.name for o in known if (o.group, o.kind) == ("", "Namespace") and session.is_own_namespace(o.name)}
    uids = {key.uid for key in (*session.plans, *session.migrations, *session.providers)}
    uids |= {o.uid for o in known if _is_named(session, o)}
    return named - {o.namespace for o in known if o.namespace in named and _shows(session, o, recorded, uids)}


def _is_named(session: Session, obj: Obj) -> bool:
    return obj.group == order.FORKLIFT and prefixes.matches(session.prefix, obj.name)


def _shows(session: Session, obj: Obj, recorded: Collection[tuple[str, str, str, str]], uids: Collection[str]) -> bool:
    if _is_named(session, obj) or (obj.group == order.FORKLIFT and obj.uid in uids):
        return True
    if (obj.group, obj.kind, obj.namespace or "", obj.name) in recorded:
        return True
    labels = obj.labels
    if labels.get("plan") in uids or labels.get("migration") in uids:
        return True
    return prefixes.matches(session.prefix, labels.get("plan-name", ""))
