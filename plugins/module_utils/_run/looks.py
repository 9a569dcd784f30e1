# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the cluster and at providers that keep what each has asked, when, and what it had to ask: so that somebody
else can tell from the result alone whether its verdict is right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import furniture, ledger, order, undo
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wait import until_gone
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo as vms
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget, Target
from ansible_collections.mtv.teardown.plugins.module_utils._provider.teardown import Survey
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

CLUSTER, PROVIDERS = "cluster", "providers"


class Looks:
    """told: each look, and asked: each of its questions, as the result tells them. known: what there was before, as
    items of earlier results; changes: those of the ledger, whose objects each look at the cluster reads, too, and their
    VMs each look at providers; holders: what is asked for these alone. sights has, look by look, what those at the
    cluster saw of them, without objects of the session, which count for themselves."""

    def __init__(
        self,
        cluster: Cluster,
        known: Iterable[Mapping[str, Any]],
        changes: Iterable[Change] = (),
        holders: Sequence[HolderTarget] = (),
    ) -> None:
        self._cluster = cluster
        changes, self._holders = tuple(changes), holders
        self._changes = tuple(one for one in changes if not one.provider)
        self._of_vms = tuple(one for one in changes if one.provider)
        self.sights: list[list[undo.Sight]] = []
        self._places = {str(item["namespace"]) for item in known if item["namespace"] and not item.get("provider")}
        self.told: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []

    def find(self, session: Session) -> Found:
        """One look at the cluster."""
        began, before = _times.now(), len(self._cluster.ledger.lists)
        found = find(self._cluster, session)
        own = {obj.uid for obj, decision in found.decided if decision.ours or decision.status is Status.KEPT}
        seen = {one.uid: one for one in undo.look(self._cluster, self._changes, found.catalog) if one.uid not in own}
        self.sights.append(list(seen.values()))
        entries = self._cluster.ledger.lists[before:]
        failed = {(e["kind"], e["api_version"], e["namespace"]) for e in entries if e["outcome"] != ledger.READ}
        entries += [
            _failed(e, began) for e in found.unreadable if (e["kind"], e["api_version"], e["namespace"]) not in failed
        ]
        there = found.namespaces
        more = {
            "required": _required(found),
            "namespaces": None if there is None else _namespaces(found.session, there),
            "absent_namespaces": [] if there is None else sorted(self._places - there),
        }
        ours = [obj.uid for obj, decision in found.decided if decision.ours]
        ours += [one.uid for one in undo.left(self.sights[-1])]
        kept = [obj.uid for obj, _decision in found.with_status(Status.KEPT)]
        self._tell(CLUSTER, began, entries, ours, kept=kept, **more)
        return found

    def wait_for(self, objects: Sequence[Obj], seconds: float) -> None:
        """Until these have gone, as long as one of them goes within so many seconds."""
        if objects:
            until_gone(self._cluster, objects, Limits(seconds))

    @property
    def agree(self) -> bool:
        """Whether the last two looks saw the same of what was changed."""
        last = [{(one.uid, one.judged.outcome) for one in seen} for seen in self.sights[-2:]]
        return not last or last[0] == last[-1]

    def survey(
        self, targets: Sequence[Target], session: Session, handles: Mapping[str, Collection[str]] | None = None
    ) -> Survey:
        """One look at all of these providers. They number no versions of what they answer."""
        began = _times.now()
        seen = teardown.survey(targets, session, handles, self._of_vms, self._holders)
        entries = [
            {**ledger.entry(s["kind"], s["api_version"], None, time=began, count=s["count"]), "provider": s["provider"]}
            for s in seen.scopes
        ]
        entries += [{**_failed(e, began), "provider": e["provider"]} for e in seen.unreadable]
        entries += [_asked(one, began) for one in seen.changed]
        ours = [one.identity for one, decision in seen.decided if decision.ours]
        ours += [one.uid for one in vms.left(seen.changed)]
        if targets or seen.changed:
            self._tell(PROVIDERS, began, entries, ours, providers=sorted(one.connection.key for one in targets))
        return seen

    def _tell(
        self, of: str, began: str, entries: Iterable[Mapping[str, Any]], ours: Iterable[str], **more: Any
    ) -> None:
        number = 1 + sum(look["of"] == of for look in self.told)
        numbered = [{"of": of, "look": number, **entry} for entry in entries]
        failed = sum(entry["outcome"] != ledger.READ for entry in numbered)
        times = {"began": began, "ended": _times.now()}
        told = {"of": of, "number": number, **times, "asked": len(numbered), "failed": failed, "ours": sorted(ours)}
        self.told.append({**told, "kept": [], **more})
        self.asked += numbered


def _asked(seen: vms.Sight, began: str) -> dict[str, Any]:
    """A VM of the ledger, as a question of its own."""
    one = seen.judged.subject.last
    answer = {"outcome": ledger.FAILED, "error": seen.judged.reason} if seen.unread else {"count": int(seen.is_there)}
    told = ledger.entry(one.kind, one.api_version, None, one.uid, began, **answer)
    return {**told, "provider": seen.provider, "name": one.name}


def _failed(entry: Mapping[str, Any], began: str) -> dict[str, Any]:
    """What could not be read, as a question. began: when its look did."""
    where = (entry["kind"], entry["api_version"], entry["namespace"])
    return ledger.entry(*where, time=began, outcome=ledger.FAILED, error=entry["error"])


def _required(found: Found) -> dict[str, list[str]]:
    """What the look had to read, by where: outside namespaces (cluster), in each namespace of the session
    (namespaces), in all of them (everywhere); exempt is what belongs to the cluster alone."""
    outside, inside = (found.catalog.deletable(namespaced=where) for where in (False, True))
    roots = [r for kind in order.CLUSTER_KINDS if (r := found.catalog.find(*kind))]
    searched = [r for kind in order.SEARCHED_KINDS if (r := found.catalog.find(*kind))]
    furnished = {*order.CLUSTER_FURNITURE_KINDS, *furniture.KINDS}
    exempt = [r for r in (*outside, *inside) if (r.group, r.kind) in furnished and r not in roots]
    return {
        "cluster": _names(r for r in (*roots, *outside) if r not in exempt),
        "namespaces": _names(r for r in inside if r not in exempt),
        "everywhere": _names(searched) if found.session.is_searched else [],
        "exempt": _names(exempt),
    }


def _names(resources: Iterable[Resource]) -> list[str]:
    return sorted({f"{resource.api_version}/{resource.kind}" for resource in resources})


def _namespaces(session: Session, existing: Collection[str]) -> dict[str, str]:
    """Those of the session that there are: name -> own, or shared with others."""
    own = dict.fromkeys(session.own_namespaces(existing), "own")
    return {**{name: "shared" for name in session.shared_namespaces() if name in existing}, **own}
