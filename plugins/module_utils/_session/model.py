# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session: the keys by which what belongs to it is known, passed between roles as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _texts
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record


@dataclass(frozen=True, slots=True)
class Key:
    """One Plan, Migration, Provider or Conversion of the session, as it was when it could still be read.

    target_namespace: Plans, and Conversions, whose pod runs there; source: only Plans, C(namespace/name) of the
    Provider that it migrates from; vms: id and name of each VM on that provider, of a Conversion the one on which it
    may have left a snapshot; plan_uid: only Migrations; type and host: Providers and Conversions, such as C(ova), and
    the name of the server; snapshot: only Conversions, the moRef of the snapshot that Forklift made for it.
    """

    name: str
    namespace: str
    uid: str
    target_namespace: str = ""
    plan_uid: str = ""
    test_name: str = ""
    type: str = ""
    host: str = ""
    source: str = ""
    vms: tuple[tuple[str, str], ...] = ()
    snapshot: str = ""


# The fields of a Session that hold keys.
KEYS = ("plans", "migrations", "providers", "conversions")


@dataclass(frozen=True, slots=True)
class Trace:
    """What an object was when it was shown to be the session's.

    home: where it lives, the uid of the cluster's namespace kube-system, or the host of a provider; empty where that
    could not be told; group: its API group, or the type of the provider; evidence: what showed it.
    """

    home: str
    group: str
    kind: str
    namespace: str
    name: str
    evidence: str

    def fits(self, home: str, group: str, kind: str, namespace: str | None, name: str) -> bool:
        """Whether an object with the same uid is that one: an id may be copied, to another server too."""
        same = (self.group, self.kind, self.namespace, self.name) == (group, kind, namespace or "", name)
        return same and self.home in ("", home)


def _key(data: Mapping[str, Any]) -> Key:
    """A key that was JSON meanwhile: tuples have become lists."""
    return Key(**{**data, "vms": tuple((str(vm_id), str(name)) for vm_id, name in data.get("vms", ()))})


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a session.

    prefix: empty only for a session of one test class (a plan, or VMs by name);
    started: RFC 3339 time of the oldest object that carries the prefix, empty when nothing is left of it;
    namespaces: those that the session created; lineage: uid -> test name of what was shown to be the
    session's outside its own namespaces, so that dependants are known when the owner has gone;
    traces: uid -> what that was, and by which evidence; what an earlier run noted has one in any case;
    identities: place -> uid of what is the session's by its name alone, as it was first met: what stands there later
    with another uid is somebody else's; narrow: kinds that the account may not list in the whole cluster, where that is
    not needed, None while nobody has asked; met: namespace (empty for what is outside all) -> kinds of which a look at
    everything in it met something of the session, or could not read any; pattern: what the site allows as a prefix
    beside the suite's, never from a record or a note; note: the file with what an earlier run noted, as people are told
    of it; noted: when that was, empty once it is known that it is about this session.
    """

    prefix: str = ""
    source: str = ""
    records: tuple[Record, ...] = ()
    started: str = ""
    namespaces: tuple[str, ...] = ()
    plans: tuple[Key, ...] = ()
    migrations: tuple[Key, ...] = ()
    providers: tuple[Key, ...] = ()
    conversions: tuple[Key, ...] = ()
    lineage: Mapping[str, str] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    narrow: tuple[str, ...] | None = None
    pattern: str = ""
    traces: Mapping[str, Trace] = field(default_factory=dict)
    note: str = ""
    noted: str = ""
    met: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def keys(self) -> tuple[Key, ...]:
        """All of them, of every kind."""
        return tuple(key for name in KEYS for key in getattr(self, name))

    @property
    def has_record(self) -> bool:
        return bool(self.records)

    @property
    def names_prove(self) -> bool:
        """False for a prefix that is not of the suite's shape: it may be the name of anything."""
        return not self.prefix or prefixes.is_suites(self.prefix)

    @property
    def is_searched(self) -> bool:
        """True when only the whole cluster can show where it has been: a prefix, and no record."""
        return bool(self.prefix) and not self.has_record

    def is_own_namespace(self, name: str | None) -> bool:
        """True for a namespace that the session created: there everything is its own."""
        if not name or prefixes.is_protected(name):
            return False
        return prefixes.matches(self.prefix, name)

    def shared_namespaces(self) -> tuple[str, ...]:
        """Namespaces that the session used but did not create, sorted."""
        used = {key.namespace for key in self.keys}
        used |= {key.target_namespace for key in (*self.plans, *self.conversions)}
        used |= {record.namespace for record in self.records if record.namespace and not record.on_provider}
        used |= {record.name for record in self.records if record.kind == "Namespace"}
        return tuple(sorted(name for name in used if name and not self.is_own_namespace(name)))

    def own_namespaces(self, existing: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(name for name in existing if self.is_own_namespace(name)))

    def learned(self, **changes: Any) -> Session:
        return replace(self, **changes)


def from_dict(data: Mapping[str, Any]) -> Session:
    """The session that another role handed on. TeardownError when it is not one."""
    data = _texts.opened(data, "session")
    try:
        values = {f.name: data[f.name] for f in fields(Session) if f.name in data}
        for name in KEYS:
            values[name] = tuple(_key(key) for key in values.get(name, ()))
        values["records"] = tuple(Record(**record) for record in values.get("records", ()))
        values["traces"] = {str(uid): Trace(**trace) for uid, trace in dict(values.get("traces") or {}).items()}
        values["namespaces"] = tuple(values.get("namespaces", ()))
        values["met"] = {str(name): tuple(kinds) for name, kinds in dict(values.get("met") or {}).items()}
        if values.get("narrow") is not None:
            values["narrow"] = tuple(values["narrow"])
        session = Session(**values)
        _check_types(session)
    except (TypeError, AttributeError, ValueError, LookupError) as exc:
        raise TeardownError(f"session is not what session_info returns: {exc}") from exc
    if not (session.prefix or session.plans or session.records):
        raise TeardownError(
            "session has neither a prefix nor entries of a resources file: nothing can be shown to belong to it."
        )
    if session.prefix:
        prefixes.check(session.prefix, session.pattern)
    return session


def _check_types(session: Session) -> None:
    """TypeError where a text is none: a session passes through files and variables that anybody may have written."""
    parts: tuple[Any, ...] = (
        *session.keys,
        *session.records,
        *session.traces.values(),
    )
    texts = [getattr(one, f.name) for one in (session, *parts) for f in fields(one) if f.type == "str"]
    texts += [r.namespace for r in session.records if r.namespace is not None]
    texts += [*session.namespaces, *(session.narrow or ()), *session.traces]
    for held in (session.lineage, session.identities):
        texts += [*held.keys(), *held.values()]
    texts += [kind for kinds in session.met.values() for kind in kinds]
    if not all(isinstance(one, str) for one in texts):
        raise TypeError("what should be a text is none")


def merge_keys(known: Iterable[Key], found: Iterable[Key]) -> tuple[Key, ...]:
    """Keys by uid; what was found now wins, what has gone is kept."""
    merged = {key.uid: key for key in known}
    merged.update({key.uid: key for key in found})
    return tuple(merged[uid] for uid in sorted(merged, key=lambda u: (merged[u].namespace, merged[u].name, u)))
