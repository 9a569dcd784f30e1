# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a session as a run wrote them beside the record, so that a later run still knows its dependants.

Plans, Migrations and their uids are lost when they are deleted, and with them the lineage of what they made
(forklift.md 3.5, point 0). A note adds keys; it never says that something is gone, and it never makes a decision weaker
than what is seen would make it: only what was owned, or was asked to go, is noted, with where it lives and by which
evidence. It is input like any other: whatever in it is not what this code writes is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import LEDGER
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import (
    KEYS,
    Key,
    Session,
    Trace,
    from_dict,
    merge_keys,
)
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import SEARCHED
from ansible_collections.mtv.teardown.plugins.module_utils._session.verdict import Verdict

VERSION = 2
MAX_BYTES = 64 * 1024 * 1024
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_KEPT = ("prefix", "started", "namespaces", *KEYS, "lineage", "traces", "identities")
# Causes of what stayed because it is not shown to be the session's alone: a note of it would make that weaker.
NOT_OURS_ALONE = frozenset({"contested", "kept-unread", "outlived", "disk-of-others"})


def file_name(prefix: str) -> str:
    """Beside the record, one for each session."""
    return f"teardown-{prefix}.session.json"


def name_of_file(path: str) -> str:
    """What a file of a datastore is called: C([datastore] folder/name) without the datastore."""
    return path.partition("] ")[2] or path


def entry(session: Session, verdict: str = "", *, openshift_only: bool = False) -> dict[str, Any]:
    """What is kept of a session: its keys, not the record, which has a file of its own.

    verdict: of the run, empty while there is none. After a clean one nothing is left to be known by its keys, but what
    was noted of providers that the run did not judge (openshift_only).
    """
    kept = session.learned(
        **{name: tuple(key for key in getattr(session, name) if _is_ours(session, key)) for name in KEYS},
        lineage={uid: test for uid, test in session.lineage.items() if uid in session.traces},
    )
    if verdict == "clean":
        kept = forgotten(kept if openshift_only else kept.learned(lineage={}, traces={}))
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {key: value for key, value in asdict(kept).items() if key in _KEPT}
    return {"version": VERSION, "verdict": verdict, "written": now, **told}


def after(session: Session, result: Mapping[str, Any], *, openshift_only: bool = False) -> dict[str, Any]:
    """C(name) and C(content) of the note at the end of a run, with the identities of what is left on source providers:
    a volume is known by the server that it hung on, and that may have gone."""
    left = [entry for entry in result["leftovers"] if entry.get("provider")]
    content = entry(with_items(session, left), str(result["verdict"]), openshift_only=openshift_only)
    return {"name": file_name(session.prefix), "content": content}


def with_items(session: Session, items: Iterable[Mapping[str, Any]]) -> Session:
    """The session, knowing these items of results; what others hold, too, is not among what it may know, and what it
    only changed is theirs altogether."""
    lineage, traces = dict(session.lineage), dict(session.traces)
    for item in items:
        uid = str(item.get("uid") or "")
        if (
            not uid
            or item.get("evidence") == LEDGER
            or item.get("cause") in NOT_OURS_ALONE
            or session.is_own_namespace(item.get("namespace"))
        ):
            continue
        # What it may leave behind, too: once it has gone, nothing else tells where that was.
        known = {uid: _trace_of(item), **_traces_of_left(item)}
        lineage |= dict.fromkeys(known, str(item.get("test_name") or ""))
        for identity, trace in known.items():
            traces.setdefault(identity, trace)
    return session.learned(lineage=lineage, traces=traces)


def _trace_of(item: Mapping[str, Any]) -> Trace:
    api = str(item.get("api_version") or "")
    group = api if item.get("provider") else api.rpartition("/")[0]
    where = (str(item.get(key) or "") for key in ("kind", "namespace", "name", "evidence"))
    return Trace(str(item.get("host") or ""), group, *where)


def _traces_of_left(item: Mapping[str, Any]) -> dict[str, Trace]:
    """These have no identity but the place where they are, and that says all of them (clones.Remote.identity)."""
    home, group = str(item.get("host") or ""), str(item.get("api_version") or "")
    evidence = f"left by {item.get('kind')} {item.get('name')}"
    left = {}
    for identity in item.get("leaves") or ():
        kind, _slash, path = str(identity).removeprefix(f"{home}/").partition("/")
        left[str(identity)] = Trace(home, group, kind, "", name_of_file(path), evidence)
    return left


def checked(session: Session, content: Any) -> dict[str, Any]:
    """The content of a note that came through variables. RecordError when it is none of this session."""
    texts = [content.get(name) for name in ("verdict", "written")] if isinstance(content, Mapping) else [None]
    if not all(isinstance(text, str) for text in texts) or content["verdict"] not in ("", *Verdict):
        raise RecordError("note is not what session_info or leftovers_info returns.")
    return merged(session, content, None, "")


def merged(session: Session, content: Mapping[str, Any], text: str | None, path: str) -> dict[str, Any]:
    """The content of a note with what somebody else has written to its place meanwhile. RecordError when either is no
    note of this session."""
    bare = Session(session.prefix, records=session.records, pattern=session.pattern)
    known = bare if text is None else with_journal(bare, text, path)
    both = with_journal(known, json.dumps(content), "the note of this run")
    told = {key: value for key, value in asdict(both).items() if key in _KEPT}
    return {"version": VERSION, "verdict": content["verdict"], "written": content["written"], **told}


# -- reading ----------------------------------------------------------------------------------------------------


def with_journal(session: Session, text: str, path: str) -> Session:
    """The session with the keys of an earlier run. RecordError when the file is not a journal of this session."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise RecordError(
            f"{path} is not JSON: {exc}. It is a note of an earlier run; remove it to go without."
        ) from exc
    if not isinstance(data, Mapping) or data.get("prefix") != session.prefix:
        raise RecordError(f"{path} is not a note about session {session.prefix!r}; remove it to go without.")
    try:
        return _with(session, data, path)
    except (TeardownError, TypeError, AttributeError, ValueError) as exc:
        raise RecordError(f"{path} is not a note of an earlier run: {exc}. Remove it to go without.") from exc


def with_another(session: Session, text: str, path: str) -> Session:
    """The same, for a session that may know another note already, of the same or of another run."""
    both = with_journal(session, text, path)
    if not session.note:
        return both
    # Of a run that was cut off nobody knows when it ended; and what is younger than both notes is of neither.
    noted = max(session.noted, both.noted) if session.noted and both.noted else ""
    return both.learned(note=f"{session.note} and {both.note}", noted=noted)


def _with(session: Session, data: Mapping[str, Any], path: str) -> Session:
    kept: tuple[str, ...]
    if "version" not in data:  # 0.2.0 and before: its uids do not say where, of what and why
        kept, told = (
            ("prefix", *KEYS),
            f"{path} (of an earlier version: only its Plans, Migrations and Providers count)",
        )
    elif data["version"] == VERSION and data.get("verdict") == "clean":
        kept, told = ("prefix", "lineage", "traces"), f"{path} (of a run that ended clean)"
    elif data["version"] == VERSION:
        kept, told = _KEPT, path if data.get("verdict") else f"{path} (of a run that came to no verdict)"
    else:
        raise TeardownError(f"its version is {data['version']!r}, and {VERSION} is known")
    told_keys = {key: data[key] for key in kept if key in data}
    earlier = from_dict({**told_keys, "pattern": session.pattern})
    written = str(data.get("written") or "") if "version" in data else ""
    _check(session, earlier, written)
    return session.learned(
        started=min([time for time in (session.started, earlier.started) if time], default=""),
        namespaces=tuple(sorted({*session.namespaces, *earlier.namespaces})),
        **{name: merge_keys(getattr(earlier, name), getattr(session, name)) for name in KEYS},
        lineage={**earlier.lineage, **session.lineage},
        traces={**earlier.traces, **session.traces},
        identities={**session.identities, **earlier.identities},
        note=told,
        noted=written
        if kept == _KEPT and data.get("verdict")
        else "",  # of a run that was cut off nobody knows when it ended
    )


def _check(session: Session, earlier: Session, written: str) -> None:
    """Raise TeardownError for what this code would not have written."""
    uids = [key.uid for key in earlier.keys]
    cluster = [uid for uid, trace in earlier.traces.items() if trace.group not in SEARCHED]
    wrong = [
        u for u in (*uids, *cluster, *earlier.identities.values()) if not (isinstance(u, str) and _UID.fullmatch(u))
    ]
    if wrong:
        raise TeardownError(f"{wrong[0]!r} is not a uid")
    texts = [text for trace in earlier.traces.values() for text in asdict(trace).values()]
    texts += [*earlier.lineage.values(), *earlier.namespaces]
    if not all(isinstance(text, str) for text in texts):
        raise TeardownError("what it says of an object is no text")
    untold = [uid for uid in earlier.lineage if uid not in earlier.traces]
    if untold:
        raise TeardownError(f"it does not say what {untold[0]!r} was")
    known = earlier.learned(records=session.records)
    strange = [key for key in earlier.keys if not _is_ours(known, key)]
    if strange:
        raise TeardownError(f"nothing shows that {strange[0].namespace}/{strange[0].name} was the session's")
    for time in (earlier.started, written):
        if time and not _TIME.fullmatch(time):
            raise TeardownError(f"{time!r} is not a time")


def _is_ours(session: Session, key: Key) -> bool:
    """Whether the name of a Plan, Migration, Provider or Conversion shows the session, or leads to what does."""
    if session.is_own_namespace(key.namespace) or prefixes.may_be_cut(key.name):
        return True
    if prefixes.matches(session.prefix, key.name) or key.plan_uid in {plan.uid for plan in session.plans}:
        return True
    trace = session.traces.get(key.uid)
    if trace is not None and (trace.kind, trace.namespace, trace.name) == ("Conversion", key.namespace, key.name):
        return True  # it was recorded, and a later run need not be given the record; its key leads to its pod alone
    return any((r.namespace, r.name) == (key.namespace, key.name) for r in session.records)


# -- the same prefix again --------------------------------------------------------------------------------------


def on_providers(session: Session, text: str, path: str) -> Session:
    """The session with what the note at this path says of source providers, and nothing else of it."""
    noted = forgotten(
        with_journal(Session(session.prefix, records=session.records, pattern=session.pattern), text, path)
    )
    return session.learned(lineage={**noted.lineage, **session.lineage}, traces={**noted.traces, **session.traces})


def forgotten(session: Session) -> Session:
    """The session without its keys on the cluster; what was noted on source providers may still be there."""
    traces = {uid: trace for uid, trace in session.traces.items() if trace.group in SEARCHED}
    return session.learned(
        started="",
        namespaces=(),
        **dict.fromkeys(KEYS, ()),
        lineage={uid: test for uid, test in session.lineage.items() if uid in traces},
        traces=traces,
        identities={},
        note=f"{session.note} (of an earlier session with that prefix)" if session.note else "",
        noted="",
    )
