# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules of other collections say of a verdict. They agree, or it is no verdict: what they could not read is
never taken for nothing there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import shown

Entry = Mapping[str, Any]
Place = tuple[str, str, "str | None"]
# k8s_info for namespaces, its client for the rest (_cluster/independent.py).
MODULE = "kubernetes.core"
# Of one VM, by its moRef.
SNAPSHOTS = "community.vmware.vmware_guest_snapshot_info"
# Lists of a result whose objects it tells of, and which may be there.
_TOLD = ("leftovers", "kept", "accepted", "refused", "unseen")


@dataclass(frozen=True, slots=True)
class Source:
    """A module that lists objects of one kind on a provider. answer: its list in what it returns; ids, name: what it
    calls them there; by_name: whether only objects of the place that was searched are in it, so that names count;
    before: what the suite puts before the name that it is made for."""

    module: str
    type: str
    kind: str
    answer: str
    ids: tuple[str, ...] = ("id",)
    name: str = "name"
    by_name: bool = True
    before: str = ""


SOURCES = (
    Source(
        "community.vmware.vmware_vm_info",
        "vsphere",
        "VirtualMachine",
        "virtual_machines",
        ("moid", "instance_uuid"),
        "guest_name",
    ),
    Source("ovirt.ovirt.ovirt_vm_info", "ovirt", "Vm", "ovirt_vms"),
    Source("ovirt.ovirt.ovirt_disk_info", "ovirt", "Disk", "ovirt_disks"),
    Source("openstack.cloud.server_info", "openstack", "Server", "servers"),
    Source("openstack.cloud.volume_info", "openstack", "Volume", "volumes"),
    Source("openstack.cloud.volume_snapshot_info", "openstack", "Snapshot", "volume_snapshots", before="snapshot for "),
    # These list what other projects have, too.
    Source("openstack.cloud.image_info", "openstack", "Image", "images", by_name=False),
    Source("openstack.cloud.port_info", "openstack", "Port", "ports", by_name=False),
)


@dataclass(slots=True)
class Opinion:
    """against: what they see and we do not tell of; unread: what they could not read; seen: how many objects they
    listed; asked: how many questions they answered."""

    against: list[dict[str, Any]] = field(default_factory=list)
    unread: list[dict[str, Any]] = field(default_factory=list)
    seen: int = 0
    asked: int = 0

    @property
    def agrees(self) -> bool:
        return not self.against and not self.unread and self.asked > 0


def providers(result: Entry) -> list[str]:
    """The providers that a result is about, by their keys."""
    about = (*result["scopes"], *result["deleted"])
    return sorted({str(entry["provider"]) for entry in about if entry.get("provider")})


def scopes(result: Entry, namespaces: Iterable[str]) -> list[dict[str, Any]]:
    """api_version, kind, namespace of all that is to be listed on the cluster: where our last look was, and where
    something was deleted. What is in a namespace that is not there any more needs no list. namespaces: those there."""
    about = [entry for entry in (*result["scopes"], *result["deleted"]) if not entry.get("provider")]
    wanted = {(entry["api_version"], entry["kind"], entry["namespace"] or None) for entry in about}
    there = set(namespaces)
    return [
        {"api_version": version, "kind": kind, "namespace": namespace}
        for version, kind, namespace in sorted(wanted, key=lambda one: (one[0], one[1], one[2] or ""))
        if namespace is None or (namespace in there and (version, kind, None) not in wanted)
    ]


def opinion(result: Entry, namespaces: Entry, cluster: Entry, answers: Mapping[str, Entry]) -> Opinion:
    """namespaces: what k8s_info answered for them; cluster: what second_look_info did for each of our scopes; answers:
    module -> what it answered for each provider, as Ansible registers a loop."""
    found = Opinion()
    told = {str(entry["uid"]) for name in _TOLD for entry in result[name]}
    prefix = str(result["artifacts"]["mtv_teardown_session"])
    _on_cluster(found, result, namespaces, cluster, told, prefix)
    for key in providers(result):
        _on_provider(found, result, key, answers, prefix)
    return found


def _on_cluster(found: Opinion, result: Entry, namespaces: Entry, cluster: Entry, told: set[str], prefix: str) -> None:
    deleted = {str(entry["uid"]): entry for entry in result["deleted"] if not entry.get("provider")}
    # No cluster is without a namespace. k8s_info makes an empty list of the answer 400.
    listed = _listed(namespaces) or None
    _account(found, ("v1", "Namespace", None), namespaces, listed)
    if listed is None:
        return
    there = [str(one["metadata"]["name"]) for one in listed]
    answers: dict[Place, Entry] = {_place(answer.get("item") or {}): answer for answer in cluster.get("results") or ()}
    for scope in scopes(result, there):
        answer = answers.get(_place(scope), {"msg": cluster.get("msg") or "it was not asked"})
        listed = _listed(answer)
        _account(found, _place(scope), answer, listed)
        for one in listed or ():
            meta = one["metadata"]
            entry = deleted.get(str(meta.get("uid")))
            named = prefixes.matches(prefix, str(meta["name"])) and str(meta.get("uid")) not in told
            if entry is not None or named:
                seen = {
                    "kind": scope["kind"],
                    "api_version": scope["api_version"],
                    "namespace": meta.get("namespace"),
                    "name": meta["name"],
                    "uid": meta.get("uid"),
                }
                found.against.append(_against(seen, entry, MODULE))


def _place(scope: Entry) -> Place:
    return str(scope.get("api_version")), str(scope.get("kind")), scope.get("namespace") or None


def _listed(answer: Entry) -> Sequence[Entry] | None:
    """None when the module failed, was skipped, or knows no such API, which it calls an empty list."""
    if answer.get("failed") or answer.get("skipped") or not answer.get("api_found"):
        return None
    listed = answer.get("resources")
    return listed if isinstance(listed, Sequence) else None


def _account(found: Opinion, place: Place, answer: Entry, listed: Sequence[Any] | None) -> None:
    if listed is not None:
        found.asked += 1
        found.seen += len(listed)
        return
    version, kind, namespace = place
    where = {"kind": kind, "api_version": version, "namespace": namespace, "name": "", "provider": ""}
    found.unread.append({**where, "module": MODULE, "error": _error(answer)})


def _error(answer: Entry) -> str:
    return _secrets.one_line(answer.get("msg") or "it gave no answer")


def _on_provider(found: Opinion, result: Entry, key: str, answers: Mapping[str, Entry], prefix: str) -> None:
    mine = [entry for entry in (*result["scopes"], *result["deleted"]) if entry.get("provider") == key]
    kind_of_provider = str(mine[0]["api_version"])
    deleted = [entry for entry in result["deleted"] if entry.get("provider") == key]
    known = {source.kind for source in SOURCES if source.type == kind_of_provider}
    for kind in sorted({str(entry["kind"]) for entry in deleted if "snapshot_id" not in entry} - known):
        where = {"kind": kind, "api_version": kind_of_provider, "namespace": None, "name": "", "provider": key}
        found.unread.append({**where, "module": "", "error": "no module is asked for this kind"})
    ids = {str(entry["id"]) for name in _TOLD for entry in result[name] if entry.get("provider") == key}
    for source in SOURCES:
        if source.type != kind_of_provider:
            continue
        answer = _answer_for(answers.get(source.module) or {}, key)
        listed = None if answer.get("failed") or answer.get("skipped") else answer.get(source.answer)
        if not isinstance(listed, Sequence):
            where = {"kind": source.kind, "api_version": source.type, "namespace": None, "name": "", "provider": key}
            found.unread.append({**where, "module": source.module, "error": _error(answer)})
            continue
        found.asked += 1
        found.seen += len(listed)
        gone = {
            _last(entry, name): entry for entry in deleted if entry["kind"] == source.kind for name in ("id", "uid")
        }
        for one in listed:
            marks = [str(one.get(name)) for name in source.ids if one.get(name)]
            entry = next((gone[mark] for mark in marks if mark in gone), None)
            name = str(one.get(source.name) or "").removeprefix(source.before)
            named = source.by_name and prefixes.matches(prefix, name)
            if entry is not None or (named and not ids & set(marks)):
                seen = {
                    "kind": source.kind,
                    "api_version": source.type,
                    "namespace": None,
                    "name": one.get(source.name) or "",
                    "uid": ", ".join(marks),
                    "provider": key,
                }
                found.against.append(_against(seen, entry, source.module))
    for entry in (entry for entry in deleted if "snapshot_id" in entry):
        _of_a_vm(found, entry, answers.get(SNAPSHOTS) or {})


def _of_a_vm(found: Opinion, entry: Entry, registered: Entry) -> None:
    """Whether a snapshot that was removed has gone, by its number on its VM."""
    seen = {name: entry[name] for name in ("kind", "api_version", "namespace", "name", "provider")}
    answer = next(
        (one for one in registered.get("results") or () if (one.get("item") or {}).get("uid") == entry["uid"]),
        {"msg": "it was not asked"},
    )
    listed = None if answer.get("failed") or answer.get("skipped") else answer.get("guest_snapshots")
    if not isinstance(listed, Mapping):
        found.unread.append({**seen, "module": SNAPSHOTS, "error": _error(answer)})
        return
    there = [one.get("id") for one in listed.get("snapshots") or ()]
    found.asked += 1
    found.seen += len(there)
    if entry["snapshot_id"] in there:
        uid = f"{entry['snapshot_id']} of {entry['vm']}"
        found.against.append(_against({**seen, "uid": uid}, entry, SNAPSHOTS))


def _last(entry: Entry, name: str) -> str:
    """An id of the provider: before it an identity has the server's."""
    return str(entry.get(name) or "").rpartition("/")[2]


def _answer_for(registered: Entry, key: str) -> Entry:
    for answer in registered.get("results") or ():
        site = answer.get("item") or {}
        if site.get("key") == key:
            _secrets.keep(*_secrets.secrets_in(site))
            found: Entry = answer
            return found
    return {"msg": "the provider is not configured any more, or its connection cannot be used"}


def _against(seen: dict[str, Any], entry: Entry | None, module: str) -> dict[str, Any]:
    we = f"deleted, and gone: {shown(entry)}" if entry is not None else "nothing of it is told"
    return {**seen, "we": we, "module": module, "they": f"it is there: {shown(seen)}, id {seen['uid']}"}


def lines(found: Opinion) -> list[str]:
    """For people, both answers."""
    if found.agrees:
        return [f"second look: other modules agree; {found.asked} lists with {found.seen} objects"]
    told = [f"  {shown(one)}: we say: {one['we']}; {one['module']} says: {one['they']}" for one in found.against]
    told += [
        f"  {shown(one)} could not be read by {one['module'] or 'any module'}: {one['error']}" for one in found.unread
    ]
    return ["second look: other modules do not agree:", *(told or ["  nothing was asked"])]


def judged(result: Entry, found: Opinion) -> dict[str, Any]:
    """The result after the second look. One that does not agree leaves no verdict clean."""
    look = {"agrees": found.agrees, "against": found.against, "unread": found.unread}
    told = lines(found)
    look |= {"asked": found.asked, "seen": found.seen, "lines": told}
    if found.agrees or result["verdict"] != "clean":
        return {**result, "second_look": look, "summary": [*result["summary"], *told]}
    counted = f"{len(found.against)} objects seen, {len(found.unread)} scopes not read"
    headline = f"UNVERIFIED: a second look does not agree: {counted}."
    return {
        **result,
        "verdict": "unverified",
        "second_look": look,
        "summary": [result["summary"][0], headline, *told, *result["summary"][2:]],
        "artifacts": {**result["artifacts"], "mtv_teardown_verdict": "unverified"},
    }
