# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an object that is in trouble is kept, and how much: one document for each, as YAML. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.masks import whole

try:
    import yaml
except ImportError:  # JSON is YAML, and harder to read
    HAS_YAML = False
else:
    HAS_YAML = True

# Why evidence of an object is taken.
FAILED, HANGS, REFUSED, HELD, FINALIZER = "failed", "hangs", "refused", "held", "finalizer"
WHYS = {
    FAILED: "it says itself that it has failed",
    HANGS: "it was asked to go, or to end, and did not",
    REFUSED: "what was asked of it was refused, or failed",
    HELD: "it stays, and nothing was asked of it",
    FINALIZER: "a finalizer is about to be taken off it",
}
# Of one document: the newest of these are kept.
EVENTS = 50
_LONGEST_LINE, _LONGEST = 4000, 300
_ODD = re.compile(r"[^A-Za-z0-9]+")
# What gets shorter when a document is too large, from its oldest end.
_SHRINKS = ("log", "pods", "related", "tasks", "events")


@dataclass(frozen=True, slots=True)
class Bounds:
    """objects: files of one run; file_size, total_size: bytes of a file, and of a run; log_lines: of a container,
    of one object."""

    objects: int = 50
    file_size: int = 256 * 1024
    total_size: int = 10 * 1024 * 1024
    log_lines: int = 200


@dataclass(frozen=True, slots=True)
class Document:
    """about: kind, api_version, namespace, name, uid, provider, why; parts: what was read, without secrets; unread:
    what could not be, and why."""

    about: Mapping[str, Any]
    parts: Mapping[str, Any]
    unread: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """A name of our own making: what objects are called is never a path."""
        key = "\0".join(str(self.about.get(part) or "") for part in ("provider", "uid", "why"))
        digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:10]
        words = (slug(self.about.get(part)) for part in ("kind", "name", "why"))
        return f"{'-'.join(filter(None, words))}-{digest}.yaml"


def slug(text: object, most: int = 60) -> str:
    """What may stand in the name of a file, of any text; empty where nothing of it may."""
    return _ODD.sub("-", str(text or ""))[:most].strip("-")


def fitted(document: Document, most: int) -> tuple[str, bool]:
    """The text of a document of at most so many bytes, and whether something was left out for that."""
    about = {name: whole(held)[:_LONGEST] if isinstance(held, str) else held for name, held in document.about.items()}
    head = {"about": {**about, "because": WHYS.get(str(document.about.get("why")), "")}}
    parts = {name: held for name, held in document.parts.items() if held not in (None, [], {}, "")}
    unread = {"unread": list(document.unread)} if document.unread else {}
    short: list[str] = []
    while True:
        told = {"left_out": sorted(set(short))} if short else {}
        text = as_yaml({**head, **parts, **unread, **told})
        if len(text.encode()) <= most:
            return text, bool(short)
        name = _largest(parts)
        if name:
            parts[name] = parts[name][(len(parts[name]) + 1) // 2 :]
            parts = {part: held for part, held in parts.items() if held}
        elif parts:  # an object by itself may be too large
            name = max(parts, key=lambda one: len(as_yaml(parts[one])))
            del parts[name]
        elif unread:
            name, unread = "unread", {}
        else:
            return text.encode()[:most].decode("utf-8", "ignore"), True
        short.append(name)


def _largest(parts: Mapping[str, Any]) -> str:
    sizes = {name: len(as_yaml(parts[name])) for name in _SHRINKS if parts.get(name)}
    return max(sizes, key=lambda name: sizes[name]) if sizes else ""


def as_yaml(data: Any) -> str:
    """Text without a secret that is known, whatever it was made from."""
    if not HAS_YAML:
        return _secrets.without(json.dumps(data, indent=2)) + "\n"
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True, width=2**20)
    return _secrets.without(text)


def lines_about(text: str, words: Iterable[str], most: int) -> list[str]:
    """The newest lines of a log in which one of these names or ids stands as a whole, without secrets."""
    wanted = [re.escape(word) for word in words if word]
    if not wanted:
        return []
    names = re.compile(rf"(?<![\w.-])(?:{'|'.join(wanted)})(?![\w-]|\.\w)")
    found = [line for line in _secrets.without(text).splitlines() if names.search(line)]
    return [_secrets.masked(line[:_LONGEST_LINE]) for line in found[max(0, len(found) - most) :]]


def last_lines(text: str, most: int) -> list[str]:
    """The newest lines of a log that is about one object alone, without secrets."""
    lines = _secrets.without(text).splitlines()
    return _secrets.masked("\n".join(line[:_LONGEST_LINE] for line in lines[max(0, len(lines) - most) :])).splitlines()
