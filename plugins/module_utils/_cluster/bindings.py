# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster-scoped objects that name service accounts: ClusterRoleBindings, SecurityContextConstraints. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, dig, listed

# Evidence of an object of others in which the session is named.
USERS = "users"
_ACCOUNT, _GROUP = "system:serviceaccount:", "system:serviceaccounts:"


@dataclass(frozen=True, slots=True)
class Named:
    """The session's service accounts are named. others: why the object is not only for them; empty when it is."""

    others: str = ""


def of_service_accounts(obj: Obj, is_own: Callable[[str | None], bool]) -> Named | None:
    """None when no service account of the session is named, or when that says nothing. is_own: of a namespace."""
    kind = (obj.group, obj.kind)
    if kind == (order.RBAC, "ClusterRoleBinding"):
        return _binding(obj, is_own)
    return _constraints(obj, is_own) if kind == order.CONSTRAINTS else None


def _binding(obj: Obj, is_own: Callable[[str | None], bool]) -> Named | None:
    """A binding whose subjects are all in the session's namespaces serves nobody else. One that has others too is
    theirs, and a subject that is gone gives nobody a right."""
    subjects = listed(dig(obj.body, "subjects"))
    if obj.name in order.FORKLIFT_BINDINGS or not subjects:
        return None
    return Named() if all(is_own(_place(str(s.get("kind")), s)) for s in subjects) else None


def _place(kind: str, subject: object) -> str:
    name = str(dig(subject, "name") or "")
    if kind == "ServiceAccount":
        return str(dig(subject, "namespace") or "")
    return _namespace_of(name)


def _namespace_of(user: str) -> str:
    """The namespace of a service account, or of all service accounts of one, by its name as a user or group."""
    if user.startswith(_GROUP):
        return user[len(_GROUP) :]
    return user[len(_ACCOUNT) :].partition(":")[0] if user.startswith(_ACCOUNT) else ""


def _constraints(obj: Obj, is_own: Callable[[str | None], bool]) -> Named | None:
    """C(oc adm policy add-scc-to-user) of older releases writes a service account into the constraints of others, where
    it stays when its namespace has gone."""
    users = [str(user) for key in ("users", "groups") for user in dig(obj.body, key) or () if isinstance(user, str)]
    ours = [user for user in users if is_own(_namespace_of(user))]
    if not ours:
        return None
    remedy = f"oc adm policy remove-scc-from-user {obj.name} {ours[0]}"
    return Named(f"it is not the session's, but names {', '.join(ours[:5])}; take that out with: {remedy}")
