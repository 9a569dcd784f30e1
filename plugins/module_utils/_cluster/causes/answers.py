# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server refused, or failed: told from its own answer."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells

# How the phases begin what they say of an object that they did not ask, or could not see again.
KEPT = "kept, because what it holds could not all be read"
ALONG = "it goes with its namespace, for it may be what lets us delete the rest there"
UNSEEN = "it was not seen whether it has gone"
_AGAIN = "then run the teardown again"


@tells("webhook-refuses")
def webhook_refuses(stuck: Stuck) -> Finding | None:
    """Forklift's webhooks refuse changes whose references are gone (forklift.md 3.4); others have their own rules."""
    told = stuck.said(r'admission webhook "([^"]+)" denied the request:? ?(.*)')
    if told is None:
        return None
    return Finding(
        f"admission webhook {told[1]} refuses it: {told[2] or 'without a reason'}",
        f"meet what webhook {told[1]} asks for, or ask its owner to let this object go, {_AGAIN}",
    )


@tells("webhook-dead")
def webhook_dead(stuck: Stuck) -> Finding | None:
    told = stuck.said(r'failed calling webhook "([^"]+)": (.*)')
    if told is None:
        return None
    return Finding(
        f"admission webhook {told[1]} does not answer, and without it the server takes no change: {told[2]}",
        f"bring the service behind webhook {told[1]} up, or remove its configuration if its operator is gone, {_AGAIN}",
    )


@tells("policy-refuses")
def policy_refuses(stuck: Stuck) -> Finding | None:
    told = stuck.said(r"ValidatingAdmissionPolicy '([^']+)'.* denied request: (.*)")
    if told is None:
        return None
    return Finding(
        f"admission policy {told[1]} refuses it: {told[2]}",
        f"ask the owner of policy {told[1]}, {_AGAIN}",
    )


@tells("quota-refuses")
def quota_refuses(stuck: Stuck) -> Finding | None:
    told = stuck.said(r"exceeded quota: ([^,]+)")
    if told is None:
        return None
    return Finding(f"quota {told[1]} is used up", f"raise quota {told[1]} or free some of it, {_AGAIN}")


@tells("forbidden")
def forbidden(stuck: Stuck) -> Finding | None:
    told = stuck.said(r'User "([^"]*)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"')
    if told is None:
        return None
    right = f"{told[2]} {told[3]}{'.' + told[4] if told[4] else ''}"
    where = f" in namespace {stuck.obj.namespace}" if stuck.obj.namespace else " in the cluster"
    return Finding(
        f"403: {told[1]} has no right to {right}{where}",
        f"give {told[1]} the right to {right}{where} (RBAC), {_AGAIN}",
    )


@tells("unauthorized")
def not_logged_in(stuck: Stuck) -> Finding | None:
    if stuck.said(r"^401\b") is None:
        return None
    return Finding("401: the server does not know the token (any more)", f"log in again, {_AGAIN}")


@tells("kept-unread")
def kept(stuck: Stuck) -> Finding | None:
    """Not asked for: see _keep_if_blind in _cluster/delete.py."""
    if stuck.said(f"^{KEPT}") is None:
        return None
    return Finding(stuck.error, stuck.run(seen=False))


@tells("goes-with-namespace")
def along(stuck: Stuck) -> Finding | None:
    """Not asked for: see _leave_to_namespaces in _cluster/delete.py."""
    if stuck.error != ALONG:
        return None
    return Finding(ALONG, "see what holds its namespace")


@tells("unseen")
def unseen(stuck: Stuck) -> Finding | None:
    """Asked for, but the look afterwards could not see its kind."""
    if stuck.said(f"^{UNSEEN}") is None:
        return None
    return Finding(stuck.error, stuck.run(seen=False))


@tells("server-fails")
def server_fails(stuck: Stuck) -> Finding | None:
    """Whatever else the server answered, or did not."""
    if not stuck.error:
        return None
    return Finding(stuck.error, f"see to the API server, {_AGAIN}")


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
