# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What events of the journal mean: which entries resources.json has. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Nothing else of an entry is ever written: what a suite adds of its own may be secret.
FIELDS = ("name", "namespace", "module", "test_name", "id")
# Beside those, where the event says where things are made (place): its API, its identity there, and whether it is known
# that it was made at all (outcome "unknown"); generate_name: how its name begins, where the server gives the rest. Only
# the recorder of Ansible's plays says that.
IDENTITY = ("api_version", "uid", "place", "outcome", "generate_name")
UNKNOWN = "unknown"
# What the suite calls its source providers, in place of a kind.
PROVIDERS = frozenset({"vsphere", "ovirt", "rhv", "openstack", "openshift", "ova", "hyperv", "ec2", "nutanix"})
# Names of these are segments of paths, of all other kinds domain names.
_PATH_KINDS = frozenset(
    {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ImageStreamTag", "ImageTag", "ImageStreamImage"}
)
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SEGMENT = re.compile(r"[^/%\s\x00-\x1f\x7f]+")
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST = 1024

_PLAIN = 4  # parts of a key without a place

Entry = dict[str, "str | None"]
Key = tuple[str, ...]
# Process, and the number of its call or "stored".
Hold = tuple[str, str]
Holds = dict[Hold, Entry]


def text(value: object) -> str:
    """What can be written of a value: a string without control characters, not too long; else nothing."""
    if not isinstance(value, str) or len(value) > _LONGEST or _UNWRITABLE.search(value):
        return ""
    return str.__str__(value)


def entry_of(kind: object, given: object) -> Entry | None:
    """The entry for resources.json with its named fields alone; None where nothing could be called so, and one such
    entry would make the whole file unreadable to a careful reader."""
    if not isinstance(given, Mapping):
        return None
    fields = (*FIELDS, *IDENTITY) if "place" in given else FIELDS
    entry: Entry = {field: text(given[field]) or None for field in fields if field in given}
    if any(given[field] and not entry[field] for field in ("name", "namespace", "id") if field in entry):
        return None
    entry = {field: value for field, value in entry.items() if value is not None or field == "namespace"}
    return entry if _possible(text(kind), entry) else None


def _possible(kind: str, entry: Entry) -> bool:
    name, namespace = entry.get("name") or "", entry.get("namespace")
    if kind in PROVIDERS or (kind == "VolumeSnapshot" and entry.get("id")):
        return bool(name or entry.get("id"))  # no provider makes names
    if entry.get("generate_name") and not name:
        name = f"{entry['generate_name']}x"
    if not _KIND.fullmatch(kind) or len(name) > 253 or name in (".", ".."):
        return False
    if namespace is not None and not _LABEL.fullmatch(namespace):
        return False
    pattern = _SEGMENT if kind in _PATH_KINDS else _LABEL if kind == "Namespace" else _DOMAIN
    return bool(pattern.fullmatch(name))


def key_of(kind: str, entry: Mapping[str, Any]) -> Key:
    """What two entries for one object share."""
    return (kind, entry.get("namespace") or "", entry.get("name") or "", entry.get("id") or "")


def _key_of_event(kind: str, entry: Entry, event: Mapping[str, Any]) -> Key:
    """With the place where it is made: there its identity is told by the entries themselves, and an intent has none."""
    if "place" not in event:
        return key_of(kind, entry)
    more = (entry.get(field) or "" for field in ("api_version", "generate_name"))
    return (*key_of(kind, {**entry, "id": None}), text(event["place"]), *more)


def _is(entry: Entry, other: Entry) -> bool:
    """Whether both tell one identity."""
    return any(entry.get(field) and entry.get(field) == other.get(field) for field in ("uid", "id"))


class Fold:
    """What is to be named after the events so far.

    An object is named as long as somebody holds it: an intent holds it until the server has said that nothing was made
    by it; an entry of the suite's own store holds it until the suite takes it out again. Processes hold for themselves.
    That an object has gone counts for all of them, where its identity is told.
    """

    def __init__(self) -> None:
        self._holds: dict[Key, Holds] = {}
        self.changed = True  # since somebody looked and set it to False

    def add(self, event: object) -> None:
        """Take one event in; what is none is passed over, for the journal may have torn lines."""
        if not isinstance(event, Mapping):
            return
        kind, entry = text(event.get("kind")), entry_of(event.get("kind"), event)
        what = event.get("event")
        if entry is None:
            return
        key = _key_of_event(kind, entry, event)
        holds = self._holds.setdefault(key, {})
        before = list(holds.values())
        if what in ("not_made", "removed", "gone", "struck"):
            for hold in _let_go(str(what), event, entry, holds):
                del holds[hold]
        else:
            _take_hold(str(what), event, entry, holds)
        self.changed = self.changed or list(holds.values()) != before
        if not holds:
            del self._holds[key]

    def resources(self) -> dict[str, list[Entry]]:
        """What resources.json holds; the suite's own word for an object comes before ours."""
        found: dict[str, list[Entry]] = {}
        for key, holds in self._holds.items():
            found.setdefault(key[0], []).extend(_placed(key[0], holds) if len(key) > _PLAIN else _named(holds))
        return {kind: entries for kind, entries in found.items() if entries}


def _take_hold(what: str, event: Mapping[str, Any], entry: Entry, holds: Holds) -> None:
    """An event after which something may be there."""
    process, placed = str(event.get("process")), "place" in event
    call = (process, str(event.get("of")))
    if what == "intent":
        holds[process, str(event.get("seq"))] = {**entry, "outcome": UNKNOWN} if placed else entry
    elif what == "made" and placed:  # with its identity
        holds[call] = entry
    elif what == "failed" and placed:
        holds[call] = {**entry, "outcome": UNKNOWN}
    elif what == "made":  # its name may be the server's
        holds.setdefault(call, entry)
    elif what == "stored":
        holds[process, "stored"] = entry


def _let_go(what: str, event: Mapping[str, Any], entry: Entry, holds: Holds) -> list[Hold]:
    """Who holds it no more after an event that says that it is not there."""
    process = str(event.get("process"))
    if what == "not_made":
        return [hold for hold in holds if hold == (process, str(event.get("of")))]
    if what == "removed":
        return [hold for hold in holds if hold[0] == process]
    if what == "struck" and not (entry.get("uid") or entry.get("id")):
        return list(holds)
    return [hold for hold, held in holds.items() if _is(held, entry)]


def _named(holds: Mapping[Hold, Entry]) -> list[Entry]:
    """The entry for an object: the suite's own, else the first; none where nobody holds it."""
    own = [entry for (_process, hold), entry in holds.items() if hold == "stored"]
    return [*own, *holds.values()][:1]


def _placed(kind: str, holds: Mapping[Hold, Entry]) -> list[Entry]:
    """The entries for what has one name in one place: on a provider each that is known, on a cluster the last that is
    known; and what may be there beside, or instead of them, for it may have gone since. What tells most comes last."""
    entries = sorted(holds.values(), key=lambda one: (_is_sure(one), bool(one.get("uid"))))
    if kind not in PROVIDERS:
        entries = [one for one in entries if not _is_sure(one)] + [one for one in entries if _is_sure(one)][-1:]
    known: dict[tuple[str | None, ...], Entry] = {}
    for entry in entries:
        identity = (entry.get("uid"), entry.get("id"))
        known.pop(identity, None)
        known[identity] = entry
    return list(known.values())


def _is_sure(entry: Entry) -> bool:
    return entry.get("outcome") != UNKNOWN


def line_of(event: Mapping[str, Any]) -> bytes:
    """One line of the journal."""
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def events_of(data: bytes) -> list[Any]:
    """The events in this part of a journal. A line that was cut off, or that somebody else wrote, is passed over."""
    found = []
    for line in data.split(b"\n"):
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return found
