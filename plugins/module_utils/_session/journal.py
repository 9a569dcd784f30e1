# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a session as a run wrote them beside the record, so that a later run still knows its dependants.

Plans, Migrations and their uids are lost when they are deleted, and with them the lineage of what they made
(forklift.md 3.5, point 0). A journal adds keys; it never says that something is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session, from_dict, merge_keys

_UID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
# On a provider: its server, and the id there (clones.Remote.identity).
_REMOTE = re.compile(r"^[!-~]+/[^\x00-\x1f]+$")
_KEPT = ("prefix", "started", "namespaces", "plans", "migrations", "providers", "lineage", "identities")
MAX_BYTES = 64 * 1024 * 1024


def file_name(prefix: str) -> str:
    """Beside the record, one for each session."""
    return f"teardown-{prefix}.session.json"


def entry(session: Session) -> dict[str, Any]:
    """What is kept of a session: its keys, not the record, which has a file of its own."""
    return {key: value for key, value in asdict(session).items() if key in _KEPT}


def of_leftovers(session: Session, leftovers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """C(name) and C(content) of the note, with the identities of what is left on source providers: a volume is known by
    the server that it hung on, and that may have gone."""
    left = {
        str(e["uid"]): str(e.get("test_name") or "") for e in leftovers if e.get("provider") and _is_noted(e["uid"])
    }
    return {
        "name": file_name(session.prefix),
        "content": entry(session.learned(lineage={**session.lineage, **left})),
    }


def with_journal(session: Session, text: str, path: str) -> Session:
    """The session with the keys of an earlier run. RecordError when the file is not a journal of this session."""
    try:
        data = json.loads(text)
    except ValueError as exc:
        raise RecordError(
            f"{path} is not JSON: {exc}. It is a note of an earlier run; remove it to go without."
        ) from exc
    if not isinstance(data, Mapping) or data.get("prefix") != session.prefix:
        raise RecordError(f"{path} is not a note about session {session.prefix!r}; remove it to go without.")
    try:
        earlier = from_dict({key: data[key] for key in _KEPT if key in data})
        _check(earlier)
    except (TeardownError, TypeError, AttributeError) as exc:
        raise RecordError(f"{path} is not a note of an earlier run: {exc}. Remove it to go without.") from exc
    return session.learned(
        started=min([time for time in (session.started, earlier.started) if time], default=""),
        namespaces=tuple(sorted({*session.namespaces, *earlier.namespaces})),
        plans=merge_keys(earlier.plans, session.plans),
        migrations=merge_keys(earlier.migrations, session.migrations),
        providers=merge_keys(earlier.providers, session.providers),
        lineage={**earlier.lineage, **session.lineage},
        identities={**session.identities, **earlier.identities},
    )


def _check(earlier: Session) -> None:
    uids = [key.uid for key in (*earlier.plans, *earlier.migrations, *earlier.providers)]
    uids += earlier.identities.values()
    wrong = [uid for uid in uids if not isinstance(uid, str) or not _UID.match(uid)]
    wrong += [uid for uid in earlier.lineage if not _is_noted(uid)]
    if wrong:
        raise TeardownError(f"{wrong[0]!r} is not a uid")


def _is_noted(uid: object) -> bool:
    return isinstance(uid, str) and bool(_UID.match(uid) or _REMOTE.match(uid))
