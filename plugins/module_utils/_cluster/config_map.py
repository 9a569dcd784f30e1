# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ConfigMaps in which a session's note and the journal of its runs are kept, where no disk lasts: what stands in
them. Pure."""

from __future__ import annotations

import base64
import binascii
import copy
import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lasting
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lease import name_of as shared_name
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import dig, text
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, garbage
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

PLURAL = "configmaps"
# What is done with them; a Role needs the same.
VERBS = ("get", "create", "update", "delete")
# What is kept in each, and by which key.
NOTE, JOURNAL = "note", "journal"
_KEYS = {NOTE: "session.json.gz", JOURNAL: "journal.jsonl.gz"}
# Kubernetes takes 1 MiB of values; others may have put something into it, too.
MOST = 1000 * 1024
# What that may become.
_UNPACKED = max(notes.MAX_BYTES, journal.MAX_BYTES)


def name_of(prefix: str, what: str) -> str:
    """Of the one ConfigMap for this. No prefix has a dot."""
    return shared_name(prefix) if what == NOTE else f"{shared_name(prefix)}.{what}"


def names_of(prefix: str) -> list[str]:
    return [name_of(prefix, what) for what in (NOTE, JOURNAL)]


def check_namespace(namespace: str, session: Session) -> None:
    """RecordError when those of this session cannot be there."""
    if not session.prefix:
        raise RecordError(
            "a ConfigMap is named by the prefix of its session, and this one has none: give session_prefix."
        )
    lasting.check(namespace, session, "ConfigMap", names_of(session.prefix), "mtv_teardown_journal_namespace")


@dataclass(frozen=True, slots=True)
class Seen:
    """A ConfigMap as it was read. item: all of it."""

    uid: str
    version: str
    item: Mapping[str, Any]


def seen(item: Mapping[str, Any], namespace: str, name: str) -> Seen:
    """What an answer holds; garbage when it is not that ConfigMap."""
    meta = dig(item, "metadata")
    uid, version = text(dig(meta, "uid")), text(dig(meta, "resourceVersion"))
    if (dig(meta, "name"), dig(meta, "namespace")) != (name, namespace) or not uid or not version:
        raise garbage(f"the answer for the ConfigMap {namespace}/{name} is not that ConfigMap")
    return Seen(uid, version, item)


def foreign(one: Seen, prefix: str) -> str:
    """Whose it is, for people; empty when it is of a teardown of this session."""
    labels = dig(one.item, "metadata", "labels")
    if text(dig(labels, lasting.SESSION)) == prefix:
        return ""
    told = [f"{key}={value}" for key, value in sorted(labels.items())] if isinstance(labels, Mapping) else []
    owners = dig(one.item, "metadata", "ownerReferences")
    told += [f"owner {text(dig(o, 'kind'))} {text(dig(o, 'name'))}" for o in owners or () if isinstance(o, Mapping)]
    fields = dig(one.item, "metadata", "managedFields")
    told += sorted({f"written by {text(dig(f, 'manager'))}" for f in fields or () if text(dig(f, "manager"))})
    return ", ".join(told)[:500] or "nothing in it says whose it is"


def content(one: Seen, what: str) -> str | None:
    """The text that is kept in it, None when there is none. RecordError when it is no such text."""
    packed = dig(one.item, "binaryData", _KEYS[what])
    return None if packed is None else unpacked(packed)


# -- what is written --------------------------------------------------------------------------------------------


def made(namespace: str, prefix: str, what: str, kept: str) -> dict[str, Any]:
    """A new ConfigMap. RecordError when there is no room for that."""
    meta = {"name": name_of(prefix, what), "namespace": namespace, "labels": lasting.labels_of(prefix)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "binaryData": {_KEYS[what]: packed(kept)}}


def changed(one: Seen, what: str, kept: str) -> dict[str, Any]:
    """The ConfigMap that was read, with another text; what others have put into it stays."""
    item: dict[str, Any] = copy.deepcopy(dict(one.item))
    item["binaryData"] = {**(item.get("binaryData") or {}), _KEYS[what]: packed(kept)}
    return item


def packed(kept: str) -> str:
    """As it stands in binaryData."""
    made = gzip.compress(kept.encode(), mtime=0)
    if len(made) > MOST:
        raise RecordError(f"it would have {len(made)} bytes, and a ConfigMap takes no more than {MOST}")
    return base64.b64encode(made).decode()


def unpacked(value: Any) -> str:
    """Of what packed made; RecordError for anything else."""
    try:
        raw = base64.b64decode(value, validate=True)
        reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        told = reader.decompress(raw, _UNPACKED + 1)
        if len(told) > _UNPACKED:
            raise RecordError(f"it holds more than {_UNPACKED} bytes")
        if not reader.eof or reader.unused_data:
            raise RecordError("what it holds is not whole")
        return told.decode()
    except (TypeError, ValueError, binascii.Error, zlib.error) as exc:
        raise RecordError(f"what it holds cannot be read: {exc}") from exc


# -- the journal in it ------------------------------------------------------------------------------------------


def with_lines(kept: str, lines: Iterable[str]) -> str:
    """The journal with these at its end, each once: an answer may have been lost. As much of it as there is room for;
    what is dropped is counted."""
    known = kept.splitlines()
    told = set(known)
    fresh = [line for line in lines if line not in told]
    return _text(journal.shortened([*known, *fresh], _fits)) if fresh else kept


def _fits(lines: Iterable[str]) -> bool:
    return len(gzip.compress(_text(lines).encode(), mtime=0)) <= MOST


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
