# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite's own store, watched: a dict of lists that says when something in it changed.

They are the suite's dict and list in every other way; json writes them, and pickled (pytest-harvest, between the
processes of pytest-xdist) they are plain again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtv_record.entries import Entry, Key, entry_of, key_of, text
from mtv_record.recorder import FAILURES, Recorder

_LIST = ["append", "extend", "insert", "remove", "pop", "clear", "__setitem__", "__delitem__", "__iadd__"]
_DICT = ["__setitem__", "__delitem__", "pop", "popitem", "clear", "update", "__ior__"]


def _watched(name: str, base: type) -> Callable[..., Any]:
    """The method of that name, with a look at what it changed."""
    plain = getattr(base, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return plain(self, *args, **kwargs)
        finally:
            self.changed()

    method.__name__ = name
    return method


class Entries(list[Any]):
    """The entries of one kind."""

    changed: Callable[[], None]

    def __reduce__(self) -> tuple[type, tuple[list[Any]]]:
        return list, (list(self),)


class Store(dict[Any, Any]):
    """What the suite has made, by kinds."""

    def __init__(self, given: Mapping[Any, Any], recorder: Recorder) -> None:
        dict.__init__(self, given)
        self._recorder = recorder
        self._told: dict[Key, Entry] = {}
        self.changed()

    def __reduce__(self) -> tuple[type, tuple[dict[Any, Any]]]:
        return dict, ({key: list(value) if isinstance(value, Entries) else value for key, value in self.items()},)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def changed(self) -> None:
        """Record what came and what went since it was last looked at."""
        try:
            self._record()
        except FAILURES as exc:
            self._recorder.trouble(f"the suite's store cannot be read: {type(exc).__name__}")

    def _record(self) -> None:
        for kind, entries in list(self.items()):
            if isinstance(entries, list) and not isinstance(entries, Entries):
                dict.__setitem__(self, kind, self._entries(entries))
        now = self._named()
        for key, entry in now.items():
            if self._told.get(key) != entry:
                self._recorder.stored(key[0], entry)
        for key in self._told.keys() - now.keys():
            self._recorder.removed(key[0], self._told[key])
        self._told = now

    def _entries(self, entries: list[Any]) -> Entries:
        made = Entries(entries)
        made.changed = self.changed
        return made

    def _named(self) -> dict[Key, Entry]:
        """Each object once: with the test, where one of its entries names it."""
        found: dict[Key, Entry] = {}
        for kind, entries in self.items():
            for given in entries if isinstance(entries, list) else ():
                try:
                    entry = entry_of(kind, given)
                except FAILURES:
                    entry = None
                if entry is None:
                    self._recorder.trouble(f"an entry of {text(kind) or 'a kind'} that names nothing is not recorded")
                else:
                    key = key_of(text(kind), entry)
                    if "test_name" in entry or key not in found:
                        found[key] = entry
        return found


for _base, _class, _names in ((list, Entries, _LIST), (dict, Store, _DICT)):
    for _name in _names:
        setattr(_class, _name, _watched(_name, _base))
