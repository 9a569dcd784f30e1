# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the C(resources.json) of mtv-api-tests into plain records.

The file is data: nothing in it is imported, evaluated or looked up here.
Shapes: mtv-api-tests C(utilities/resources.py), C(utilities/pytest_utils.py), C(libs/providers/*.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import ALIASES, TYPES

MAX_BYTES = 64 * 1024 * 1024
_ADVICE = (
    "Give the resources.json that the tests wrote (resources_file), or only the prefix of the session (session_prefix)."
)
_MEND = "Give a copy in which that is mended, or only the prefix of the session (session_prefix)."
MAX_DEPTH = 8
MAX_ENTRIES = 200_000

# Keys that name a source provider's VM (clone), not a kind of Kubernetes. RHV is written as "ovirt".
PROVIDER_KEYS = frozenset({*TYPES, *ALIASES})

# All are matched whole: C($) would let a line break pass.
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# RBAC names are path segments only (kubernetes: apimachinery ValidatePathSegmentName), and so are those of the parts
# of an ImageStream (openshift: library-go pkg/image/imageutil, stream:tag and stream@digest).
_PATH_KINDS = frozenset(
    {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ImageStreamTag", "ImageTag", "ImageStreamImage"}
)
_PATH_SEGMENT = re.compile(r"[^/%\s\x00-\x1f\x7f]+")
# What no name holds, and what cannot be sent or written.
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the file.

    kind: the key of the file, a Kubernetes kind or a provider key; module: the wrapper's Python module
    (text only); entry: where it stands, such as C(Plan[0]); id: only for Cinder volume snapshots; part: the session is
    only known to have made a part of it. What only mtv.teardown's own recorder writes: api_version; uid: identity of
    the very object that was made, on vSphere the instanceUuid, beside the moRef in id; place: where that was, as
    kubeconfig.place_of and connection.place_of have it; outcome: C(unknown) where a task was to make it, and nobody
    knows whether it did; generate_name: how its name begins, where that is all that is known of it.
    """

    kind: str
    name: str
    namespace: str | None = None
    module: str = ""
    test_name: str = ""
    id: str = ""
    entry: str = ""
    part: bool = False
    api_version: str = ""
    uid: str = ""
    place: str = ""
    outcome: str = ""
    generate_name: str = ""

    @property
    def on_provider(self) -> bool:
        """True for what lies on a source provider, not on the cluster."""
        return self.kind in PROVIDER_KEYS or (self.kind == "VolumeSnapshot" and bool(self.id))

    @property
    def sure(self) -> bool:
        """False where nobody knows whether the session made it, or found it there."""
        return not self.outcome

    @property
    def where(self) -> str:
        """What evidence rests on that is this entry, for people."""
        return f"{self.entry} of the resources file"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read(path: str) -> tuple[Record, ...]:
    """Read and check the file; duplicates are dropped, order is kept."""
    return parse(_text(path), path)


def _text(path: str) -> str:
    text = _text_file.read(path, "resources file", MAX_BYTES, _ADVICE)
    if not text.strip():
        raise RecordError(f"resources file {path} is empty; the tests write none when they made nothing. {_ADVICE}")
    return text


def parse(text: str, path: str = "resources.json") -> tuple[Record, ...]:
    """Turn the text of the file into records, or say which entry is wrong, and what to do."""
    try:
        return _records(text.removeprefix("\ufeff"), path)
    except RecordError as exc:
        raise RecordError(f"{exc.msg} {_MEND}", **exc.details) from exc


def _records(text: str, path: str) -> tuple[Record, ...]:
    data = _decode(text, path)
    if not isinstance(data, dict):
        raise RecordError(f"{path}: the top level is a {_type(data)}, not an object of kinds.")
    records: dict[tuple[str, ...], Record] = {}
    count = 0
    for kind, entries in data.items():
        if kind.startswith("_"):  # a comment of somebody
            continue
        if kind not in PROVIDER_KEYS and not _KIND.fullmatch(kind):
            raise RecordError(f"{path}: key {kind!r} is neither a Kubernetes kind nor a provider.", key=kind)
        if not isinstance(entries, list):
            raise RecordError(f"{path}: {kind} is a {_type(entries)}, not a list of entries.", key=kind)
        count += len(entries)
        if count > MAX_ENTRIES:
            raise RecordError(f"{path}: more than {MAX_ENTRIES} entries cannot be those of one session.")
        for index, entry in enumerate(entries):
            record = _record(kind, entry, f"{kind}[{index}]", path)
            identity = (record.api_version, record.uid, record.place, record.outcome, record.generate_name)
            key = (record.kind, record.namespace or "", record.name, record.id, *identity)
            if key not in records or (record.test_name and not records[key].test_name):
                records[key] = record
    return tuple(records.values())


def _decode(text: str, path: str) -> Any:
    try:
        data = json.loads(text, object_pairs_hook=_no_duplicates)
        deep = _is_deep(data)
    except RecursionError:
        deep = True
    except json.JSONDecodeError as exc:
        hint = " (the file seems to be cut off)" if exc.pos >= len(text.rstrip()) - 1 else ""
        hint = " (it seems to be a web page)" if text.lstrip().startswith("<") else hint
        raise RecordError(f"{path}: not JSON, line {exc.lineno} column {exc.colno}: {exc.msg}{hint}.") from exc
    except _DuplicateKeyError as exc:
        raise RecordError(
            f"{path}: key {exc.key!r} occurs twice in one object; which one counts?", key=exc.key
        ) from exc
    except ValueError as exc:
        raise RecordError(f"{path}: not usable JSON: {exc}.") from exc
    if deep:
        raise RecordError(f"{path}: nested more than {MAX_DEPTH} deep; a resources file has 3 levels.")
    return data


class _DuplicateKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKeyError(key)
        found[key] = value
    return found


def _is_deep(data: Any) -> bool:
    """Whether it nests deeper than MAX_DEPTH."""
    level = [data]
    for _depth in range(MAX_DEPTH + 1):
        level = [one for held in level if isinstance(held, (dict, list)) for one in _inside(held)]
    return bool(level)


def _inside(held: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return held.values() if isinstance(held, dict) else held


def _record(kind: str, entry: Any, where: str, path: str) -> Record:
    if not isinstance(entry, dict):
        raise RecordError(f"{path}: {where} is a {_type(entry)}, not an object.", entry=where)
    name = _string(entry, "name", where, path)
    namespace = _string(entry, "namespace", where, path)
    record = Record(
        kind=kind,
        name=name,
        namespace=namespace or None,
        module=_string(entry, "module", where, path),
        test_name=_string(entry, "test_name", where, path),
        id=_string(entry, "id", where, path),
        entry=where,
        api_version=_string(entry, "api_version", where, path),
        uid=_string(entry, "uid", where, path),
        place=_string(entry, "place", where, path),
        outcome=_string(entry, "outcome", where, path),
        generate_name=_string(entry, "generate_name", where, path),
    )
    if record.on_provider:
        if not (record.name or record.id):
            raise RecordError(f"{path}: {where} has neither name nor id.", entry=where)
        return record
    name = record.name or (f"{record.generate_name}x" if record.generate_name else "")
    if not name:
        raise RecordError(f"{path}: {where} has no name.", entry=where)
    if not _possible_name(kind, name):
        raise RecordError(f"{path}: {where}: no {kind} can have the name {name!r}.", entry=where)
    if record.namespace is not None and not _DNS_LABEL.fullmatch(record.namespace):
        raise RecordError(f"{path}: {where}: no namespace can have the name {record.namespace!r}.", entry=where)
    return record


def _string(entry: Mapping[str, Any], key: str, where: str, path: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordError(f"{path}: {where}: {key} is a {_type(value)}, not a string.", entry=where)
    if len(value) > 1024:
        raise RecordError(f"{path}: {where}: {key} has {len(value)} characters.", entry=where)
    if _UNWRITABLE.search(value):
        raise RecordError(f"{path}: {where}: {key} holds a line break or another control character.", entry=where)
    return value


def _possible_name(kind: str, name: str) -> bool:
    if len(name) > 253 or name in (".", ".."):
        return False
    if kind in _PATH_KINDS:
        return bool(_PATH_SEGMENT.fullmatch(name))
    if kind == "Namespace":
        return bool(_DNS_LABEL.fullmatch(name))
    return bool(_DNS_SUBDOMAIN.fullmatch(name))


def _type(value: Any) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
