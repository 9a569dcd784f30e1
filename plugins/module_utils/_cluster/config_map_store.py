# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing the ConfigMaps of a session on the API server: of two who write neither loses anything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.config_map import Seen
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.lasting_object import LastingObject
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import Http
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal

# How often a write is tried that meets somebody else's.
_CONFLICTS = 12
_RIGHTS = "extensions/rights/journal.yml"


class Store:
    """One ConfigMap on one API server, that of a session's note or of its journal; threads may share it."""

    def __init__(self, http: Http, namespace: str, prefix: str, what: str) -> None:
        self._prefix, self._what = prefix, what
        self._object = LastingObject(http, "/api/v1", config_map.PLURAL, namespace, config_map.name_of(prefix, what))
        self._lock = threading.Lock()
        # As it was last read or written: nobody reads it again before a write that nobody else's came before.
        self._last: Seen | None = None

    def __str__(self) -> str:
        return f"ConfigMap {self._object}"

    @property
    def version(self) -> str:
        """Of what was last read or written; empty when that was not there."""
        return self._last.version if self._last is not None else ""

    def read(self) -> str | None:
        """What is kept in it; None when there is nothing. RecordError when it is not to be had, or is not ours."""
        with self._lock:
            try:
                self._last = self._get()
                return self._kept(self._last)
            except ApiError as exc:
                raise RecordError(
                    f"the {self} cannot be read: {exc.msg}. Runs keep what they know of the session there, so nothing "
                    f"was deleted. {_RIGHTS} has the rights that this needs; without mtv_teardown_journal_namespace "
                    "there is none."
                ) from exc

    def change(self, work: Callable[[str | None], str | None], check_mode: bool = False) -> bool:
        """Keep what work makes of what is kept, both None for nothing; whether that is anything else. Asked again when
        somebody else was faster. RecordError when that cannot be."""
        with self._lock:
            for attempt in range(1, _CONFLICTS + 1):
                try:
                    now = self._last = self._last if self._last is not None else self._get()
                    before = self._kept(now)
                    after = work(before)
                    if after == before and (now is None or after is not None):
                        return False
                    if check_mode:
                        return True
                    self._last = self._written(now, after)
                except ApiError as exc:
                    self._last = None
                    if not (exc.status == 409 or self._object.is_missing(exc)) or attempt == _CONFLICTS:
                        raise self._unwritten(exc.msg) from exc
                    self._object.http.pause(attempt)
                except RecordError as exc:
                    raise self._unwritten(exc.msg) from exc
                else:
                    return True
        raise AssertionError("unreachable")  # the loop returns or raises

    def _get(self) -> Seen | None:
        body = self._object.get()
        return None if body is None else self._seen(body)

    def _kept(self, one: Seen | None) -> str | None:
        if one is None:
            return None
        whose = config_map.foreign(one, self._prefix)
        if whose:
            raise RecordError(
                f"the {self} is not one of a teardown of session {self._prefix} ({whose}), and was not touched. "
                "Nothing more is deleted. See whose it is; delete it when it is nobody's, or give another namespace"
            )
        try:
            return config_map.content(one, self._what)
        except RecordError as exc:
            raise RecordError(
                f"the {self} is not what a run keeps: {exc.msg}. Look at it; delete it to go without"
            ) from exc

    def _written(self, now: Seen | None, kept: str | None) -> Seen | None:
        """The uid and resourceVersion of what was read are preconditions."""
        if now is None:
            item = config_map.made(self._object.namespace, self._prefix, self._what, kept or "")
            return self._seen(self._object.create(item))
        if kept is not None:
            return self._seen(self._object.put(config_map.changed(now, self._what, kept)))
        self._object.delete(now.uid, now.version)
        return None

    def _seen(self, body: Any) -> Seen:
        return config_map.seen(body, self._object.namespace, self._object.name)

    def _unwritten(self, why: str) -> RecordError:
        told = f"the {self} cannot be written: {why.rstrip('.')}. "
        return RecordError(
            f"{told}It says what this run knows and deletes, in case it is cut off, so nothing more is deleted; mend "
            "that, or have nothing kept there (mtv_teardown_journal_namespace)."
        )


def announce_to(store: Store, run: str) -> journal.Announce:
    """What a run tells before it asks for something: one request for all of these."""

    def announce(items: Iterable[Mapping[str, Any]], asked: str) -> None:
        lines = journal.lines_of(run, items, asked)
        if lines:
            store.change(lambda kept: config_map.with_lines(kept or "", lines))

    return announce
