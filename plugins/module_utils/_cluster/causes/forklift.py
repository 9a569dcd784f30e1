# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Forklift's objects stay. Rules: forklift.md 3."""

from __future__ import annotations

from ansible_collections.mtv.teardown.plugins.module_utils._cause import Finding, tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import forklift
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.causes.model import Stuck, Tells
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, condition_true, referred
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.order import FORKLIFT

CONTROLLER = "forklift-controller"
POPULATOR_CONTROLLER = "forklift-volume-populator-controller"
TARGET_PROTECTION = "forklift.konveyor.io/populate-target-protection"
SERVER_FINALIZERS = ("forklift/ova-provider", "forklift/hyperv-provider")


@tells("forklift-controller-down")
def controller_down(stuck: Stuck) -> Finding | None:
    """Cancel and archive are requests to this controller, and it takes its own finalizers off."""
    if not stuck.seen.is_down(CONTROLLER):
        return None
    if not (_waits_for_answer(stuck) or stuck.held_by(*SERVER_FINALIZERS)):
        return None
    return Finding(
        f"Deployment {CONTROLLER} has no pod that runs, so nobody answers",
        f"bring {CONTROLLER} up (in the namespace of the MTV operator), then run the teardown again",
    )


@tells("plan-archived")
def plan_archived(stuck: Stuck) -> Finding | None:
    """A Migration of an archived Plan stays Running for ever, and can no longer be canceled (3.3)."""
    plan = _plan(stuck) if _is_running(stuck) else None
    if plan is None or not forklift.archived(plan):
        return None
    return Finding(
        f"Plan {plan.name} was archived while this Migration ran: Forklift does not process its cancel any more",
        "delete the Migration; its source VM and snapshots have to be looked at by hand",
    )


@tells("plan-blocked")
def plan_blocked(stuck: Stuck) -> Finding | None:
    """A cancel is never processed while the Plan has a critical condition (3.1)."""
    plan = _plan(stuck) if _is_running(stuck) else None
    blockers = forklift.blockers(plan) if plan is not None else []
    if plan is None or not blockers:
        return None
    return Finding(
        f"Forklift does not process the cancel while Plan {plan.name} has {', '.join(blockers)}",
        "restore what the Plan refers to (provider, secret, maps), or delete the Migration and look at its source VM "
        "and snapshots by hand",
    )


@tells("secret-gone")
def secret_gone(stuck: Stuck) -> Finding | None:
    """Archived never comes while a Provider that still is Ready has lost its Secret (3.3), nor does the end of a
    Migration, whether the Provider is still Ready or blocks the Plan by now."""
    plan = _plan(stuck) if _is_running(stuck) else stuck.obj if stuck.is_a(FORKLIFT, "Plan") else None
    if plan is None or forklift.archived(plan):
        return None
    for provider in _providers(stuck, plan, ready=plan is stuck.obj):
        place = referred(provider.spec("secret"))
        if stuck.seen.secrets.get(place) is False:
            return Finding(
                f"Secret {'/'.join(place)} of Provider {provider.name} is gone: without it Forklift cancels and "
                "archives nothing",
                f"create Secret {'/'.join(place)} again, or delete the {stuck.obj.kind}: what it left is found by its "
                "labels",
            )
    return None


@tells("archive-not-answered")
def not_archived(stuck: Stuck) -> Finding | None:
    """The controller runs, and yet the Plan is not archived."""
    return _not_answered(stuck, "archive") if stuck.obj.kind == "Plan" else None


@tells("cancel-not-answered")
def not_canceled(stuck: Stuck) -> Finding | None:
    """The same of what was to be canceled."""
    return _not_answered(stuck, "cancel") if stuck.obj.kind != "Plan" else None


def _not_answered(stuck: Stuck, asked: str) -> Finding | None:
    if not _waits_for_answer(stuck) or stuck.obj.deleting:
        return None
    runs = "runs" if stuck.seen.controllers.get(CONTROLLER) else "was not seen to run"
    return Finding(
        f"Forklift did not answer the {asked} ({CONTROLLER} {runs})",
        f"see the log of {CONTROLLER} for {stuck.obj.name}, then run the teardown again",
    )


@tells("provider-server-stuck")
def provider_server(stuck: Stuck) -> Finding | None:
    """Its teardown needs the Provider, which may be gone already (3.4)."""
    if not stuck.is_a(FORKLIFT, "OVAProviderServer", "HyperVProviderServer") or not stuck.held_by(*SERVER_FINALIZERS):
        return None
    if stuck.seen.providers is None:
        return None
    uid = stuck.obj.labels.get("provider", "")
    gone = all(provider.uid != uid for provider in stuck.seen.providers)
    by_hand = "its finalizer has to be removed by hand, with its Deployment, Service and claim"
    if not gone:
        told, remedy = "", f"see the log of {CONTROLLER}; when it cannot end it, {by_hand}"
    elif stuck.obj.kind == "OVAProviderServer":  # ova/controller.go, Teardown
        told, remedy = ": its Provider is gone already, which its teardown needs", by_hand
    else:  # hyperv/controller.go, Teardown goes on by the labels
        told = ": its Provider is gone already, and that alone does not stop it"
        remedy = f"see the log of {CONTROLLER}; when nothing moves, {by_hand}"
    return Finding(f"the server of the provider does not end{told}", remedy)


@tells("populator-holds-claim")
def populated_claim(stuck: Stuck) -> Finding | None:
    """2.9 and 2.10 protect target claims while they are populated, and may never stop to (MTV-3353)."""
    if not stuck.held_by(TARGET_PROTECTION):
        return None
    down = f"; {POPULATOR_CONTROLLER} is down" if stuck.seen.is_down(POPULATOR_CONTROLLER) else ""
    return Finding(
        f"Forklift's populator still protects it ({TARGET_PROTECTION}), as 2.10 and older may do for ever{down}",
        "see whether its populator is gone; then name the finalizer in mtv_teardown_remove_finalizers and run the "
        "teardown again (fixed in 2.11, MTV-3353)",
    )


@tells("prime-claim-in-use")
def prime_claim(stuck: Stuck) -> Finding | None:
    if not stuck.is_a("", "PersistentVolumeClaim") or not stuck.obj.name.startswith("prime-"):
        return None
    target = next((c for c in stuck.seen.claims if c.uid == stuck.obj.name.removeprefix("prime-")), None)
    if target is None or target.deleting:
        return None
    return Finding(
        f"it is filled for claim {target.name}, which is there and not being deleted",
        stuck.let_go(target),
    )


@tells("conversion-recreates")
def conversion_recreates(stuck: Stuck) -> Finding | None:
    """A Conversion that has not ended makes its pod anew (2.4, point 3)."""
    if not stuck.is_a("", "Pod"):
        return None
    labels = stuck.obj.labels
    for conversion in stuck.seen.conversions:
        same = all(labels.get(key) == conversion.labels.get(key) for key in ("plan", "vmID"))
        if labels.get("vmID") and same and not conversion.deleting:
            return Finding(
                f"Conversion {conversion.name} lives and makes it anew",
                stuck.let_go(conversion),
            )
    return None


@tells("archived-not-cleaned")
def archived_not_cleaned(stuck: Stuck) -> Finding | None:
    """Archived comes whatever failed (3.3)."""
    uid = stuck.obj.labels.get("plan", "")
    plan = next((plan for plan in stuck.seen.plans if uid and plan.uid == uid), None)
    if plan is None or stuck.obj.deleting or not forklift.archived(plan):
        return None
    return Finding(
        f"Plan {plan.name} is archived, yet Forklift has not removed this (it says Archived whatever failed)",
        stuck.run(": it deletes what archiving left"),
    )


def _waits_for_answer(stuck: Stuck) -> bool:
    if stuck.is_a(FORKLIFT, "Plan"):
        return not forklift.archived(stuck.obj)
    return _is_running(stuck) or (
        stuck.is_a(FORKLIFT, "Conversion") and not stuck.obj.deleting and not forklift.conversion_ended(stuck.obj)
    )


def _is_running(stuck: Stuck) -> bool:
    return stuck.is_a(FORKLIFT, "Migration") and forklift.needs_cancel(stuck.obj, _plan(stuck))


def _plan(stuck: Stuck) -> Obj | None:
    place = (stuck.obj.spec("plan", "namespace"), stuck.obj.spec("plan", "name"))
    return next((plan for plan in stuck.seen.plans if (plan.namespace, plan.name) == place), None)


def _providers(stuck: Stuck, plan: Obj, ready: bool) -> list[Obj]:
    """Those of the Plan. ready: only such, for one that is not does not keep a Plan from its archive."""
    places = {referred(plan.spec("provider", side)) for side in ("source", "destination")}
    named = (p for p in stuck.seen.providers or () if (p.namespace, p.name) in places)
    return [p for p in named if condition_true(p, "Ready") or not ready]


CAUSES: tuple[Tells, ...] = (
    controller_down,
    plan_archived,
    secret_gone,
    plan_blocked,
    not_archived,
    not_canceled,
    provider_server,
    populated_claim,
    prime_claim,
    conversion_recreates,
    archived_not_cleaned,
)
