# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a run in lines that a tired engineer can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._report.record import session_of
from ansible_collections.mtv.teardown.plugins.module_utils._report.told import MOST
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import LEDGER
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import SEARCHED
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import shown

Entry = Mapping[str, Any]
# Longer lists are cut in the summary; the result and the JSON file have them whole.


def already_gone(absent: Iterable[Entry], deleted: Iterable[Entry]) -> list[dict[str, Any]]:
    """Records that nothing was there for, without those whose object this run deleted."""
    deleted = list(deleted)
    taken = {(entry["kind"], entry["namespace"], entry["name"]) for entry in deleted}
    # A record names the type of the provider where a result names the kind of the object.
    taken |= {(entry["api_version"], None, entry["name"]) for entry in deleted if entry.get("provider")}
    return [dict(entry) for entry in absent if (entry["kind"], entry["namespace"], entry["name"]) not in taken]


def of_inputs(session: Session) -> list[str]:
    """Before any server is asked."""
    return [
        _title(session_of(session), {}),
        f"{_number(session.records, 'entry', 'entries')}; no server was asked.",
    ]


def of_targets(session: Session, result: Mapping[str, Any]) -> list[str]:
    """Before anything is touched."""
    targets = result["targets"]
    lines = [
        _title(session_of(session), result),
        f"{_number(targets, 'object')} of it {_are(targets)} there{': ' + _told.counts(targets) if targets else ''}.",
    ]
    lines += _note(session_of(session))
    # Whole, however long: what check mode shows is what a run deletes, and check mode leaves no file to look it up in.
    lines += ["to be deleted:", *(f"  {_owned_line(entry)}" for entry in targets)] if targets else []
    lines += _not_touched(result["refused"])
    lines += _section("could not be read", result["unreadable"], _error_line)
    lines += _where_clones_may_be(session, result)
    return lines + (result["rights"]["summary"] if result.get("rights") else [])


def _where_clones_may_be(session: Session, result: Mapping[str, Any]) -> list[str]:
    """The phases of the providers say what they find there."""
    on_provider = [record for record in session.records if record.on_provider]
    lines = [f"on source providers: {_number(on_provider, 'entry', 'entries')}"] if on_provider else []
    missing = sorted(set(result["provider_types"]) - set(result["configured"]))
    return lines + [f"no {kind} provider is configured, so nobody looks there" for kind in missing]


def of_rights(told: Mapping[str, Any]) -> list[str]:
    """What an account lacks, by the place where it lacks it."""
    places: dict[tuple[str, str], list[str]] = {}
    for entry in told["missing"]:
        where = f"on {entry['provider']}" if entry["provider"] else _where(entry["namespace"])
        given = f"given by {entry['remedy']}" if entry["remedy"] else "given by no manifest of this collection"
        places.setdefault((where, given), []).append(_right_line(entry))
    lines = [f"missing rights: {len(told['missing'])}"] if places else []
    lines += [f"  {where}: {', '.join(rights)}; {given}" for (where, given), rights in places.items()]
    return lines + _section("rights that could not be asked for", told["unchecked"], _unchecked_line)


def _where(namespace: str | None) -> str:
    return f"in namespace {namespace}" if namespace else "in the whole cluster"


def _right_line(entry: Entry) -> str:
    return f"{entry['verb']} on {entry['name']}" if entry["provider"] else f"{entry['verb']} {entry['resource']}"


def _unchecked_line(entry: Entry) -> str:
    return f"{entry['provider'] or 'the cluster'}: {entry['error']}"


def of_verdict(session: Session, result: Mapping[str, Any]) -> list[str]:
    """After the last look."""
    return of_result({**result, "session": session_of(session)})


def of_result(result: Mapping[str, Any]) -> list[str]:
    """The same from the result alone, as it stands in its file."""
    who = result["session"]
    lines = [
        _title(who, result),
        _headline(result) + _by_force(result),
        *_note(who),
        *_told.earlier_lines(result),
        *_nothing(who, result),
        *_phases(result),
    ]
    for group in _told.by_cause(result["leftovers"]):
        lines += [f"left for {group.name}: {len(group.entries)}", *([f"  {group.about.title}"] if group.about else [])]
        lines += [f"  before you mend: {group.risk}"] if group.risk else []
        lines += [line for entry in group.entries[:MOST] for line in _leftover(entry, result)]
        lines += _more(group.entries)
    lines += _section("could not be read", result["unreadable"], _error_line)
    lines += _section("not seen whether they are gone", result["unseen"], shown)
    lines += _section("kept, for nobody can tell whose it is", result["kept"], _kept_line)
    lines += _section("accepted", result["accepted"], lambda e: f"{shown(e)}: {e['accepted_because']}")
    lines += _section("finalizers taken off", result.get("finalizers_removed") or [], _taken_off)
    lines += _section("finalizers named and not taken off", result.get("finalizers_kept") or [], _not_taken_off)
    lines += _not_touched(result["refused"])
    lines += _section("on source providers, not looked at", result["not_covered"], _uncovered)
    lines += _section("not canceled or archived", result["not_done"], _undone)
    lines.append(
        f"deleted {len(result['deleted'])}, already gone {len(result['absent'])}, left {len(result['leftovers'])}, "
        f"accepted {len(result['accepted'])}, kept {len(result['kept'])}, not touched {len(result['refused'])}; "
        f"{len(result['scopes'])} scopes read {result['sweeps']} times"
    )
    if result["deleted"]:
        lines.append(f"deleted by kind: {_told.counts(result['deleted'])}")
    if result.get("insecure"):
        lines.append(f"certificates not verified, by choice: {', '.join(result['insecure'])}")
    kept = [entry for entry in result["deleted"] if entry["reason"]]
    lines += _section("storage that stays", kept, lambda e: f"{shown(e)}: {e['reason']}")
    lines += _evidence(result.get("evidence") or {})
    files = result.get("files") or {}
    names = {"record": "resources file", "providers": "providers file", "kubeconfig": "kubeconfig"}
    read = [f"{name} {', '.join(files[key])}" for key, name in names.items() if key in files]
    lines += [f"read: {'; '.join(read)}"] if read else []
    return lines + ([f"took {result['seconds']} s{_known_by(result)}"] if "seconds" in result else [])


def _evidence(kept: Mapping[str, Any]) -> list[str]:
    """Where to look at what failed or hangs, and what of that could not be kept."""
    files = kept.get("files") or []
    lines = [f"evidence: {_number(files, 'file')} in {kept['folder']}, beside the result"] if files else []
    return lines + [f"evidence: {note}" for note in kept.get("notes") or ()]


def _known_by(result: Mapping[str, Any]) -> str:
    return f"; run {result['run_id']}" if result["run_id"] else ""


def _phases(result: Mapping[str, Any]) -> list[str]:
    """A table, of a run that had more to do than to look."""
    rows = _told.phase_rows(_told.Told(result))
    if len(rows) < 2:
        return []
    table = [("phase", "found", "deleted", "left", "time"), *rows]
    width = max(len(row[0]) for row in table)
    return ["  ".join((row[0].ljust(width), *(cell.rjust(7) for cell in row[1:]))) for row in table]


def _nothing(who: Entry, result: Mapping[str, Any]) -> list[str]:
    """A mistyped prefix is clean, too."""
    seen = ("leftovers", "accepted", "kept", "unseen", "deleted", "absent", "refused", "not_covered", "not_done")
    if result["verdict"] != "clean" or who["records"] or who["note"] or any(result.get(name) for name in seen):
        return []
    searched = {
        str(scope["provider"]): str(scope["api_version"]) for scope in result["scopes"] if scope.get("provider")
    }
    where = (
        f"nothing on {', '.join(sorted(searched))}"
        if searched
        else "no provider was searched, for none is configured or wanted"
    )
    left_out = sorted(set(SEARCHED) - set(searched.values()))
    rest = (
        f"; not searched: {', '.join(left_out)}, of which none is configured or wanted" if searched and left_out else ""
    )
    return [f"nothing of {who['prefix']} was found anywhere: no object, no entry, {where}{rest}. Is the prefix right?"]


def handed_over(session: Session, result: Mapping[str, Any]) -> dict[str, Any]:
    """What C(set_stats) hands to the next job of a workflow. AWX shows it to whoever may read the job, so it says what
    is left and why by name, and nothing in a server's own words."""
    counted = ("deleted", "leftovers", "kept", "unseen", "accepted", "refused", "unreadable", "not_covered", "not_done")
    left = result["leftovers"][:MOST]
    return {
        "mtv_teardown_verdict": result["verdict"],
        "mtv_teardown_session": session.prefix,
        "mtv_teardown_counts": {name: len(result[name]) for name in (*counted, *_told.OPTIONAL) if name in result},
        "mtv_teardown_leftovers": [f"{shown(entry)}: {entry.get('cause') or 'left'}" for entry in left],
    }


def _title(who: Entry, result: Mapping[str, Any]) -> str:
    source = f" ({who['source']})" if who["source"] else ""
    cluster = result.get("cluster") or {}
    context = f", context {cluster['context']}" if cluster.get("context") else ""
    place = f" on {cluster['url']}{context}" if cluster.get("url") else ""
    return f"session {who['prefix'] or 'without a prefix'}{source}{place}"


def _note(who: Entry) -> list[str]:
    return [f"with the note of an earlier run: {who['note']}"] if who["note"] else []


def _headline(result: Mapping[str, Any]) -> str:
    if result["verdict"] == "clean":
        return "CLEAN: everything was read, and nothing of the session is left."
    left, unread, kept = result["leftovers"], result["unreadable"], result["kept"]
    if result["verdict"] == "leftovers":
        changed = [entry for entry in left if entry["evidence"] == LEDGER]
        own = [entry for entry in left if entry["evidence"] != LEDGER]
        told = [f"{_number(own, 'object')} of the session {_are(own)} still there"] if own else []
        told += (
            [f"{_number(changed, 'object')} that the session changed {_are(changed)} not as before"] if changed else []
        )
        return f"LEFTOVERS: {', and '.join(told)}."
    if unread:
        return f"UNVERIFIED: {_number(unread, 'scope')} could not be read, so nobody knows what is left there."
    if kept:
        return f"UNVERIFIED: of {_number(kept, 'object')} nobody can tell whether others use it: kept."
    if result["not_covered"]:
        entries = f"{_number(result['not_covered'], 'entry', 'entries')} {_are(result['not_covered'])}"
        return (
            f"UNVERIFIED: {entries} on source providers of which none is configured. "
            "Give providers_file, or set mtv_teardown_openshift_only to judge the cluster alone."
        )
    if result["not_done"]:
        undone = _number(result["not_done"], "migration or plan", "migrations or plans")
        return f"UNVERIFIED: {undone} did not end as asked: nobody knows what is left on the source."
    if result["scopes"]:
        return "UNVERIFIED: the last two looks at the cluster met different objects, and the time is over."
    return "UNVERIFIED: no scope was read."


def _by_force(result: Mapping[str, Any]) -> str:
    """Whoever reads a verdict has to know that not every controller has ended its own work."""
    removed = result.get("finalizers_removed")
    if not removed:
        return ""
    return f" {_number(removed, 'finalizer')} {'was' if len(removed) == 1 else 'were'} taken off, as the user named."


def _taken_off(entry: Entry) -> str:
    who = f" as {entry['account']}" if entry.get("account") else ""
    back = "; it was there again afterwards" if entry.get("came_back") else ""
    told = f"{shown(entry)}: {entry['finalizer']} at {entry.get('removed')}{who}"
    return f"{told}, by {entry.get('by')}: {entry['reason']}{back}"


def _not_taken_off(entry: Entry) -> str:
    return f"{shown(entry)}: {entry['finalizer']}: {entry['reason']}"


def _number(entries: Sized, one: str, many: str = "") -> str:
    return f"{len(entries)} {one if len(entries) == 1 else many or one + 's'}"


def _are(entries: Sized) -> str:
    return "is" if len(entries) == 1 else "are"


def _leftover(entry: Entry, result: Entry) -> list[str]:
    test = f"made by {entry['test_name']}; " if entry["test_name"] else ""
    lines = [f"  {shown(entry)}", f"    {test}the session's by {entry['evidence']}; uid {entry['uid']}"]
    if entry["reason"]:
        lines.append(f"    {entry['reason']}")
    # One to look and one to mend; the other faces have all of them.
    first = dict(reversed(_told.commands(entry, result)))
    lines.append(f"    next: {entry['next_step']}")
    return lines + [f"    {what}: {first[what]}" for what in ("look", "mend") if what in first]


def _kept_line(entry: Entry) -> str:
    return f"{shown(entry)}: {entry['reason']}"


def _undone(entry: Entry) -> str:
    return f"{shown(entry)}: {entry['reason']}; next: {entry['next_step']}"


def _uncovered(entry: Entry) -> str:
    """With where it was made, where that is told: somebody has to configure it."""
    return f"{shown(entry)}: {entry['reason']}" if entry["reason"].startswith("made on ") else shown(entry)


def _section(title: str, entries: list[Any], line: Any) -> list[str]:
    if not entries:
        return []
    return [f"{title}:", *(f"  {line(entry)}" for entry in entries[:MOST]), *_more(entries)]


def _not_touched(entries: list[Any]) -> list[str]:
    """By reason: one explains many."""
    lines = []
    for reason, same in _told.by_reason(entries).items():
        lines += [f"  {reason}:", *(f"    {shown(entry)}" for entry in same[:MOST]), *_more(same)]
    return ["not touched:", *lines] if lines else []


def _more(entries: list[Any]) -> list[str]:
    return [f"  … and {len(entries) - MOST} more, in the result"] if len(entries) > MOST else []


def _owned_line(entry: Entry) -> str:
    test = f", {entry['test_name']}" if entry["test_name"] else ""
    note = f"; {entry['reason']}" if entry["reason"] else ""
    return f"{shown(entry)} ({entry['evidence']}{test}){note}"


def _error_line(entry: Entry) -> str:
    return f"{shown(entry)}: {entry['error']}"
