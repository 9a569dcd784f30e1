# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""remove_finalizers and finalizer_grace: which finalizers a user lets go, by name, and after how long. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

_KEYS = {"name", "guarded_is_gone"}
# As Kubernetes takes them (apimachinery, IsQualifiedName). A wildcard is none of them.
_NAME = re.compile(
    r"(?=.{1,317}\Z)([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
# In spec.finalizers of every namespace: what it guards is all that is in it.
_OF_NAMESPACES = "kubernetes"
DEFAULT = "default"
# Seconds that a controller may take which is alive and slow. Guests end slowly, and storage is freed slowly.
GRACES: Mapping[str, float] = {
    DEFAULT: 300.0,
    "Pod": 600.0,
    "VirtualMachine": 600.0,
    "VirtualMachineInstance": 600.0,
    "PersistentVolume": 600.0,
    "VolumeSnapshot": 600.0,
    "VolumeSnapshotContent": 600.0,
}
LEAST, MOST = 1, 86400
_EXAMPLE = (
    'Give a list such as ["kubevirt.io/virtualMachineControllerFinalize", '
    '{"name": "example.com/held", "guarded_is_gone": true}].'
)
_GRACE_EXAMPLE = 'Give a dictionary such as {"default": 300, "VirtualMachine": 900}.'


@dataclass(frozen=True, slots=True)
class Removal:
    """words: finalizer -> whether the user says that what it guards is gone; graces: kind -> seconds."""

    words: Mapping[str, bool] = field(default_factory=dict)
    graces: Mapping[str, float] = field(default_factory=lambda: GRACES)

    def __bool__(self) -> bool:
        return bool(self.words)

    def grace(self, kind: str) -> float:
        return self.graces.get(kind, self.graces[DEFAULT])


def of(names: Any, graces: Any = None) -> Removal:
    """What both options say, or RecordError that names the entry which is wrong. Called before anything is touched."""
    words: dict[str, bool] = {}
    for index, entry in enumerate(_parsed("remove_finalizers", names, list, _EXAMPLE)):
        where = f"remove_finalizers[{index}]"
        name, word = _entry(where, entry)
        if name in words:
            raise RecordError(f"{where}: {name} is there twice. Name each finalizer once.", entry=where)
        words[name] = word
    return Removal(words, {**GRACES, **_graces(graces)})


def _entry(where: str, entry: Any) -> tuple[str, bool]:
    if isinstance(entry, Mapping):
        odd = sorted(str(key) for key in set(entry) - _KEYS)
        if odd:
            raise RecordError(f"{where}.{odd[0]}: there is no such key. {_EXAMPLE}", entry=where)
        name, word = entry.get("name"), entry.get("guarded_is_gone", False)
        key = f"{where}.name"
    else:
        name, word, key = entry, False, where
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        told = f"{name!r} is not the whole name of a finalizer"
        raise RecordError(f"{key}: {told[:200]}; there are no wildcards. {_EXAMPLE}", entry=where)
    if name == _OF_NAMESPACES:
        raise RecordError(f"{key}: {name!r} is the finalizer of namespaces, which is never removed.", entry=where)
    if not isinstance(word, bool):
        told = f"{word!r}"[:100]
        raise RecordError(f"{where}.guarded_is_gone: {told} is neither true nor false. {_EXAMPLE}", entry=where)
    return name, word


def _graces(given: Any) -> dict[str, float]:
    graces: dict[str, float] = {}
    for kind, seconds in _parsed("finalizer_grace", given, dict, _GRACE_EXAMPLE).items():
        where = f"finalizer_grace.{kind}"[:100]
        if not isinstance(kind, str) or not (kind == DEFAULT or _KIND.fullmatch(kind)):
            raise RecordError(f"{where}: that is no kind, nor {DEFAULT}. {_GRACE_EXAMPLE}", entry=where)
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not number or not LEAST <= seconds <= MOST:  # what is no number (nan) is not between them either
            told = f"{seconds!r}"[:100]
            raise RecordError(f"{where} is {told}: give seconds from {LEAST} to {MOST}.", entry=where)
        graces[kind] = float(seconds)
    return graces


def _parsed(option: str, given: Any, wanted: type, example: str) -> Any:
    """A list or a dictionary, also as the text that a command line with -e name=value makes of one."""
    try:
        value = json.loads(given.strip() or "null") if isinstance(given, str) else given
    except (ValueError, RecursionError) as exc:
        raise RecordError(f"{option} is text that is not JSON: {given[:200]!r}. {example}") from exc
    if value is None:
        return wanted()
    if not isinstance(value, wanted):
        raise RecordError(f"{option} is no {wanted.__name__}, but {str(value)[:200]!r}. {example}")
    return value
