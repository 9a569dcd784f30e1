# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server refused, or failed: told from its own answer."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells

# How the phases begin what they say of an object that they did not ask, or could not see again.
KEPT = "kept, because what it holds could not all be read"
ALONG = "it goes with its namespace, for it may be what lets us delete the rest there"
UNSEEN = "it was not seen whether it has gone"
_AGAIN = "then run the teardown again"


def webhook_refuses(stuck: Stuck) -> Cause | None:
    """Forklift's webhooks refuse changes whose references are gone (forklift.md 3.4); others have their own rules."""
    told = stuck.said(r'admission webhook "([^"]+)" denied the request:? ?(.*)')
    if told is None:
        return None
    return Cause(
        "webhook-refuses",
        f"admission webhook {told[1]} refuses it: {told[2] or 'without a reason'}",
        f"meet what webhook {told[1]} asks for, or ask its owner to let this object go, {_AGAIN}",
    )


def webhook_dead(stuck: Stuck) -> Cause | None:
    told = stuck.said(r'failed calling webhook "([^"]+)": (.*)')
    if told is None:
        return None
    return Cause(
        "webhook-dead",
        f"admission webhook {told[1]} does not answer, and without it the server takes no change: {told[2]}",
        f"bring the service behind webhook {told[1]} up, or remove its configuration if its operator is gone, {_AGAIN}",
    )


def policy_refuses(stuck: Stuck) -> Cause | None:
    told = stuck.said(r"ValidatingAdmissionPolicy '([^']+)'.* denied request: (.*)")
    if told is None:
        return None
    return Cause(
        "policy-refuses",
        f"admission policy {told[1]} refuses it: {told[2]}",
        f"ask the owner of policy {told[1]}, {_AGAIN}",
    )


def quota_refuses(stuck: Stuck) -> Cause | None:
    told = stuck.said(r"exceeded quota: ([^,]+)")
    if told is None:
        return None
    return Cause("quota-refuses", f"quota {told[1]} is used up", f"raise quota {told[1]} or free some of it, {_AGAIN}")


def forbidden(stuck: Stuck) -> Cause | None:
    told = stuck.said(r'User "([^"]*)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"')
    if told is None:
        return None
    right = f"{told[2]} {told[3]}{'.' + told[4] if told[4] else ''}"
    where = f" in namespace {stuck.obj.namespace}" if stuck.obj.namespace else " in the cluster"
    return Cause(
        "forbidden",
        f"403: {told[1]} has no right to {right}{where}",
        f"give {told[1]} the right to {right}{where} (RBAC), {_AGAIN}",
    )


def not_logged_in(stuck: Stuck) -> Cause | None:
    if stuck.said(r"^401\b") is None:
        return None
    return Cause("unauthorized", "401: the server does not know the token (any more)", f"log in again, {_AGAIN}")


def kept(stuck: Stuck) -> Cause | None:
    """Not asked for: see _keep_if_blind in _cluster/delete.py."""
    if stuck.said(f"^{KEPT}") is None:
        return None
    return Cause("kept-unread", stuck.error, f"let the account read it, or see to the API server, {_AGAIN}")


def along(stuck: Stuck) -> Cause | None:
    """Not asked for: see _leave_to_namespaces in _cluster/delete.py."""
    if stuck.error != ALONG:
        return None
    return Cause("goes-with-namespace", ALONG, "see what holds its namespace")


def unseen(stuck: Stuck) -> Cause | None:
    """Asked for, but the look afterwards could not see its kind."""
    if stuck.said(f"^{UNSEEN}") is None:
        return None
    return Cause("unseen", stuck.error, f"let the account read its kind, or see to the API server, {_AGAIN}")


def server_fails(stuck: Stuck) -> Cause | None:
    """Whatever else the server answered, or did not."""
    if not stuck.error:
        return None
    return Cause("server-fails", stuck.error, f"see to the API server, {_AGAIN}")


CAUSES: tuple[Tells, ...] = (
    webhook_refuses,
    webhook_dead,
    policy_refuses,
    quota_refuses,
    forbidden,
    not_logged_in,
    kept,
    along,
    unseen,
    server_fails,
)
