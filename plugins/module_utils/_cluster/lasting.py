# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What teardowns keep on the cluster for themselves, a Lease and ConfigMaps: where that can be, and by what it is known
to be theirs."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# The label by which it is known to be of a teardown, and of which session.
SESSION = "mtv.teardown/session"


def labels_of(prefix: str) -> dict[str, str]:
    return {"app.kubernetes.io/managed-by": "mtv-teardown", SESSION: prefix}


def check(namespace: str, session: Session, kind: str, names: Iterable[str], option: str) -> None:
    """RecordError when objects of this kind and of these names cannot be there: they have to outlive what is torn
    down. option: the variable that says where they are."""
    if not namespace:
        raise RecordError(f"nothing says in which namespace the {kind} is: give one that stays, such as that of CI.")
    if prefixes.matches(session.prefix, namespace) or namespace in _recorded(session):
        raise RecordError(
            f"the {kind} of session {session.prefix} cannot be in the namespace {namespace}, which goes with the "
            f"session, or may: give one that stays ({option}), such as that of CI."
        )
    for name in names:
        if prefixes.matches(session.prefix, name):
            raise RecordError(f"the name of the {kind}, {name}, would be one of the session's own.")
        if any((r.kind, r.namespace, r.name) == (kind, namespace, name) for r in session.records):
            raise RecordError(f"the record names the {kind} {namespace}/{name}, which is what teardowns keep there.")


def _recorded(session: Session) -> set[str]:
    """Namespaces that stand in the record as made by the session: the age of each decides whether it goes."""
    return {record.name for record in session.records if record.kind == "Namespace" and not record.on_provider}
