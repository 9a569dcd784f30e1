# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look that is for less reads less, and decides nothing that a look at everything would not.

That it owns no more is tried with random worlds, too (test_random_worlds.py); here are chains that these lack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order, scopes
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Listing
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict
from ansible_collections.mtv.teardown.tests.unit.plugins.build import BEFORE, MIGRATION, PLAN, PREFIX, obj, record
from ansible_collections.mtv.teardown.tests.unit.plugins.build import session as session_of
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import CATALOG, Memory

SHARED = "shared-vms"
OURS = {"plan": "plan-uid"}
HOMES = [obj("Namespace", name, created=BEFORE) for name in (SHARED, "mtv")] + [obj("Namespace", PREFIX)]
ROOT = obj("Plan", PLAN.name, "mtv", uid=PLAN.uid, spec={"targetNamespace": SHARED})
AIMS = [scopes.ROOTS, *scopes.PHASES.values(), *scopes.AGAIN.values()]
USED = [{"name": "v", "persistentVolumeClaim": {"claimName": "disk"}}]
STRANGER = obj("CronJob", "backup", SHARED, spec={"jobTemplate": {"spec": {"template": {"spec": {"volumes": USED}}}}})


class Counted(Memory):
    """Which kinds are listed, and where."""

    def __init__(self, objects: Iterable[Obj], **more: Any) -> None:
        super().__init__(objects, **more)
        self.asked: Counter[tuple[str, str | None]] = Counter()

    def listing(self, resource: Resource, namespace: str | None = None, **asked: Any) -> Listing:
        self.asked[(resource.kind, namespace)] += 1
        return super().listing(resource, namespace, **asked)

    def kinds_in(self, namespace: str | None) -> set[str]:
        return {kind for kind, place in self.asked if place == namespace}


def looked(cluster: Memory, session: Session, aim: scopes.Aim = scopes.EVERYTHING) -> Found:
    return find(cluster, session, CATALOG, aim)  # type: ignore[arg-type]


def statuses(found: Found, *wanted: Obj) -> list[Status]:
    made = {o.uid: decision.status for o, decision in found.decided}
    return [made.get(one.uid, Status.OTHER) for one in wanted]


SESSION = session_of(plans=(PLAN,), migrations=(MIGRATION,))
MACHINE = obj("VirtualMachine", "vm", SHARED, labels=OURS)
ODD = obj("Certificate", "between", SHARED, owners=(MACHINE,))
CHAINS = [
    pytest.param([MACHINE, obj("PersistentVolumeClaim", "disk", SHARED, owners=(MACHINE,))], id="claim-of-a-vm"),
    pytest.param([MACHINE, obj("DataVolume", "disk", SHARED, owners=(MACHINE,))], id="data-volume-of-a-vm"),
    pytest.param(
        [MACHINE, ODD, obj("PersistentVolumeClaim", "disk", SHARED, owners=(ODD,))], id="by-way-of-an-unread-kind"
    ),
]


@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("chain", CHAINS)
def test_a_claim_that_others_use_holds_its_vm_whatever_a_look_is_for(chain: list[Obj], aim: scopes.Aim) -> None:
    for roots in ([ROOT], []):  # also where no Plan asks whose claims are there
        cluster = Memory([*HOMES, *roots, STRANGER, *chain])
        for session in (SESSION, looked(cluster, SESSION).session):
            assert statuses(looked(cluster, session), MACHINE) == [Status.CONTESTED]
            assert statuses(looked(cluster, session, aim), MACHINE) == [Status.CONTESTED]


def test_an_owner_that_lives_and_is_no_longer_the_sessions_is_not_taken_for_gone() -> None:
    """It was shown to be the session's once; a look that does not read its kind asks for it."""
    owner = obj("NetworkPolicy", "n", SHARED, labels=OURS)
    below = obj("PersistentVolumeClaim", "p", SHARED, owners=(owner,))
    session = looked(Memory([*HOMES, ROOT, owner, below]), SESSION).session
    assert owner.uid in session.lineage
    later = Memory([*HOMES, ROOT, obj("NetworkPolicy", "n", SHARED), below])
    for aim in (scopes.EVERYTHING, *AIMS):
        assert statuses(looked(later, session, aim), below) != [Status.OWNED]
    gone = Memory([*HOMES, ROOT, below])
    for aim in (scopes.EVERYTHING, *AIMS):
        assert statuses(looked(gone, session, aim), below) == [Status.OWNED]


# -- what is read -----------------------------------------------------------------------------------------------

RECORDED = session_of(record("Namespace", "target"), plans=(PLAN,))
INSIDE = {r.kind for r in scopes.listable(CATALOG)}


def test_everything_is_read_once_and_then_what_was_met() -> None:
    secret, policy = obj("Secret", "s", PREFIX), obj("NetworkPolicy", "n", SHARED, labels=OURS)
    objects = [*HOMES, ROOT, secret, policy]
    first = Counted(objects)
    found = looked(first, SESSION)
    assert first.kinds_in(PREFIX) | first.kinds_in(None) >= INSIDE
    session = from_dict(found.session.as_dict())  # as it passes between roles
    assert session.met[PREFIX] == ("secrets",)
    again = Counted(objects)
    assert statuses(looked(again, session, scopes.PHASES[order.RESOURCES]), secret, policy) == [Status.OWNED] * 2
    assert again.kinds_in(PREFIX) == {"Secret", "PersistentVolumeClaim", "Pod", "DataVolume"}
    assert "Certificate" not in again.kinds_in(SHARED)
    roots = Counted(objects)
    looked(roots, session, scopes.ROOTS)
    assert roots.kinds_in(PREFIX) == set()
    assert roots.kinds_in(SHARED) == {"PersistentVolumeClaim", "DataVolume"}


def test_a_namespace_that_nobody_has_looked_at_is_read_whole_by_who_deletes_in_it() -> None:
    session = looked(Memory([*HOMES, ROOT]), SESSION).session
    late = Counted([*HOMES, ROOT, obj("Namespace", f"{PREFIX}-late")])
    looked(late, session, scopes.PHASES[order.RESOURCES])
    assert late.kinds_in(f"{PREFIX}-late") | late.kinds_in(None) >= INSIDE
    assert "Certificate" not in late.kinds_in(PREFIX)


def test_what_could_not_be_read_is_tried_again() -> None:
    session = looked(Memory([*HOMES, ROOT], failing=[("Certificate", PREFIX)]), SESSION).session
    assert session.met[PREFIX] == ("certificates.cert-manager.io",)


def test_a_recorded_namespace_is_read_whole_where_it_is_going_to_be_deleted_alone() -> None:
    def asked(aim: scopes.Aim, *more: Obj, created: str = "2026-01-01T12:00:00Z") -> tuple[Status, bool]:
        target = obj("Namespace", "target", created=created)
        cluster = Counted([*HOMES, ROOT, target, *more])
        status = statuses(looked(cluster, session, aim), target)[0]
        return status, "Certificate" in cluster.kinds_in("target")

    namespaces = scopes.PHASES[order.NAMESPACES]
    session = looked(Memory([*HOMES, ROOT, obj("Namespace", "target")]), RECORDED).session
    assert asked(namespaces) == (Status.OWNED, True)
    assert asked(namespaces, obj("Certificate", "theirs", "target")) == (Status.CONTESTED, True)
    # What is known to be somebody else's anyhow need not be read.
    assert asked(namespaces, obj("PersistentVolumeClaim", "theirs", "target")) == (Status.CONTESTED, False)
    assert asked(namespaces, created=BEFORE) == (Status.REFUSED, False)
    for phase in (order.VMS, order.RESOURCES):
        assert asked(scopes.PHASES[phase]) == (Status.KEPT, False)
