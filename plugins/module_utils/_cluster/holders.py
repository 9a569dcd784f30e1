# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else holds an object that is the session's: other living owners, and those who use its claim.

What was not read is somebody's: an owner that could not be looked up holds, in a namespace where not every kind of user
was read every claim is in use, and where claims were not read, they are somebody's with whose Plan they would go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.coverage import Coverage, Kind
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Owner, referred, text
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volume_users import claims_used, is_over


@dataclass(slots=True)
class Holders:
    """Over one reading. by_uid: what was met; is_ours: whether any evidence shows an object to be the session's;
    is_own: whether a namespace is; is_known: whether an owner, by the namespace of what it owns, is known to be the
    session's, though it may have gone."""

    by_uid: Mapping[str, Obj]
    coverage: Coverage
    is_ours: Callable[[Obj], bool]
    is_own: Callable[[str | None], bool]
    is_known: Callable[[Owner, str | None], bool]
    _claims: dict[tuple[str, str, str, str], Obj] = field(init=False)
    _plans: dict[tuple[str, str], Obj] = field(init=False)
    _homes: dict[str, Obj] = field(init=False)
    _used: dict[str, str] | None = None
    _unseen: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self._claims = {
            (o.group, o.kind, o.namespace or "", o.name): o
            for o in self.by_uid.values()
            if _is_claim(o) and not self.is_own(o.namespace)
        }
        plans = (o for o in self.by_uid.values() if (o.group, o.kind) == (order.FORKLIFT, "Plan"))
        self._plans = {(o.namespace or "", o.name): o for o in plans}
        self._homes = {o.name: o for o in self.by_uid.values() if (o.group, o.kind) == ("", "Namespace")}

    def of(self, obj: Obj) -> str:
        """Who else holds it, as a reason why it stays; empty when nobody does."""
        return self._other_owner(obj) or self.taking_along(obj) or self._hidden_store(obj)

    def taking_along(self, obj: Obj) -> str:
        """Which claim that others use would go with it; empty when none would."""
        return self._uses().get(obj.uid, "")

    def blind(self, obj: Obj) -> str:
        """Why nobody knows what would go with it: it is a Plan or a Migration, or the session's namespace that one is
        in, and what Forklift deletes with that could not be read; or a VM whose claims could not be."""
        if self._unseen is None:
            self._unseen = {}
            for root, why in self._blind_roots():
                self._mark_root(self._unseen, root, why)
        return self._unseen.get(obj.uid, "")

    def unread_owners(self) -> dict[str, tuple[Owner, str | None]]:
        """uid -> owner, and the namespace of what it owns: those that a decision rests on and that were not met.
        Whoever reads looks them up, and asks again: what is found may have owners itself."""
        wanted: dict[str, tuple[Owner, str | None]] = {}
        for obj in self.by_uid.values():
            if not self.is_own(obj.namespace) and (self.is_ours(obj) or self._uses_ours(obj) or _is_claim(obj)):
                for below in (obj, *self._strange_owners(obj)):
                    unread = (owner for owner in below.owners if self._is_unread(owner, below))
                    wanted.update({o.uid: (o, below.namespace) for o in unread if o.uid not in self.coverage.unknown})
        return wanted

    def _strange_owners(self, obj: Obj) -> Iterator[Obj]:
        """Owners that were met and are not shown to be the session's, and theirs: another owner may show it."""
        above, seen = [obj], {obj.uid}
        while above:
            found = [self.by_uid[o.uid] for o in above.pop().owners if o.uid in self.by_uid and o.uid not in seen]
            seen |= {owner.uid for owner in found}
            strange = [owner for owner in found if not self.is_ours(owner)]
            above += strange
            yield from strange

    def _is_unread(self, owner: Owner, below: Obj) -> bool:
        """Nobody knows whether it lives."""
        met = owner.uid in self.by_uid or owner.uid in self.coverage.gone
        return not (met or self.is_known(owner, below.namespace))

    def _other_owner(self, obj: Obj) -> str:
        for owner in obj.owners:
            above = self.by_uid.get(owner.uid)
            if above is not None and not self.is_ours(above):
                return f"also owned by {above.shown}, which is not the session's"
            if self._is_unread(owner, obj):
                why = self.coverage.unknown.get(owner.uid, "it was not read")
                return f"also owned by {owner.kind} {owner.name}, and nobody knows whose that is: {why}"
        return ""

    def _hidden_store(self, obj: Obj) -> str:
        """A kind that no rule names may be a second view of one that could not be read: then nobody asked what the
        rules of that kind ask."""
        if order.is_known(obj.group, obj.kind):
            return ""
        for (group, kind), error in self.coverage.failed(obj.namespace):
            if order.is_known(group, kind) if kind else order.is_known_group(group):
                return f"nobody knows whether it shows an object of {kind or group}: {error}"
        unread = [(kind, self.coverage.unread(kind, obj.namespace)) for kind in self._stores(obj)]
        return next((f"nobody knows whether it shows an object of {kind[1]}: {why}" for kind, why in unread if why), "")

    def _stores(self, obj: Obj) -> list[Kind]:
        """Kinds that it may be a second view of: what stands in a namespace shows what stands there."""
        inside = obj.namespace is not None
        return [kind for kind in sorted(order.known_kinds()) if self.coverage.served.get(kind) == inside]

    # -- users of claims ------------------------------------------------------------------------------------

    def _uses(self) -> dict[str, str]:
        """uid -> who uses it: claims in namespaces of others, their DataVolumes, and whatever would take them along."""
        if self._used is None:
            used: dict[str, str] = {}
            held = [*self._unknown_users(), *self._known_users()]
            for obj, why in held:
                self._mark(used, obj, why)
            for obj, why in [*held, *self._owned_by_others()]:
                self._mark_roots(used, obj, why)
            self._used = used
        return self._used

    def _mark(self, used: dict[str, str], obj: Obj, why: str) -> None:
        """The object, and its owners: the garbage collector takes it along with the last of them."""
        used[obj.uid] = why
        for owner in (self.by_uid[o.uid] for o in obj.owners if o.uid in self.by_uid):
            if owner.uid not in used and self.is_ours(owner):
                self._mark(used, owner, f"with it would go {obj.shown}: {why}")

    def _mark_roots(self, used: dict[str, str], claim: Obj, why: str) -> None:
        """Forklift deletes the claims of a Migration that is canceled, and of a Plan that is archived or gone, until a
        VirtualMachine owns them (plan/migration.go, Cleanup; plan/controller.go, orphans). So these stay, too, and the
        namespace that they are in."""
        if self._is_of_vm(claim):
            return
        for root in self._roots_of(claim):
            self._mark_root(used, root, f"with it Forklift would delete {claim.shown}: {why}")

    def _mark_root(self, used: dict[str, str], root: Obj, why: str) -> None:
        used[root.uid] = why
        home = self._homes.get(root.namespace or "")
        if home is not None and self.is_own(root.namespace):
            used[home.uid] = f"with it would go {root.shown}: {why}"

    def _blind_roots(self) -> Iterator[tuple[Obj, str]]:
        """Plans, Migrations and VMs whose claims could not be read: Forklift deletes them all the same, and so does the
        garbage collector, which has no more of an eye for who uses them."""
        for root in self.by_uid.values():
            why = ""
            if root.group == order.FORKLIFT and root.kind in ("Plan", "Migration") and self.is_ours(root):
                why = self._unread_claims(root)
            elif (root.group, root.kind) == (order.KUBEVIRT, "VirtualMachine") and self._is_ours_elsewhere(root):
                told = f"nobody knows which claims in {root.namespace} would go with it"
                why = self._unread_in(order.CLAIM_KINDS, root.namespace or "", told)
            if why:
                yield root, why

    def _is_ours_elsewhere(self, obj: Obj) -> bool:
        """Whether it is the session's, and in a namespace that is not."""
        return not self.is_own(obj.namespace) and self.is_ours(obj)

    def _unread_claims(self, root: Obj) -> str:
        """Why nobody knows what Forklift would delete with it; empty when all of that was read, or can be nobody's but
        the session's."""
        place = referred(root.spec("plan")) if root.kind == "Migration" else (root.namespace or "", root.name)
        plan = self._plans.get(place)
        if plan is None:  # where it has gone, Forklift does nothing
            error = self.coverage.failure((order.FORKLIFT, "Plan"), place[0])
            return f"nobody knows whose claims Forklift would delete with it: Plan: {error}" if error else ""
        target = text(plan.spec("targetNamespace")) or plan.namespace or ""
        if self.is_own(target):
            return ""
        kinds = order.CLAIM_KINDS if target in self._homes else (("", "Namespace"),)
        return self._unread_in(kinds, target, f"nobody knows whose claims in {target} Forklift would delete with it")

    def _unread_in(self, kinds: Iterable[Kind], namespace: str, told: str) -> str:
        """The first of these kinds that was not read there, with the reason; empty when all were."""
        errors = [(kind, self.coverage.unread((group, kind), namespace)) for group, kind in kinds]
        return next((f"{told}: {kind}: {error}" for kind, error in errors if error), "")

    def _roots_of(self, claim: Obj) -> list[Obj]:
        """The Plan and the Migration that made it, by their labels."""
        labelled = (self.by_uid.get(claim.labels.get(label, "")) for label in ("plan", "migration"))
        roots = [root for root in labelled if root is not None and root.group == order.FORKLIFT]
        above = (self._plans.get(referred(root.spec("plan"))) for root in roots if root.kind == "Migration")
        return list({o.uid: o for o in (*roots, *above) if o is not None}.values())

    def _is_of_vm(self, obj: Obj) -> bool:
        owners = [owner for owner in obj.owners if owner.uid != obj.uid]
        if any(owner.kind == "VirtualMachine" for owner in owners):
            return True
        met = (self.by_uid[owner.uid] for owner in owners if owner.uid in self.by_uid)
        return any(above.kind == "DataVolume" and self._is_of_vm(above) for above in met if obj.kind != "DataVolume")

    def _known_users(self) -> Iterator[tuple[Obj, str]]:
        for user in self.by_uid.values():
            if _may_use(user) and not self.is_own(user.namespace) and not self.is_ours(user):
                for claim in self._claims_of(user):
                    yield claim, f"used by {user.shown}, which is not the session's"

    def _owned_by_others(self) -> Iterator[tuple[Obj, str]]:
        """Claims of the session that somebody else owns, too: Forklift does not ask for owners."""
        ours = (claim for claim in self._claims.values() if self.is_ours(claim))
        yield from ((claim, why) for claim in ours if (why := self._other_owner(claim)))

    def _unknown_users(self) -> Iterator[tuple[Obj, str]]:
        for namespace in sorted({namespace for _group, _kind, namespace, _name in self._claims}):
            claims = [c for c in self._claims.values() if c.namespace == namespace and self.is_ours(c)]
            users = sorted(order.USER_KINDS) if claims else []
            unread = [(kind, self.coverage.unread(kind, namespace)) for kind in users]
            why = next((f"nobody knows which {kind[1]} uses it: {error}" for kind, error in unread if error), "")
            if why:
                yield from ((claim, why) for claim in claims)

    def _uses_ours(self, obj: Obj) -> bool:
        """Whether it uses a claim of the session: then its owners may show that it is the session's, too."""
        return _may_use(obj) and bool(self._claims_of(obj))

    def _claims_of(self, user: Obj) -> list[Obj]:
        """The session's claims that it uses."""
        places = ((*kind, user.namespace or "", name) for name in claims_used(user) for kind in order.CLAIM_KINDS)
        return [claim for place in places if (claim := self._claims.get(place)) and self.is_ours(claim)]


def _is_claim(obj: Obj) -> bool:
    return (obj.group, obj.kind) in order.CLAIM_KINDS


def _may_use(obj: Obj) -> bool:
    return (obj.group, obj.kind) in order.USER_KINDS and not is_over(obj)
