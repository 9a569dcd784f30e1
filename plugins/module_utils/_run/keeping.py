# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a session beside its files, or instead of them: its note and the journal of its runs, in ConfigMaps.
The same for modules of the cluster and of source providers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import config_map, config_map_store
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.config_map_store import Store
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._run import elsewhere
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# doc fragment mtv.teardown._journal
JOURNAL_SPEC: dict[str, Any] = {
    "journal_in": {
        "type": "dict",
        "options": {
            "namespace": {"type": "str"},
            "run": {"type": "str", "default": ""},
            **elsewhere.CONNECTION_SPEC,
        },
    },
}


class Place:
    """Where both are kept of one session. run: by what this run is known."""

    def __init__(self, wanted: Mapping[str, Any], session: Session) -> None:
        self.namespace, self.run, self._session = (
            str(wanted.get("namespace") or ""),
            str(wanted.get("run") or ""),
            session,
        )
        config_map.check_namespace(self.namespace, session)
        http = elsewhere.connect(wanted, "journal_in")
        self.note = Store(http, self.namespace, session.prefix, config_map.NOTE)
        self.journal = Store(http, self.namespace, session.prefix, config_map.JOURNAL)

    def remember(self) -> Session:
        """The session with what an earlier run noted. RecordError when either ConfigMap is not to be used: then nothing
        is to be touched."""
        self.journal.read()
        text = self.note.read()
        return self._session if text is None else notes.with_another(self._session, text, str(self.note))

    def announce(self) -> journal.Announce:
        if not self.run:
            raise RecordError("journal_in has no run: nobody could tell its lines from those of other runs.")
        return config_map_store.announce_to(self.journal, self.run)

    def add(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Note these items of results, beside what is noted."""
        content = notes.entry(notes.with_items(self._session, items))
        self.note.change(lambda text: self._merged(content, text))

    def keep(self, content: Mapping[str, Any], version: str | None = None, check_mode: bool = False) -> list[str]:
        """What stays after a look, or after a run that has come to a verdict: the names of the ConfigMaps that it
        changed, or would. version: of the note that this was made of; what has another was written by somebody else
        meanwhile, and is kept, too."""
        verdict = str(content["verdict"])
        ends = [(self.journal, lambda text: self._ended(text, verdict))] if verdict else []
        changes = [(self.note, lambda text: self._kept(content, text, version)), *ends]
        return [str(store) for store, work in changes if store.change(work, check_mode)]

    def _kept(self, content: Mapping[str, Any], text: str | None, version: str | None) -> str | None:
        if content["verdict"] == "clean":
            return _text(content) if content["traces"] else None
        return _text(content) if version == self.note.version else self._merged(content, text)

    def _merged(self, content: Mapping[str, Any], text: str | None) -> str:
        return _text(notes.merged(self._session, content, text, str(self.note)))

    def _ended(self, text: str | None, verdict: str) -> str | None:
        """The journal behind a run; nobody asks for it after one that was clean."""
        if verdict == "clean" or text is None:
            return None
        return config_map.with_lines(text, journal.verdict_lines(text.splitlines(), self.run, verdict))


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True)


def place_of(params: Mapping[str, Any], session: Session) -> Place | None:
    """Where that is kept; None without the option."""
    wanted = params.get("journal_in")
    return Place(wanted, session) if wanted else None


def announce_of(place: Place | None, session: Session, check_mode: bool) -> journal.Announce:
    """What a module of this session tells before it asks for something, wherever that is kept; in check mode it asks
    for nothing."""
    beside = journal.announce_to(os.environ, session.prefix, check_mode)
    return journal.to_all(beside, place.announce() if place is not None and not check_mode else journal.nobody)


def told_runs(params: Mapping[str, Any], session: Session, folder: str, run: str) -> list[dict[str, Any]]:
    """What runs before this one set out to do, wherever that is kept."""
    return journal.earlier(folder, session.prefix, run, lambda: _lines(params, session))


def _lines(params: Mapping[str, Any], session: Session) -> str:
    place = place_of(params, session)
    return (place.journal.read() or "") if place is not None else ""
