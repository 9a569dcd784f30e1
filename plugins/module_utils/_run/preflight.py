# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights a run lacks, asked before it changes anything. Only a clear no counts: what nobody can tell is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _threads
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import (
    cancel_archive,
    config_map,
    needed_rights,
    order,
    undo,
)
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Needs, Right
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Resource
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo as vms
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget, Target
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import Change
from ansible_collections.mtv.teardown.plugins.module_utils._report import summary
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

_MANIFESTS = "extensions/rights"
Look = tuple[Resource, "str | None"]


def preflight(
    cluster: Cluster,
    found: Found,
    targets: Sequence[Target] = (),
    finalizers: bool = False,
    lease: str = "",
    journal: str = "",
    changes: Sequence[Change] = (),
    changed: Sequence[HolderTarget] = (),
) -> dict[str, Any]:
    """missing, unchecked, manifests, summary. found: what a teardown is going to work on; targets: the providers on
    which it does, too; finalizers: whether it takes some off; lease, journal: the namespace of the session's Lease, and
    that of its note and journal; changes: those of the ledger that are the session's;
    changed: the providers and hosts on which what of these is not on the cluster is put back."""
    with _threads.pool(1) as pool:
        asked = pool.submit(_on_providers, targets, found.session, changed, changes)
        wanted = needs(found, finalizers, lease, journal, _to_undo(cluster, found, changes)).rights()
        denied, error = refused(cluster, wanted, _proven(found))
        missing, unchecked = asked.result()
    missing = [*(_entry(right, found.session) for right in denied), *missing]
    told = {
        "missing": missing,
        "unchecked": [*({"provider": "", "error": text} for text in (_unknown(found), error) if text), *unchecked],
        "manifests": needed_rights.manifests(wanted, found.session.prefix or "session"),
    }
    return {**told, "summary": summary.of_rights(told)}


def _on_providers(
    targets: Sequence[Target], session: Session, changed: Sequence[HolderTarget], changes: Sequence[Change]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """To delete what is the session's there, and to put VMs back; each is told once."""
    missing, unchecked = teardown.missing_rights(targets, session)
    of_vms = [one for one in changes if one.provider]
    if changed and of_vms:
        lacking, untold = vms.missing_rights(changed, of_vms)
        missing += [one for one in lacking if one not in missing]
        unchecked += [one for one in untold if one not in unchecked]
    return missing, unchecked


def needs(
    found: Found, finalizers: bool = False, lease: str = "", journal: str = "", undone: tuple[Right, ...] = ()
) -> Needs:
    """What a teardown of this is going to do on the cluster."""
    session, there = found.session, found.namespaces
    running = [obj for obj, _decision in cancel_archive.to_cancel(found)]
    # One that stays only while something cannot be read takes along what is in it, once the account may read that.
    going = [obj for obj, decision in found.decided if decision.alone]
    namespaces = {obj.name for obj in going if (obj.group, obj.kind) == ("", "Namespace")}
    targets = (obj for obj, _decision in found.owned)
    known = {*session.own_namespaces(there or ()), *session.shared_namespaces()}
    places = tuple(sorted(place for place in known if there is None or place in there))
    looks = _looks(found, [*found.scopes, *found.unreadable])
    return Needs(
        find=found.catalog.find,
        looks=tuple(one for look in looks for one in _narrowed(look, None if session.is_searched else places)),
        targets=tuple(t for t in targets if not order.goes_along(t.group, t.kind, t.namespace, namespaces)),
        patched=(*running, *(obj for obj, _decision in cancel_archive.unarchived(found))),
        plans=tuple(cancel_archive.plans_to_change(found)),
        places=places if running else (),
        finalizers=finalizers,
        lease=lease,
        kept=dict.fromkeys(config_map.names_of(session.prefix), journal) if journal else {},
        undone=undone,
    )


def _to_undo(cluster: Cluster, found: Found, changes: Sequence[Change]) -> tuple[Right, ...]:
    """On objects that are not as they were before."""
    sights = undo.look(cluster, [one for one in changes if not one.provider], found.catalog)
    return tuple(
        Right(change.namespace or "", resource.group, resource.plural, verb, change.name)
        for change, resource in undo.to_be_allowed(cluster, found.catalog, sights)
        for verb in ("get", "patch")
    )


def _narrowed(look: Look, places: Sequence[str] | None) -> Sequence[Look]:
    """A wider look that is not needed, as the looks that are. places: None when it is needed."""
    resource, namespace = look
    wide = namespace is None and (resource.group, resource.kind) in order.SEARCHED_KINDS
    return [look] if places is None or not wide else [(resource, place) for place in places]


def _looks(found: Found, scopes: Iterable[Any]) -> Iterable[Look]:
    for scope in scopes:
        resource = found.catalog.find(str(scope["api_version"]).rpartition("/")[0], scope["kind"])
        if resource is not None:
            yield resource, scope["namespace"]


def _proven(found: Found) -> set[Right]:
    """What was read need not be asked for."""
    return {
        Right(namespace or "", resource.group, resource.plural, "list")
        for resource, namespace in _looks(found, found.scopes)
    }


def _unknown(found: Found) -> str:
    """Why nobody knows what else a run would do: no discovery, or no list of the namespaces."""
    hiding = (("discovery", ""), ("v1", "Namespace"))
    return next((str(e["error"]) for e in found.unreadable if (e["api_version"], e["kind"]) in hiding), "")


def refused(cluster: Cluster, wanted: Iterable[Right], proven: set[Right]) -> tuple[list[Right], str]:
    """(those that we do not have, why others could not be asked for): one question for each namespace, and one for each
    right that its answer does not hold."""
    open_ones = [right for right in wanted if not {right, replace(right, namespace="")} & proven]
    places = sorted({right.namespace for right in open_ones} - {""})

    def rules(place: str) -> tuple[needed_rights.Rule, ...]:
        try:
            return cluster.rules(place)
        except ApiError:  # then each right is asked for by itself
            return ()

    given = dict(zip(places, cluster.together(rules, places), strict=True))
    left = [r for r in open_ones if not any(rule.allows(r) for rule in given.get(r.namespace, ()))]

    def ask(right: Right) -> bool | ApiError:
        try:
            return cluster.may(right)
        except ApiError as exc:
            return exc

    first = [ask(right) for right in left[:1]]
    if first and isinstance(first[0], ApiError):  # a server that does not answer this is not asked a hundred times
        return [], first[0].msg
    answers = [*first, *cluster.together(ask, left[1:])]
    errors = [answer.msg for answer in answers if isinstance(answer, ApiError)]
    return [right for right, answer in zip(left, answers, strict=True) if answer is False], "".join(errors[:1])


def _entry(right: Right, session: Session) -> dict[str, Any]:
    shared = session.shared_namespaces()
    own = [right.namespace] if session.is_own_namespace(right.namespace) else []
    use = needed_rights.use_of(right, own, shared)
    return {
        "verb": right.verb,
        "resource": right.key,
        "namespace": right.namespace or None,
        "provider": "",
        "name": right.name,
        "remedy": f"{_MANIFESTS}/{use.name}.yml" if use is not None else "",
    }
