# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this object the session's, and by which evidence?

The one function that answers it, Ownership.of(), serves deleting and verifying alike. It is pure: it sees the
objects that were read, the session's keys, and nothing else. Order of trust: forklift.md 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import bindings, furniture, name_only, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.coverage import UNREAD, Coverage
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.forklift import place_of_pod
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.holders import Holders
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Owner, dig, listed
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.remnants import Remnants
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.volumes import bound_to, bound_uid, made_for
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import NAME_ONLY, Decision, Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session, Trace
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record

_NAMED_BY_CLAIM = re.compile(r"^(?:prime-|populate-|importer-prime-)([0-9a-f]{8}-[0-9a-f-]{27})\Z")
SUCCESSOR = "made anew since with the same name: the successor is not the session's"
# What rests on a name alone, so that another object can take its place.
BY_NAME = frozenset({"record", "name", "reference"})
# What an object does not carry itself, so that it may be missing later though nobody took it away.
NOT_TO_BE_SEEN = frozenset({"record", "record, by uid", "uid"})
UNSURE = "a task of the session was about to make it, and nobody knows whether it did, or found it there"
_NAMED_BY_PLAN = ("-extra-v2v-conf", "-customization-scripts")


def home_of(objects: Iterable[Obj]) -> str:
    """The cluster, as nobody can rename it: the uid of its namespace kube-system; empty when that was not read."""
    met = (o.uid for o in objects if (o.group, o.kind, o.name) == ("", "Namespace", "kube-system"))
    return next(met, "")


_OTHER = Decision(Status.OTHER)
_NAME_ONLY = Decision(Status.CONTESTED, "name", NAME_ONLY)  # nothing is clean while nobody has looked at it


def _owned(evidence: str, test_name: str = "", rests_on: str = "") -> Decision:
    return Decision(Status.OWNED, evidence=evidence, test_name=test_name, rests_on=rests_on)


def _refused(reason: str, test_name: str = "") -> Decision:
    return Decision(Status.REFUSED, reason=reason, test_name=test_name)


class Ownership:
    """Decides over one reading of the cluster.

    objects: everything that was read; groups: API group of each recorded kind, by the record's entry; coverage: what of
    the cluster that reading was. A decision has two steps: which evidence there is that an object is the session's
    (_base), and whether somebody else holds it too (_held): there, what was not read is somebody's.
    """

    def __init__(self, session: Session, objects: Iterable[Obj], groups: Mapping[str, str], coverage: Coverage) -> None:
        self._session = session
        self.coverage = coverage
        self._by_uid = {obj.uid: obj for obj in objects}
        self._claims = {
            (o.namespace or "", o.name): o for o in self._by_uid.values() if o.place[0] == "PersistentVolumeClaim"
        }
        self._namespaces = {o.name: o for o in self._by_uid.values() if o.kind == "Namespace" and not o.group}
        self._records = self._index(session.records, groups)
        self._plans = {key.uid: key for key in session.plans}
        self._migrations = {key.uid: key for key in session.migrations}
        self._providers = {key.uid: key for key in session.providers}
        self._known = {key.uid: key for key in session.keys}
        self._plan_names = self._named_plans()
        self._anew = {name for name, o in self._namespaces.items() if self._is_successor(o)}
        self._home = home_of(self._by_uid.values())
        self._prefix = f"prefix {session.prefix}"
        self._by_name_only = name_only.of(session, self._by_uid.values(), self._records)
        self._others = self._anew | self._by_name_only
        self._decisions: dict[str, Decision] = {}
        self._open: set[str] = set()
        self._foreign_plans: list[Obj] | None = None
        self._remnants = Remnants(session, self._by_uid, self._records, coverage)
        self._holders = Holders(self._by_uid, coverage, self._is_sure, self._is_own, self._is_ours_and_gone)

    @staticmethod
    def _index(records: Iterable[Record], groups: Mapping[str, str]) -> dict[tuple[str, str, str, str], list[Record]]:
        """The entries for each place; the one that tells most comes last."""
        index: dict[tuple[str, str, str, str], list[Record]] = {}
        placed = [r for r in records if not r.on_provider and r.entry in groups]
        for record in sorted(placed, key=lambda r: (bool(r.uid), r.sure)):
            place = (groups[record.entry], record.kind, record.namespace or "", record.name)
            index.setdefault(place, []).append(record)
        return index

    def _named_plans(self) -> dict[tuple[str, str], str]:
        """(namespace, name) of every Plan of the session -> its test, recorded ones also when they are gone."""
        named = {(r.namespace or "", r.name): r.test_name for r in self._session.records if r.kind == "Plan"}
        named.update({(key.namespace, key.name): key.test_name for key in self._session.plans})
        return named

    def of(self, obj: Obj) -> Decision:
        """The decision on one object; the same for every caller."""
        decision = self._base(obj)
        if decision.status is not Status.OWNED:
            return decision
        others = self._holders.taking_along(obj) if self._is_own(obj.namespace) else self._held(obj)
        held = others or self._holders.blind(obj)
        if not held:
            return decision
        return replace(decision, status=Status.CONTESTED, reason=held, blind=not others)

    def unread_owners(self) -> dict[str, tuple[Owner, str | None]]:
        """Owners that have to be looked up before any decision is final: see Holders."""
        return self._holders.unread_owners()

    def _is_ours_and_gone(self, owner: Owner, namespace: str | None) -> bool:
        """An owner that the session is known by, or that was shown to be its own before."""
        return owner.uid in self._known or self._gone(owner.uid, owner.kind, namespace, owner.name) is not None

    def _base(self, obj: Obj) -> Decision:
        """What shows that it is the session's, whoever else holds it."""
        if obj.uid not in self._decisions:
            if obj.uid in self._open:  # owners in a circle prove nothing
                return _OTHER
            self._open.add(obj.uid)
            self._decisions[obj.uid] = self._decide(obj)
            self._open.discard(obj.uid)
        return self._decisions[obj.uid]

    def _is_sure(self, obj: Obj) -> bool:
        """Whether something else may be shown to be the session's by this: not by what is contested for itself."""
        return self._base(obj).status is Status.OWNED

    def _decide(self, obj: Obj) -> Decision:
        if self._is_furniture(obj):
            return _OTHER
        if (obj.group, obj.kind) == ("", "Namespace"):
            return self._namespace(obj)
        if self._is_own(obj.namespace):
            return _owned("namespace", self._test_of(obj), f"Namespace {obj.namespace}")
        decision = self._as_noted(obj, self._by_what_is_seen(obj))
        if decision.status not in (Status.OTHER, Status.REFUSED) or obj.namespace in self._anew:
            return decision
        return self._remnants.of(obj) or decision

    def _by_what_is_seen(self, obj: Obj) -> Decision:
        lineage = self._lineage(obj)
        if lineage is not None:
            return lineage
        if obj.namespace in self._anew:
            return _refused(f"its namespace was {SUCCESSOR}")
        record = self._record_of(obj)
        decision = self._recorded(obj, record) if record is not None else self._by_name(obj)
        return _refused(SUCCESSOR, decision.test_name) if decision.ours and self._is_successor(obj) else decision

    def _record_of(self, obj: Obj) -> Record | None:
        """The entry about this very object, else the one that tells most: of another one that was there, unless a task
        that was cut off may have made this one since."""
        records = self._records.get((obj.group, obj.kind, obj.namespace or "", obj.name), [])
        last = records[-1] if records else None
        if last is None or not last.uid:
            return last
        very = [record for record in records if record.uid == obj.uid]
        since = [record for record in records if not (record.uid or record.sure)]
        return (very or since or [last])[-1]

    def _is_successor(self, obj: Obj) -> bool:
        record = self._record_of(obj)
        recorded = record.uid if record is not None else ""
        return obj.uid != (recorded or self._session.identities.get(obj.address, obj.uid))

    def _is_own(self, namespace: str | None) -> bool:
        """A namespace that the session created, and not another one of the same name that somebody made since."""
        return self._session.is_own_namespace(namespace) and namespace not in self._others

    # -- evidence that does not depend on names -------------------------------------------------------------

    def _lineage(self, obj: Obj) -> Decision | None:
        checks = (
            self._label,
            self._root,
            self._owner,
            self._claim,
            self._inspector,
            self._server,
            self._plan_file,
            self._subjects,
            self._source_vm,
        )
        return next((decision for check in checks if (decision := check(obj)) is not None), None)

    def _as_noted(self, obj: Obj, decision: Decision) -> Decision:
        """What was shown to be the session's earlier, by its uid: never more than what is seen now allows, and never
        in a namespace of the cluster itself."""
        if decision.ours or not self._is_known(obj) or prefixes.is_protected(obj.namespace or ""):
            return decision
        test, trace = self._session.lineage[obj.uid], self._session.traces.get(obj.uid)
        older = bool(self._session.started and obj.created and obj.created < self._session.started)
        if decision.status is Status.OTHER and not older and (trace is None or trace.evidence in NOT_TO_BE_SEEN):
            return _owned(
                "uid", test, f"uid {obj.uid}, noted when it was shown by {trace.evidence if trace else 'uid'}"
            )
        before = trace.evidence if trace else "uid"
        reason = decision.reason or f"it was shown to be the session's by {before}, and nothing shows that any more"
        return Decision(Status.CONTESTED, before, reason, test)

    def _is_known(self, obj: Obj) -> bool:
        trace = self._session.traces.get(obj.uid)
        known = obj.uid in self._session.lineage
        return known and (trace is None or trace.fits(self._home, obj.group, obj.kind, obj.namespace, obj.name))

    def _gone(self, uid: str, kind: str, namespace: str | None, name: str | None = None) -> str | None:
        """The test of what was the session's and is not to be seen any more; None when that is not known of it."""
        if uid in self._by_uid or uid not in self._session.lineage:
            return None
        trace = self._session.traces.get(uid)
        if trace is not None:
            inside, named = namespace if trace.namespace else "", trace.name if name is None else name
            if not trace.fits(self._home, trace.group, kind, inside, named):
                return None
        if uid not in self.coverage.gone and self._is_unasked(kind, namespace, trace):
            return None
        return self._session.lineage[uid]

    def _is_unasked(self, kind: str, namespace: str | None, trace: Trace | None) -> bool:
        """Whether nobody has looked for it: then it may live, and be somebody else's by now."""
        found = [(k, inside) for k, inside in self.coverage.served.items() if k[1] == kind]
        asked = [(k, namespace if inside else None) for k, inside in found if trace is None or k[0] == trace.group]
        return UNREAD in [self.coverage.unread(*place) for place in asked]

    def _label(self, obj: Obj) -> Decision | None:
        labels = obj.labels
        plan = self._plans.get(labels.get("plan", ""))
        if plan is not None:
            return _owned("label plan", plan.test_name, _key("Plan", plan))
        migration = self._migrations.get(labels.get("migration", ""))
        if migration is not None:
            return _owned("label migration", self._test_of_migration(migration), _key("Migration", migration))
        named = (labels.get("plan-namespace", ""), labels.get("plan-name", ""))
        if named in self._plan_names and not self._is_of_foreign_plan(obj):
            return _owned("label plan-name", self._plan_names[named], f"Plan {named[0]}/{named[1]}")
        return None

    def _root(self, obj: Obj) -> Decision | None:
        """What of Forklift has a uid that is a key of the session; Migrations of its Plans."""
        if obj.group != order.FORKLIFT:
            return None
        if obj.uid in self._known:
            return _owned("uid", self._known[obj.uid].test_name, f"uid {obj.uid}")
        if obj.kind == "Migration":
            plan = (str(obj.spec("plan", "namespace") or ""), str(obj.spec("plan", "name") or ""))
            if plan in {(key.namespace, key.name) for key in self._session.plans}:
                return _owned("plan", self._plan_names.get(plan, ""), f"Plan {plan[0]}/{plan[1]}")
        return None

    def _owner(self, obj: Obj) -> Decision | None:
        for owner in obj.owners:
            if (test := self._gone(owner.uid, owner.kind, obj.namespace, owner.name)) is not None:
                return _owned("owner", test, _above(owner))
            if owner.uid in self._known:
                return _owned("owner", self._known[owner.uid].test_name, _above(owner))
            above = self._by_uid.get(owner.uid)
            if above is not None and self._is_sure(above):
                return _owned("owner", self._base(above).test_name, f"{above.shown} (uid {above.uid})")
        return self._named_by_claim(obj)

    def _inspector(self, obj: Obj) -> Decision | None:
        """The pod of a Conversion that a test made itself is known by that Conversion's name alone (forklift:
        pkg/controller/conversion/context/doc.go, PodConfigFromSpec); the namespace of the Conversion is not told."""
        name = obj.labels.get("conversion")
        if (obj.group, obj.kind) != ("", "Pod") or not name:
            return None
        keys = [k for k in self._session.conversions if (k.target_namespace, k.name) == (obj.namespace, name)]
        if not keys:
            return None
        for other in self._conversions():
            if other.name == name and place_of_pod(other) == obj.namespace and not self._is_sure(other):
                told = f"its label names {other.shown}, too, which is not the session's"
                return Decision(Status.CONTESTED, "label conversion", told, keys[0].test_name)
        unread = self.coverage.unread((order.FORKLIFT, "Conversion"), None)
        if unread and not prefixes.matches(self._session.prefix, name):
            told = f"its label may name a Conversion of others, too, and nobody knows: {unread}"
            return Decision(Status.CONTESTED, "label conversion", told, keys[0].test_name)
        return _owned("label conversion", keys[0].test_name, _key("Conversion", keys[0]))

    def _conversions(self) -> Iterable[Obj]:
        return (o for o in self._by_uid.values() if (o.group, o.kind) == (order.FORKLIFT, "Conversion"))

    def _named_by_claim(self, obj: Obj) -> Decision | None:
        """prime-, populate- and importer-prime- carry the uid of the claim that they fill."""
        match = _NAMED_BY_CLAIM.match(obj.name)
        if not match:
            return None
        uid = match.group(1)
        if (test := self._gone(uid, "PersistentVolumeClaim", obj.namespace)) is not None:
            return _owned("claim uid in its name", test, f"PersistentVolumeClaim with uid {uid}")
        above = self._by_uid.get(uid)
        if above is not None and above.uid != obj.uid and self._is_sure(above):
            return _owned("claim uid in its name", self._base(above).test_name, f"{above.shown} (uid {uid})")
        return None

    def _claim(self, obj: Obj) -> Decision | None:
        """Volumes by the claim, and contents by the snapshot, that they are or were bound to: those that were made for
        it. A volume that somebody lent to the session stands there before it, whoever says that he provisioned it."""
        if (obj.group, obj.kind) not in (("", "PersistentVolume"), order.SNAPSHOT_CONTENT):
            return None
        namespace, name, uid = bound_to(obj)
        test = self._test_of_claim(obj, namespace, name, uid)
        if test is None:
            return self._populated(obj, namespace, name)
        lent = made_for(obj, uid, self._by_uid.get(uid), self._session.started)
        if lent:
            return _refused(f"{lent}: lent to {namespace}/{name}", test)
        return _owned("claim", test, f"{namespace}/{name} (uid {uid})")

    def _test_of_claim(self, obj: Obj, namespace: str, name: str, uid: str) -> str | None:
        """The test of what a volume is bound to; None when that is not the session's."""
        if self._is_own(namespace):
            return self._test_of(obj)
        kind = "PersistentVolumeClaim" if obj.kind == "PersistentVolume" else "VolumeSnapshot"
        named = _NAMED_BY_CLAIM.match(name)
        for known, called in ((uid, name), (named.group(1) if named else "", None)):
            if (test := self._gone(known, kind, namespace, called)) is not None:
                return test
            above = self._by_uid.get(known)
            if above is not None and self._is_sure(above):
                return self._base(above).test_name
        return None

    def _populated(self, obj: Obj, namespace: str, name: str) -> Decision | None:
        """Forklift notes on a volume who filled it (forklift.md 2.2). Bound to what is not the session's, it is
        somebody else's now."""
        if not self._is_own(str(obj.annotations.get("forklift.konveyor.io/populated-from", "")).partition("/")[0]):
            return None
        if name:
            return _refused(
                f"populated for the session, but bound to claim {namespace}/{name}, which is not the session's"
            )
        return _owned("populated-from", rests_on=obj.annotations["forklift.konveyor.io/populated-from"])

    def _server(self, obj: Obj) -> Decision | None:
        """What an OVA or Hyper-V provider runs in Forklift's own namespace."""
        provider = self._providers.get(obj.labels.get("provider", ""))
        if provider is not None and obj.labels.get("app") == "forklift":
            return _owned("label provider", provider.test_name, _key("Provider", provider))
        return None

    def _plan_file(self, obj: Obj) -> Decision | None:
        """Two ConfigMaps of a plan carry no label (forklift.md 2.2)."""
        if (obj.group, obj.kind) != ("", "ConfigMap"):
            return None
        for plan in self._session.plans:
            if obj.namespace == plan.target_namespace and obj.name in {plan.name + end for end in _NAMED_BY_PLAN}:
                return _owned("named by its plan", plan.test_name, _key("Plan", plan))
        return None

    def _subjects(self, obj: Obj) -> Decision | None:
        """Bindings and constraints, by the service accounts that they are for."""
        if obj.namespace is not None:
            return None
        told = bindings.of_service_accounts(obj, self._is_own)
        if told is None:
            return None
        if told.others:
            return Decision(Status.CONTESTED, bindings.USERS, told.others)
        if not self._session.started or not obj.created or obj.created < self._session.started:
            return _refused("its subjects are the session's, but nothing shows that it is younger than the session")
        return _owned("subjects")

    def _source_vm(self, obj: Obj) -> Decision | None:
        """Label vmID alone: by the id of a VM that the session itself cloned, where no other Plan names that id, for
        two providers may give one id to two VMs."""
        vm_id = obj.labels.get("vmID", "")
        clones = {
            i: key.test_name
            for key in self._session.plans
            for i, name in key.vms
            if prefixes.matches(self._session.prefix, name)
        }
        if not vm_id or vm_id not in clones or obj.namespace is None or obj.labels.keys() & {"plan", "migration"}:
            return None
        if self.coverage.unread((order.FORKLIFT, "Plan"), None):
            return _refused(
                "its label vmID is of a VM of the session, but not all Plans could be read: another may have one"
            )
        if any(vm_id in _vm_ids(plan) for plan in self._others_plans()):
            return _refused("its label vmID is of a VM of the session, and of one of another Plan")
        if not self._session.started or not obj.created or obj.created < self._session.started:
            return _refused("its label vmID is of a VM of the session, but it is not shown to be younger")
        return _owned("label vmID", clones[vm_id], f"VM {vm_id} in a Plan of the session")

    # -- whether somebody else holds it -----------------------------------------------------------------------

    def _held(self, obj: Obj) -> str:
        """Why an object that is the session's stays all the same; empty when nobody else holds it."""
        return self._holders.of(obj) or self._held_claim(obj)

    def _held_claim(self, obj: Obj) -> str:
        """A volume is held as its claim is."""
        above = self._by_uid.get(bound_uid(obj))
        return self.of(above).reason if above is not None and self.of(above).status is Status.CONTESTED else ""

    def _others_plans(self) -> list[Obj]:
        if self._foreign_plans is None:
            plans = [o for o in self._by_uid.values() if (o.group, o.kind) == (order.FORKLIFT, "Plan")]
            self._foreign_plans = [plan for plan in plans if not self._is_sure(plan)]
        return self._foreign_plans

    def _is_of_foreign_plan(self, obj: Obj) -> bool:
        """Its label names a Plan that lives and is not the session's: one that was made anew under the same name."""
        return obj.labels.get("plan", "") in {plan.uid for plan in self._others_plans()}

    # -- records and names ----------------------------------------------------------------------------------

    def _recorded(self, obj: Obj, record: Record) -> Decision:
        test = record.test_name
        if (obj.group, obj.kind) in order.LINEAGE_KINDS and not _is_very(obj, record):
            return _refused(
                "recorded, but in a shared namespace and without a label or owner that shows that the session made it",
                test,
            )
        if record.part and not prefixes.matches(self._session.prefix, obj.name):
            return _refused("only a part of it is recorded, and its name does not show that the session made it", test)
        return replace(self._recorded_by_age(obj, record), rests_on=record.where)

    def _recorded_by_age(self, obj: Obj, record: Record) -> Decision:
        started, test = self._session.started, record.test_name
        if prefixes.of_other_session(self._session.prefix, obj.name):
            return _refused("recorded, but its name is of another session", test)
        if _is_very(obj, record):
            return _owned("record, by uid", test)
        if started and obj.created and obj.created < started:
            return _refused(f"recorded, but older than the session ({obj.created}): only reused by it", test)
        if prefixes.matches(self._session.prefix, obj.name):
            return _owned("record", test)
        if not record.sure:
            return Decision(Status.CONTESTED, "record", UNSURE, test)
        another = self._another_session(obj)
        if another:
            return _refused(f"recorded, but {another}", test)
        if started and obj.created and obj.created > started:
            return _owned("record", test)
        return _refused("recorded, but neither its name nor its age shows that the session made it", test)

    def _another_session(self, obj: Obj) -> str:
        """What shows that another session made it: that wins over age, for sessions overlap."""
        for label, keys in (("plan", self._plans), ("migration", self._migrations)):
            if obj.labels.get(label) and obj.labels[label] not in keys:
                return f"its label {label} is not of the session"
        named = [
            *obj.labels.values(),
            *obj.annotations.values(),
            *(owner.name for owner in obj.owners),
            *_references(obj),
        ]
        for name in (part for text in named for part in text.split("/")):
            if prefixes.of_other_session(self._session.prefix, name):
                return f"it names {name}, which is of another session"
        return ""

    def _by_name(self, obj: Obj) -> Decision:
        """Last in trust: a name owns only where no namespace could say whose it is."""
        if not prefixes.matches(self._session.prefix, obj.name):
            return _OTHER
        if obj.namespace is None:
            if (obj.group, obj.kind) == ("", "PersistentVolume"):
                return _refused("its name begins with the prefix, but its claim is not the session's")
            if (obj.group, obj.kind) not in order.NAMED_KINDS:
                return _refused("its name begins with the prefix, but of this kind a name alone shows nothing")
            if self._session.started and obj.created and obj.created < self._session.started:
                return _refused(f"its name begins with the prefix, but it is older than the session ({obj.created})")
            return _owned("name", rests_on=self._prefix) if self._session.names_prove else _NAME_ONLY
        if obj.group == order.FORKLIFT and self._refers_to_session(obj):
            return _owned("reference")
        return _refused("its name begins with the prefix, but nothing else shows that the session made it")

    def _refers_to_session(self, obj: Obj) -> bool:
        """A Plan or map outside that points at objects in the session's own namespaces."""
        named = [obj.spec("targetNamespace")]
        named += [dig(obj.body, "spec", "provider", side, "namespace") for side in ("source", "destination")]
        return any(self._is_own(str(name)) for name in named if name)

    def _namespace(self, obj: Obj) -> Decision:
        record = self._record_of(obj)
        test = record.test_name if record else ""
        if prefixes.is_protected(obj.name):
            return _refused("a namespace of the cluster itself, never deleted", test) if record else _OTHER
        if obj.name in self._anew:
            return _refused(SUCCESSOR, test)
        if self._is_own(obj.name):
            return _owned("record" if record else "name", test, record.where if record else self._prefix)
        if record is None:
            return _NAME_ONLY if obj.name in self._by_name_only else _OTHER
        decision = replace(self._recorded_by_age(obj, record), rests_on=record.where)
        if decision.status is not Status.OWNED:
            return decision
        stranger = self._stranger_in(obj.name)
        if stranger:  # the session made it, and its removal is the session's to expect: so it is a leftover
            return replace(decision, status=Status.CONTESTED, reason=f"recorded, but {stranger}")
        unread = self.coverage.incomplete(obj.name)
        if unread:
            told = f"recorded, but not all that is in it could be read: {unread}"
            return replace(decision, status=Status.KEPT, reason=told)
        return decision

    def _stranger_in(self, namespace: str) -> str:
        """What of others is in a namespace, or is going to be."""
        for obj in self._by_uid.values():
            if obj.namespace == namespace and not self._is_furniture(obj) and self.of(obj).status is not Status.OWNED:
                return f"{obj.shown} in it is not the session's" + (" alone" if self.of(obj).ours else "")
        for plan in self._others_plans():
            if plan.spec("targetNamespace") == namespace:
                return f"{plan.shown}, which is not the session's, migrates into it"
        return ""

    def _is_furniture(self, obj: Obj) -> bool:
        return furniture.is_furniture(obj, self._namespaces.get(obj.namespace or ""))

    # -- blame ----------------------------------------------------------------------------------------------

    def _test_of_migration(self, migration: Key) -> str:
        plan = self._plans.get(migration.plan_uid)
        return migration.test_name or (plan.test_name if plan else "")

    def _test_of(self, obj: Obj) -> str:
        """The test to which an object in an own namespace can be traced, or nothing."""
        record = self._record_of(obj)
        if record is not None and record.test_name:
            return record.test_name
        decision = self._label(obj) or self._root(obj) or self._owner(obj)
        if decision is not None:
            return decision.test_name
        if obj.kind == "PersistentVolume":
            claim = obj.spec("claimRef") or {}
            above = self._claims.get((str(dig(claim, "namespace") or ""), str(dig(claim, "name") or "")))
            return self._base(above).test_name if above is not None else ""
        return ""


def _is_very(obj: Obj, record: Record) -> bool:
    """Whether the session is recorded to have made this very object."""
    return record.sure and bool(record.uid) and record.uid == obj.uid


def _key(kind: str, key: Key) -> str:
    return f"{kind} {key.namespace}/{key.name} (uid {key.uid})"


def _above(owner: Owner) -> str:
    return f"{owner.kind} {owner.name} (uid {owner.uid})"


def _vm_ids(plan: Obj) -> set[str]:
    return {str(vm.get("id")) for vm in (*listed(plan.status("migration", "vms")), *listed(plan.spec("vms")))}


def _references(obj: Obj) -> list[str]:
    """Names of Providers, Plans and namespaces that an object of Forklift points at."""
    if obj.group != order.FORKLIFT:
        return []
    named = [obj.spec("targetNamespace"), obj.spec("plan", "name"), obj.spec("plan", "namespace")]
    for side in ("source", "destination"):
        named += [obj.spec("provider", side, key) for key in ("name", "namespace")]
    return [str(name) for name in named if name]
