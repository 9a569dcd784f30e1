# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task is going to make, by the options of its module; and what it made, by its result. Pure.

C(changed) is no proof: most modules patch what is there, too. Where a module does not tell creating from changing, its
object's own time of creation may; where that does not either, it is unknown, and unknown is what is recorded.
Results: kubernetes.core C(module_utils/k8s/runner.py); community.vmware C(vmware_guest.py): only what reconfigures
returns C(changes); vmware.vmware C(deploy_*.py): they change nothing that is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

with suppress(ImportError):  # ansible-core brings it along, to the controller
    import yaml

COLLECTIONS = (
    "kubernetes.core",
    "kubevirt.core",
    "openstack.cloud",
    "vmware.vmware",
    "community.vmware",
    "ovirt.ovirt",
)
# A server tells times in whole seconds.
_ROUNDED = 1.0
# More than two clocks may differ: then it was there before, whatever they say.
_CLOCKS = 3600.0
_GONE = frozenset({"absent", "deleted"})


class Outcome(Enum):
    """What became of one object of a task."""

    MADE = "made"
    NOT_MADE = "not made"
    UNKNOWN = "unknown"
    GONE = "gone"


@dataclass(frozen=True)
class Thing:
    """An object, as far as it is known. kind: as in the record, a kind of Kubernetes or the type of a provider; uid and
    id: see Record of the resources file."""

    kind: str
    name: str
    namespace: str | None = None
    api_version: str = ""
    uid: str = ""
    id: str = ""
    generate_name: str = ""

    @property
    def place(self) -> tuple[str, str, str, str]:
        return (self.kind, self.namespace or "", self.name, self.api_version)


@dataclass(frozen=True)
class _Maker:
    """A module that makes VMs. named: its option with the name; found: where its result has the VM; id and uid: what
    that calls its ids; created: its time of creation; alone: it changes nothing but what it made."""

    type: str
    named: str
    found: str
    id: str
    uid: str = ""
    created: str = ""
    alone: bool = False


_CLUSTER = frozenset({"kubernetes.core.k8s", "kubernetes.core.k8s_service", "kubevirt.core.kubevirt_vm"})
_OF_ONE_KIND = {
    "kubernetes.core.k8s_service": ("Service", "v1"),
    "kubevirt.core.kubevirt_vm": ("VirtualMachine", "kubevirt.io/v1"),
}
_VMS = {
    "community.vmware.vmware_content_deploy_ovf_template": _Maker(
        "vsphere", "name", "vm_deploy_info", "vm_id", alone=True
    ),
    "community.vmware.vmware_content_deploy_template": _Maker("vsphere", "name", "vm_deploy_info", "vm_id", alone=True),
    "community.vmware.vmware_deploy_ovf": _Maker("vsphere", "name", "instance", "moid", "instance_uuid", alone=True),
    "community.vmware.vmware_guest": _Maker("vsphere", "name", "instance", "moid", "instance_uuid"),
    "community.vmware.vmware_guest_instant_clone": _Maker(
        "vsphere", "name", "vm_info", "moid", "instance_uuid", alone=True
    ),
    "openstack.cloud.server": _Maker("openstack", "name", "server", "id", created="created_at"),
    "ovirt.ovirt.ovirt_vm": _Maker("ovirt", "name", "vm", "id", created="creation_time"),
    "vmware.vmware.deploy_content_library_ovf": _Maker("vsphere", "vm_name", "vm", "moid", alone=True),
    "vmware.vmware.deploy_content_library_template": _Maker("vsphere", "vm_name", "vm", "moid", alone=True),
    "vmware.vmware.deploy_folder_template": _Maker("vsphere", "vm_name", "vm", "moid", alone=True),
    "vmware.vmware.vm": _Maker("vsphere", "name", "vm", "moid"),
}


def is_known(module: str) -> bool:
    """Whether what this module makes is recorded."""
    return module in _CLUSTER or module in _VMS


def about(module: str, options: Mapping[str, Any]) -> list[Thing]:
    """The objects that a task names, in the order in which its result tells of them; a name that the server is to give
    is empty."""
    if module in _VMS:
        maker = _VMS[module]
        name = options.get(maker.named)
        return [Thing(maker.type, str(name))] if name else []
    return [_thing(body) for body in _definitions(module, options)] if module in _CLUSTER else []


def may_make(options: Mapping[str, Any]) -> bool:
    """Whether a task with these options makes what is not there."""
    state = str(options.get("state") or "present")
    return state not in _GONE and (state != "patched" or bool(options.get("apply")))


def became(
    module: str, options: Mapping[str, Any], result: Mapping[str, Any], times: tuple[float, float]
) -> list[tuple[Thing, Outcome]]:
    """What became of each of about(). times: when the task began and ended."""
    named = about(module, options)
    if module in _VMS:
        return [_vm(_VMS[module], named[0], options, result, times)] if named else []
    answers = _answers(result)
    if len(answers) != len(named):  # one of several failed, and what was done before that is not told
        return [(thing, Outcome.UNKNOWN) for thing in named]
    return [_object(thing, options, answer, times) for thing, answer in zip(named, answers, strict=True)]


# -- objects of a cluster -------------------------------------------------------------------------------------


def _definitions(module: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """As create_definitions() of kubernetes.core has them: options stand in for what a definition leaves out."""
    kind, api_version = _OF_ONE_KIND.get(module, (options.get("kind"), options.get("api_version") or "v1"))
    for body in _documents(module, options):
        inner = body.get("items") if str(body.get("kind") or kind or "").endswith("List") else None
        of_list = str(body.get("kind") or kind or "")[:-4]
        for one in inner if isinstance(inner, list) else [body]:
            if isinstance(one, Mapping):
                given = one.get("metadata")
                metadata = dict(given) if isinstance(given, Mapping) else {}
                for name, option in (("name", "name"), ("namespace", "namespace"), ("generateName", "generate_name")):
                    metadata.setdefault(name, options.get(option))
                said = one.get("kind") or (of_list if inner is not None else kind)
                yield {
                    "kind": said,
                    "apiVersion": one.get("apiVersion") or body.get("apiVersion") or api_version,
                    "metadata": metadata,
                }


def _documents(module: str, options: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    given = next((options[name] for name in ("resource_definition", "definition", "inline") if options.get(name)), None)
    if module in _OF_ONE_KIND:
        return [{}]
    if given is None and options.get("src"):
        try:
            with open(str(options["src"]), "rb") as file:
                given = file.read().decode()
        except (OSError, ValueError):  # elsewhere: on another host, or behind an address
            return []
    if given is None:
        return [{}]
    return [body for one in (given if isinstance(given, list) else [given]) for body in _parsed(one)]


def _parsed(given: Any) -> Iterator[Mapping[str, Any]]:
    try:
        bodies = list(yaml.safe_load_all(given)) if isinstance(given, str) else [given]
    except (yaml.YAMLError, ValueError, RecursionError):
        bodies = []
    yield from (body for body in bodies if isinstance(body, Mapping) and body)


def _thing(body: Mapping[str, Any]) -> Thing:
    metadata = body.get("metadata")
    told: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    return Thing(
        kind=str(body.get("kind") or ""),
        name=str(told.get("name") or ""),
        namespace=str(told["namespace"]) if told.get("namespace") else None,
        api_version=str(body.get("apiVersion") or ""),
        generate_name=str(told.get("generateName") or "") if not told.get("name") else "",
        uid=str(told.get("uid") or ""),
    )


def _answers(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    inner = result.get("result")
    several = inner.get("results") if isinstance(inner, Mapping) and "metadata" not in inner else None
    return [one for one in several if isinstance(one, Mapping)] if isinstance(several, list) else [result]


def _object(
    named: Thing, options: Mapping[str, Any], answer: Mapping[str, Any], times: tuple[float, float]
) -> tuple[Thing, Outcome]:
    inner = answer.get("result")
    body: Mapping[str, Any] = inner if isinstance(inner, Mapping) else {}
    method, made = answer.get("method"), _thing(body)
    if method == "delete" or options.get("state") in _GONE:
        return _deleted(named, options, body)
    if not made.uid or not made.name:
        told = bool(answer.get("changed") or answer.get("failed") or "error" in answer)
        return named, Outcome.UNKNOWN if told else Outcome.NOT_MADE
    if method == "create":
        return made, Outcome.MADE
    if method in ("update", "replace") or not answer.get("changed"):
        return made, Outcome.NOT_MADE
    diff = answer.get("diff")
    after = diff.get("after") if isinstance(diff, Mapping) else None
    if isinstance(after, Mapping):  # with --diff: only what is new has a uid that differs
        return made, Outcome.MADE if _thing(after).uid else Outcome.NOT_MADE
    return made, _by_writes(body["metadata"], times)


def _deleted(named: Thing, options: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[Thing, Outcome]:
    """It has gone where the server says so, or it was waited for: what has finalizers may stay."""
    details = body.get("details") if body.get("kind") == "Status" else None
    if isinstance(details, Mapping):
        uid = str(details.get("uid") or "")
    else:
        uid = _thing(body).uid if options.get("wait") is True else ""
    gone = Thing(named.kind, named.name, named.namespace, named.api_version, uid=uid)
    return gone, Outcome.GONE if uid else Outcome.NOT_MADE


# -- VMs of source providers ----------------------------------------------------------------------------------


def _vm(
    maker: _Maker, named: Thing, options: Mapping[str, Any], result: Mapping[str, Any], times: tuple[float, float]
) -> tuple[Thing, Outcome]:
    inner = result.get(maker.found)
    vm: Mapping[str, Any] = inner if isinstance(inner, Mapping) else {}
    # ovirt.ovirt tells the id of what it deleted, too, and nothing else of it.
    ident = str(vm.get(maker.id) or (result.get("id") if maker.type == "ovirt" else "") or "")
    made = Thing(named.kind, named.name, uid=str(vm.get(maker.uid) or "") if maker.uid else "", id=ident)
    if str(options.get("state") or "") in _GONE:
        done = result.get("changed") and not result.get("failed") and options.get("wait") is not False
        return made, Outcome.GONE if ident and done else Outcome.NOT_MADE
    if not result.get("changed") and not result.get("failed"):
        return made, Outcome.NOT_MADE
    if not ident or result.get("failed"):
        return made, Outcome.UNKNOWN
    if maker.alone:
        return made, Outcome.MADE
    if maker.created:
        return made, _by_age(vm.get(maker.created), times)
    is_guest = maker.found == "instance" and str(options.get("state") or "present") == "present"
    if is_guest:
        return made, Outcome.NOT_MADE if "changes" in result else Outcome.MADE
    return made, Outcome.UNKNOWN


# -- times ----------------------------------------------------------------------------------------------------


def _by_writes(metadata: Mapping[str, Any], times: tuple[float, float]) -> Outcome:
    """Of what was changed: by its own server's clock alone, where that tells when it was written last, which was not
    before this task wrote it. (The task may hide that: hidden_fields.)"""
    created = _seconds(metadata.get("creationTimestamp"))
    managed = metadata.get("managedFields")
    writers = [one for one in managed if isinstance(one, Mapping)] if isinstance(managed, list) else []
    written = [at for one in writers if not one.get("subresource") and (at := _seconds(one.get("time"))) is not None]
    if created is None or not written:
        return _by_age(metadata.get("creationTimestamp"), times, untouched=metadata.get("generation") in (None, 1))
    since = max(written) - created
    if since <= 0:
        return Outcome.MADE
    return Outcome.NOT_MADE if since > times[1] - times[0] + 2 * _ROUNDED else Outcome.UNKNOWN


def _by_age(created: Any, times: tuple[float, float], untouched: bool = True) -> Outcome:
    """Of what was changed: made, where it came to be while the task ran; not made, where that was long before. In
    between, two clocks may differ, or others may have made it just before."""
    began, ended = times
    at = _seconds(created)
    if at is None:
        return Outcome.UNKNOWN
    if began - _ROUNDED <= at <= ended + _ROUNDED and untouched:
        return Outcome.MADE
    return Outcome.NOT_MADE if at < began - _CLOCKS else Outcome.UNKNOWN


def _seconds(told: Any) -> float | None:
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return told / 1000 if told > 1e11 else float(told)
    try:
        at = datetime.fromisoformat(str(told))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
