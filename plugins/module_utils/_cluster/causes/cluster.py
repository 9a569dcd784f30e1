# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why namespaces stay, and everything of which nothing more special is known."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import condition_true, conditions, epoch
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import number_of

NOT_ASKED = "not-asked"
# Finalizers of Kubernetes itself, whose controllers are not Deployments.
OWN = ("kubernetes.io/", "foregroundDeletion", "orphan", "kubernetes", "batch.kubernetes.io/job-tracking")
_DISCOVERY_FAILED = ("NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure")
_REMAINS = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionContentFailure")


@tells("api-service-dead")
def dead_api(stuck: Stuck) -> Finding | None:
    """A namespace is only emptied when every API can be asked what is in it."""
    if stuck.obj.kind != "Namespace" or not condition_true(stuck.obj, *_DISCOVERY_FAILED):
        return None
    told = conditions(stuck.obj)
    message = next(str(told[kind].get("message")) for kind in _DISCOVERY_FAILED if kind in told)
    dead = ", ".join(f"{name} ({why})" for name, why in stuck.seen.dead_apis.items())
    return Finding(
        f"an API does not answer, so nobody knows what is left in it: {dead or message}",
        f"bring the server behind APIService {next(iter(stuck.seen.dead_apis), '(see oc get apiservices)')} up, or "
        "remove the APIService if its operator is gone",
    )


@tells("namespace-content")
def namespace_content(stuck: Stuck) -> Finding | None:
    """By its conditions, or by what was seen in it: while pods end, the conditions may say that nothing remains."""
    if stuck.obj.kind != "Namespace" or not stuck.obj.deleting:
        return None
    told = conditions(stuck.obj)
    messages = [str(told[kind].get("message")) for kind in _REMAINS if condition_true(stuck.obj, kind)]
    seen = sorted(stuck.seen.contents.get(stuck.obj.name, {}).items())
    messages += [", ".join(number_of(number, kind) for kind, number in seen)] if seen else []
    if not messages:
        return None
    return Finding(
        f"it still contains something: {'; '.join(messages)}",
        "see what holds the objects that it names; the namespace goes with them",
    )


@tells("waits-for-dependents")
def dependents(stuck: Stuck) -> Finding | None:
    if not stuck.held_by("foregroundDeletion"):
        return None
    return Finding(
        "somebody deleted it in the foreground: it waits for what it owns",
        f"see what {stuck.obj.kind} {stuck.obj.name} owns, and why that stays",
    )


@tells("controller-fails")
def controller_complains(stuck: Stuck) -> Finding | None:
    """The controller behind the finalizer works on it and fails."""
    event = stuck.seen.events.get(stuck.obj.uid)
    if not event or not stuck.obj.finalizers:
        return None
    return Finding(
        f"the controller behind finalizer {stuck.obj.finalizers[0]} fails: {event}",
        "see to what it says, then run the teardown again",
    )


@tells("finalizer")
def unknown_finalizer(stuck: Stuck) -> Finding | None:
    """No controller is known to take it off: it may be gone, with its operator."""
    held = [name for name in stuck.obj.finalizers if not name.startswith(OWN)]
    if not stuck.obj.deleting or not held:
        return None
    return Finding(
        f"held by finalizer {', '.join(held)}",
        f"see whether the controller behind finalizer {held[0]} runs, and its log; if it is gone for good, name "
        "it in mtv_teardown_remove_finalizers and run the teardown again",
    )


@tells("slow")
def slow(stuck: Stuck) -> Finding | None:
    if not stuck.obj.deleting:
        return None
    since = max(0.0, stuck.seen.now - epoch(stuck.obj.deleting))
    if since >= stuck.seen.window:
        return None
    return Finding(
        f"being deleted for {since:.0f} s: not long enough to call it stuck",
        stuck.run(", with a longer mtv_teardown_stall_timeout"),
    )


@tells("finalizer")
def kept_by_kubernetes(stuck: Stuck) -> Finding | None:
    if not stuck.obj.deleting or not stuck.obj.finalizers:
        return None
    return Finding(
        f"held by finalizer {', '.join(stuck.obj.finalizers)}",
        "see whether kube-controller-manager runs, and what refers to the object",
    )


@tells("made-anew")
def made_anew(stuck: Stuck) -> Finding | None:
    """Its owner makes it again whenever it is deleted."""
    owner = next((owner for owner in stuck.obj.owners if owner.controller), None)
    maker = stuck.seen.alive(owner.uid) if owner is not None else None
    if maker is None or maker.deleting or stuck.obj.deleting:
        return None
    return Finding(
        f"{maker.kind} {maker.name} makes it anew while that lives",
        stuck.let_go(maker),
    )


@tells(NOT_ASKED)
def not_asked(stuck: Stuck) -> Finding | None:
    if stuck.obj.deleting:
        return None
    return Finding("nothing has asked for its deletion", stuck.run())


CAUSES: tuple[Tells, ...] = (
    dead_api,
    namespace_content,
    dependents,
    controller_complains,
    unknown_finalizer,
    slow,
    kept_by_kubernetes,
    made_anew,
    not_asked,
)
