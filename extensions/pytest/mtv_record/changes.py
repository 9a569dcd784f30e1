# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of fields of Kubernetes objects, and of states of VMs on source providers: what the ledger of them says, and
what may be in it. Pure.

A field that is not there has no value: it is missing from the ledger, too, which is not null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

VERSION = 1
# Of a change: it is about to be made; it was; nobody knows; and it is the session's no more.
INTENT, MADE, UNKNOWN, SETTLED = "intent", "made", "unknown", "settled"
MOST_CHANGES = 1000
MOST_BYTES = 8 * 1024 * 1024
_MOST_FIELDS = 200
_LARGEST_VALUE = 16 * 1024


class Nothing(Enum):
    """What stands where nothing stands."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING


class NoLedgerError(ValueError):
    """What is read is not what this code would have written."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told


# Whoever can change these can do anything. A ledger is a file: it must not lead there.
_GROUPS = (
    "rbac.authorization.k8s.io",
    "authorization.openshift.io",
    "admissionregistration.k8s.io",
    "apiregistration.k8s.io",
    "apiextensions.k8s.io",
    "certificates.k8s.io",
    "security.openshift.io",
    "oauth.openshift.io",
    "user.openshift.io",
)
_KINDS = ("Secret", "ServiceAccount", "Pod", "OAuth")
_OF_METADATA = ("annotations", "labels")
_OF_RIGHTS = ("pod-security.kubernetes.io/", "security.openshift.io/", "openshift.io/sa.scc.")
_NOT_OUTSIDE = ("metadata", "status", "apiVersion", "kind")
# What runs where: a template of pods is code.
_RUN = ("apps", "batch")
_TEMPLATES = ("template", "jobTemplate")

# Of a VM on a source provider, by its type: what it is called there, and what of it may be changed for a time.
POWER, TRACKING = "/power_state", "/change_tracking"
# An SSH key of an ESXi host's own root, which no vCenter tells of, and the line of the host's file that lets it in.
ESXI, KEY, LINE = "esxi", "AuthorizedKey", "/line"
_VMS = {
    "vsphere": ("VirtualMachine", (POWER, TRACKING)),
    "ovirt": ("Vm", (POWER,)),
    "openstack": ("Server", (POWER,)),
    # A door to root. No ledger opens one: it has nothing but the hash of a line that was added, and that line goes.
    ESXI: (KEY, (LINE,)),
}
_STATES: dict[str, tuple[Any, ...]] = {POWER: ("on", "off"), TRACKING: (True, False)}

_SECRET = re.compile(
    r"passw|passcode|passphrase|secret|token|credential|authorization|api.?key|private.?key|key.?data|basic.?auth|kubeconfig",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN|\b(bearer|basic)\s+[\w.~+/=-]{6,}|\beyJ[\w-]{8,}\.|sha256~|://[^\s/:@'\"]*:[^\s'\"]+@", re.IGNORECASE
)
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_API_VERSION = re.compile(r"([a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?/)?v[a-z0-9]{1,62}")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_VM_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_NAME = re.compile(r"[^/%\s\x00-\x1f\x7f]{1,253}")
_UID = re.compile(r"[0-9A-Za-z-]{8,128}")
# Of a VM: its server, by what that calls itself or by its address, and its own.
_IDENTITY = re.compile(r"[0-9A-Za-z\[][^\s\x00-\x1f\x7f]{7,511}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_REF = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,127}")
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Field:
    """One place in an object. under: the outermost place above it that was not there before, either."""

    path: str
    before: Any = NOTHING
    after: Any = NOTHING
    under: str = ""

    def as_dict(self) -> dict[str, Any]:
        values = {"before": self.before, "after": self.after}
        told = {name: value for name, value in values.items() if value is not NOTHING}
        return {"path": self.path, **told, **({"under": self.under} if self.under else {})}


@dataclass(frozen=True)
class Change:
    """What was changed of one object at one time. withheld: why its values are not in here; then it has no fields.

    provider: the type of the source provider that a VM is on, empty for an object of the cluster; ref: by what that
    provider finds it, such as a moRef. Of a VM, uid is what it is known by in results (Remote.identity).
    """

    id: str
    kind: str
    api_version: str
    namespace: str | None
    name: str
    uid: str
    place: str = ""
    test_name: str = ""
    session: str = ""
    time: str = ""
    state: str = INTENT
    fields: tuple[Field, ...] = ()
    withheld: str = ""
    provider: str = ""
    ref: str = ""

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def as_dict(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in _TEXTS}
        told |= {name: getattr(self, name) for name in _OF_VM if self.provider}
        fields = {"fields": [field.as_dict() for field in self.fields]}
        return {**told, **fields, **({"withheld": self.withheld} if self.withheld else {})}


_TEXTS = ("id", "kind", "api_version", "namespace", "name", "uid", "place", "test_name", "session", "time", "state")
_OF_VM = ("provider", "ref")


# -- places and values ----------------------------------------------------------------------------------------------


def path_of(parts: Iterable[str]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


def parts_of(path: str) -> list[str]:
    """What a pointer leads through. NoLedgerError for what is none."""
    if not path.startswith("/") or re.search(r"~(?![01])", path):
        raise NoLedgerError(f"{path!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def value_at(body: Any, path: str) -> Any:
    """What stands there, or NOTHING. Lists are values as a whole: no path leads into one."""
    for part in parts_of(path):
        if not isinstance(body, Mapping) or part not in body:
            return NOTHING
        body = body[part]
    return body


def same(one: Any, other: Any) -> bool:
    """Whether these are one value: 1 is not true."""
    if one is NOTHING or other is NOTHING:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def merged(body: Any, patch: Any) -> Any:
    """What a merge patch makes of it (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    made = dict(body) if isinstance(body, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def differences(before: Any, after: Any) -> list[Field]:
    """Where two states of an object differ: place by place, so that what others write beside one of these counts for
    itself."""
    return list(_differences((), before, after, ""))


def _differences(parts: tuple[str, ...], before: Any, after: Any, under: str) -> Iterator[Field]:
    was, now = _branches(before), _branches(after)
    if (was is not None and now is not None) or (was and after is NOTHING) or (now and before is NOTHING):
        if before is NOTHING:
            under = under or path_of(parts)
        for key in sorted({*(was or ()), *(now or ())}):
            yield from _differences((*parts, key), (was or {}).get(key, NOTHING), (now or {}).get(key, NOTHING), under)
    elif not same(before, after):
        path = path_of(parts)
        yield Field(path, before, after, under if under != path else "")


def as_kept(fields: Iterable[Field], body: Any) -> list[Field]:
    """These, with what the server makes of what it is sent, which may have another form: C(1Gi) of C(1024Mi). body: the
    object as it would be."""
    kept = [replace(one, after=value_at(body, one.path)) for one in fields]
    return [one for one in kept if not same(one.before, one.after)]


def _branches(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) and all(isinstance(key, str) for key in value) else None


# -- what may be in a ledger ----------------------------------------------------------------------------------------


def forbidden(kind: str, api_version: str, paths: Iterable[str] = ()) -> str:
    """Why no ledger may lead to a change of this; empty where it may. The one place that says what is allowed: labels,
    annotations and what a kind has of its own, but never its status, and never what gives rights or runs code."""
    group = api_version.rpartition("/")[0]
    if kind in _KINDS or group in _GROUPS:
        return f"a {kind} is never changed from a ledger"
    for path in paths:
        parts = parts_of(path)
        if parts[0] in _NOT_OUTSIDE and not (parts[0] == "metadata" and parts[1:2] and parts[1] in _OF_METADATA):
            return f"{path} is never changed from a ledger"
        if parts[0] == "metadata" and len(parts) != 3:
            return f"{path} is not one label or annotation"
        if parts[0] == "metadata" and parts[2].startswith(_OF_RIGHTS):
            return f"{path} says what pods may do, and is never changed from a ledger"
        if group in _RUN and parts[:1] == ["spec"] and parts[1:2] and parts[1] in _TEMPLATES:
            return f"{path} of a {kind} says what runs, and is never changed from a ledger"
    return ""


def forbidden_change(change: Change) -> str:
    """The same of a whole entry. Of a VM it is only whether it is on, or its blocks are tracked, and only to what
    these are with certainty: who reads suspended, or an error, has nothing to put back. Of a file of SSH keys it is
    only that one line is there no more."""
    if not change.provider:
        return forbidden(change.kind, change.api_version, [field.path for field in change.fields])
    kind, paths = _VMS.get(change.provider, ("", ()))
    if change.kind != kind:
        return f"a {change.kind} of {change.provider} is never changed from a ledger"
    for field in change.fields:
        if field.path not in paths:
            return f"{field.path} of a {kind} is never changed from a ledger"
        if not _is_state(field):
            return f"{field.path} of a {kind} is never made what the ledger says"
    return ""


def _is_state(field: Field) -> bool:
    if field.path == LINE:
        return field.before is NOTHING and isinstance(field.after, str) and bool(_HASH.fullmatch(field.after))
    return all(any(same(value, one) for one in _STATES[field.path]) for value in (field.before, field.after))


def withheld(kind: str, api_version: str, fields: Iterable[Field]) -> str:
    """Why the values of this change are not to be written; empty where they may be."""
    fields = list(fields)
    told = forbidden(kind, api_version, [field.path for field in fields])
    if told:
        return told
    if len(fields) > _MOST_FIELDS:
        return f"it has {len(fields)} fields, and more than {_MOST_FIELDS} are not kept"
    for field in fields:
        for value in (field.before, field.after):
            if value is NOTHING:
                continue
            try:
                size = len(json.dumps(value))
            except (TypeError, ValueError):
                return f"the value of {field.path} is not JSON"
            if size > _LARGEST_VALUE:
                return f"the value of {field.path} has {size} bytes, and more than {_LARGEST_VALUE} are not kept"
            if is_secret(field.path, value):
                return f"the value of {field.path} may be secret"
    return ""


def is_secret(name: str, value: Any) -> bool:
    """Whether what stands under this name may be secret. Too much is taken for it rather than too little."""
    if isinstance(value, Mapping):
        return any(is_secret(f"{name}/{key}", held) for key, held in value.items())
    if isinstance(value, (list, tuple)):
        return any(is_secret(name, held) for held in value)
    if isinstance(value, str) and _SECRET_VALUE.search(value):
        return True
    return isinstance(value, str) and bool(value) and bool(_SECRET.search(name))


# -- reading --------------------------------------------------------------------------------------------------------


def parse(text: str) -> tuple[Change, ...]:
    """What a ledger says. NoLedgerError for what this code would not have written."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as exc:
        raise NoLedgerError(f"it is not JSON (line {exc.lineno}, column {exc.colno})") from exc
    except (ValueError, RecursionError) as exc:
        raise NoLedgerError("it is not JSON that can be read") from exc
    if not isinstance(data, Mapping) or not isinstance(data.get("changes"), list):
        raise NoLedgerError("it is no object with a list of changes")
    if data.get("version") != VERSION or isinstance(data.get("version"), bool):
        raise NoLedgerError(f"its version is {data.get('version')!r}, and {VERSION} is known")
    if len(data["changes"]) > MOST_CHANGES:
        raise NoLedgerError(f"it has {len(data['changes'])} changes, and more than {MOST_CHANGES} are not taken")
    found = []
    for number, given in enumerate(data["changes"]):
        try:
            found.append(change_of(given))
        except NoLedgerError as exc:
            raise NoLedgerError(f"changes[{number}]: {exc.told}") from exc
    ids = [one.id for one in found]
    if len(set(ids)) != len(ids):
        raise NoLedgerError("two of its changes have one id")
    return tuple(found)


def change_of(given: Any) -> Change:
    """One change. NoLedgerError for what is none."""
    if not isinstance(given, Mapping):
        raise NoLedgerError("it is no object")
    texts = {name: given.get(name, "") for name in (*_TEXTS, *_OF_VM) if name != "namespace"}
    for name, value in texts.items():
        if not isinstance(value, str) or len(value) > 1024 or _UNWRITABLE.search(value):
            raise NoLedgerError(f"{name} is no text that may stand there")
    namespace, why, fields = given.get("namespace"), given.get("withheld", ""), given.get("fields", [])
    provider = texts["provider"]
    if provider and (provider not in _VMS or texts["api_version"] != provider or namespace is not None):
        raise NoLedgerError(f"provider {provider!r} has no such object")
    for name, value, pattern in (
        ("kind", texts["kind"], _KIND),
        *([] if provider else [("api_version", texts["api_version"], _API_VERSION)]),
        ("name", texts["name"], _VM_NAME if provider else _NAME),
        ("uid", texts["uid"], _IDENTITY if provider else _UID),
        ("id", texts["id"], _UID),
        *([("ref", texts["ref"], _REF)] if provider else []),
        *([("namespace", namespace, _NAMESPACE)] if namespace is not None else []),
    ):
        if not isinstance(value, str) or not pattern.fullmatch(value) or value in (".", ".."):
            raise NoLedgerError(f"{name} {value!r} is impossible")
    if texts["state"] not in (INTENT, MADE, UNKNOWN, SETTLED):
        raise NoLedgerError(f"state {texts['state']!r} is not known")
    if not isinstance(fields, list) or not isinstance(why, str) or not (fields or why) or len(fields) > _MOST_FIELDS:
        raise NoLedgerError("it says of no field what was changed")
    made = tuple(_field_of(one) for one in fields)
    paths = [field.path for field in made]
    if any(one == other or one.startswith(f"{other}/") for i, one in enumerate(paths) for other in paths[:i]) or any(
        other.startswith(f"{one}/") for i, one in enumerate(paths) for other in paths[:i]
    ):
        raise NoLedgerError("one of its fields is in another one")
    return Change(**texts, namespace=namespace, fields=made, withheld=why[:1024])


def _field_of(given: Any) -> Field:
    path = given.get("path") if isinstance(given, Mapping) else None
    if not isinstance(path, str) or len(path) > 1024:
        raise NoLedgerError("a field has no path")
    under = given.get("under", "")
    if not parts_of(path) or "" in parts_of(path)[:1] or not isinstance(under, str):
        raise NoLedgerError(f"{path!r} is no place in an object")
    if under and not path.startswith(f"{under}/"):
        raise NoLedgerError(f"{path!r} is not under {under!r}")
    field = Field(path, given.get("before", NOTHING), given.get("after", NOTHING), under)
    if same(field.before, field.after):
        raise NoLedgerError(f"{path} has one value before and after")
    return field


def written(changes: Iterable[Change]) -> str:
    """The text of a ledger."""
    return json.dumps({"version": VERSION, "changes": [one.as_dict() for one in changes]}, indent=1) + "\n"
