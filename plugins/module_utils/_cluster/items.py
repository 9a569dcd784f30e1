# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of the cluster as items of a result."""

from __future__ import annotations

from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cause import CONTESTED, OUTLIVED
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import remnants
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.explain import Why
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import backend
from ansible_collections.mtv.teardown.plugins.module_utils._next_step import Facts, advise, words
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Decision


def item(obj: Obj, decision: Decision, reason: str = "") -> dict[str, Any]:
    """One object in a result. backend: only of a volume whose storage stays on a provider that can be asked."""
    stored = backend(obj)
    return {
        **({"backend": stored} if stored else {}),
        "kind": obj.kind,
        "api_version": obj.resource.api_version,
        "namespace": obj.namespace,
        "name": obj.name,
        "uid": obj.uid,
        "evidence": decision.evidence,
        "rests_on": decision.rests_on,
        "reason": reason or decision.reason,
        "test_name": decision.test_name,
    }


def left_item(obj: Obj, decision: Decision, why: Why) -> dict[str, Any]:
    """An object that stayed: with the cause, what holds it, and what a person can do."""
    contested = decision.reason  # somebody else's too: then nothing was asked of it
    return {
        **item(obj, decision, contested or why.reason),
        "cause": CONTESTED if contested else why.cause.name,
        "next_step": (words(advise(Facts(decision.whose))) if contested else "") or why.cause.next_step,
        "held_by": dict(why.held_by),
    }


def kept_item(obj: Obj, decision: Decision) -> dict[str, Any]:
    """An object of which nobody can tell whose it is, or whether others use it: nothing was asked of it."""
    cause, next_step = "kept-unread", words(advise(Facts(decision.whose)))
    if decision.evidence in remnants.EVIDENCE:
        cause, next_step = OUTLIVED, remnants.next_step(obj, decision)
    return {**item(obj, decision), "cause": cause, "next_step": next_step, "held_by": {}}
