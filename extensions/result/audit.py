# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recomputes the verdict of a result of mtv.teardown from the file alone, and says what is missing or contradicts.

    python3 audit.py .data-collector/teardown-auto-ab12.result.json

It needs Python 3.11 or newer and nothing else, uses none of the collection's own code, and asks no server. Exit codes:
0 each result supports the verdict that it tells; 1 one of them does not; 2 a file is no result, or cannot be read;
3 a run was begun and has not ended, so there is no verdict to support.

It finds what does not fit together. Who rewrites a whole file so that all of it fits is not found by this.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

AGREES, CONTRADICTS, NO_RESULT, NOT_ENDED = 0, 1, 2, 3
# List of the result -> what a target in it became.
OUTCOMES = {"deleted": "gone", "leftovers": "left", "accepted": "accepted", "kept": "kept", "unseen": "unseen"}
COUNTED = (*OUTCOMES, "refused", "unreadable", "not_covered", "not_done")
# Only of a run that was to take finalizers off.
FINALIZERS = ("finalizers_removed", "finalizers_kept")
# Only of a session that changed objects of others for a time; what became of one of these -> whether it is left.
CHANGES = "changes"
UNDOING = {"gone": False, "other-object": False, "as-before": False, "unread": False}
UNDOING |= dict.fromkeys(("to-undo", "changed-since", "not-allowed", "not-recorded"), True)
LISTS = (*COUNTED, "targets", "looks", "asked", "scopes", "phases")
# Looks at the cluster that have to agree, and to come after the last deletion.
AGREEING = 2
FORM = 1

Entry = dict[str, Any]


class NoResultError(Exception):
    """What was read is not a result of this form."""


class Audit:
    """findings: what is missing or contradicts; verdict: what the rest of the file supports."""

    def __init__(self, result: Entry) -> None:
        self.result = result
        self.findings: list[str] = []
        self.required = 0
        self.read = 0
        cluster = [look for look in result["looks"] if look["of"] == "cluster"]
        self.last = cluster[-AGREEING:]
        self.surveys = [look for look in result["looks"] if look["of"] == "providers"][-1:]
        self.judging = [*self.last, *self.surveys]
        self.sweeps = len(cluster)
        self.asks: dict[tuple[str, int], list[Entry]] = {(look["of"], look["number"]): [] for look in result["looks"]}
        for ask in result["asked"]:
            self.asks.setdefault((ask["of"], ask["look"]), []).append(ask)
        for check in (
            self._numbers,
            self._order_of_times,
            self._after_the_last_deletion,
            self._scopes_of_the_cluster,
            self._scopes_of_providers,
            self._scopes_as_told,
            self._unread_as_told,
            self._objects,
            self._finalizers,
            self._changes,
            self._counts,
        ):
            check()
        self.verdict = self._recomputed()
        if self.verdict != result["verdict"]:
            self._find(f"the verdict is told as {result['verdict']}, and the file supports {self.verdict}")

    def _find(self, text: str) -> None:
        self.findings.append(text)

    # -- looks ----------------------------------------------------------------------------------------------

    def _numbers(self) -> None:
        result = self.result
        for of in ("cluster", "providers"):
            numbers = [look["number"] for look in result["looks"] if look["of"] == of]
            if numbers != list(range(1, len(numbers) + 1)):
                self._find(f"looks at {of} are numbered {numbers}: one is missing, or is there twice")
        if self.sweeps != result["sweeps"]:
            self._find(f"{result['sweeps']} looks at the cluster are told, and {self.sweeps} are there")
        if self.sweeps < AGREEING:
            self._find(f"{self.sweeps} looks at the cluster are there: fewer than {AGREEING} prove nothing")
        looks = {(look["of"], look["number"]): look for look in result["looks"]}
        for key, asks in self.asks.items():
            name = f"look {key[1]} at {key[0]}"
            if key not in looks:
                self._find(f"{name} is missing, of which there are {len(asks)} questions")
                continue
            failed = sum(ask["outcome"] != "read" for ask in asks)
            if (len(asks), failed) != (looks[key]["asked"], looks[key]["failed"]):
                told = f"{looks[key]['asked']} questions, {looks[key]['failed']} of them without a whole answer"
                self._find(f"{name} has asked {told}; {len(asks)} and {failed} are there")
        for ask in result["asked"]:
            if (ask["count"] is None) != (ask["outcome"] == "failed"):
                self._find(f"{_place(ask)}: {ask['outcome']}, and a count of {ask['count']}")

    def _order_of_times(self) -> None:
        for look in self.result["looks"]:
            inside = [ask["time"] for ask in self.asks[(look["of"], look["number"])]]
            if not all(look["began"] <= time <= look["ended"] for time in (look["ended"], *inside)):
                self._find(f"look {look['number']} at {look['of']} has questions from outside its time")
            if look["ended"][:19] > self.result["ended"][:19]:
                self._find(f"look {look['number']} at {look['of']} ended after the run did")
        for of in ("cluster", "providers"):
            looks = [look for look in self.result["looks"] if look["of"] == of]
            for before, after in pairwise(looks):
                if after["began"] < before["ended"]:
                    self._find(f"look {after['number']} at {of} began before look {before['number']} had ended")
        for target in self.result["targets"]:
            if target["asked"] and target["gone"] and target["gone"] < target["asked"]:
                self._find(f"{_name(target)} was gone before it was asked to go")

    def _after_the_last_deletion(self) -> None:
        deletions = [target["asked"] for target in self.result["targets"] if target["asked"]]
        deletions += [entry["undone"] for entry in self.result.get(CHANGES, ())]
        deletions += [entry["removed"] for entry in self.result.get(FINALIZERS[0], ())]
        last = max(deletions, default="")
        for look in self.result["looks"]:
            early = [a for a in self.asks[(look["of"], look["number"])] if a["time"] < last]
            if look["began"] < last or early:
                self._find(f"look {look['number']} at {look['of']} was before the last deletion, which was at {last}")

    # -- what was read --------------------------------------------------------------------------------------

    def _scopes_of_the_cluster(self) -> None:
        unread = {_key(entry) for entry in self.result["unreadable"]}
        for look in self.last:
            asks = [ask for ask in self.asks[("cluster", look["number"])] if _is_whole(ask)]
            read = {_key(ask) for ask in asks if ask["outcome"] == "read"}
            tried = {_key(ask) for ask in asks}
            if look["namespaces"] is None and ("v1", "Namespace", None, "") not in unread | _hiding(unread):
                self._find(f"look {look['number']}: the namespaces are not known, and nothing says why")
            for api_version, kind, namespace in _required(look):
                self.required += 1
                keys = {(api_version, kind, namespace, ""), (api_version, kind, None, "")}
                if keys & read:
                    self.read += 1
                elif not keys & tried:
                    self._find(f"look {look['number']}: nobody asked for {_shown(api_version, kind, namespace)}")
                elif not keys & unread:
                    told = _shown(api_version, kind, namespace)
                    self._find(f"look {look['number']}: {told} could not be read, and is not among what could not")

    def _scopes_of_providers(self) -> None:
        wanted = [one["key"] for one in self.result["inputs"]["providers"]]
        looked = [key for look in self.surveys for key in look["providers"]]
        if sorted(wanted) != sorted(looked):
            self._find(f"providers to be looked at: {sorted(wanted)}; looked at: {sorted(looked)}")
        asks = [ask for look in self.surveys for ask in self.asks[("providers", look["number"])]]
        for key in wanted:
            self.required += 1
            of_it = [ask for ask in asks if ask["provider"] == key]
            self.read += bool(of_it) and all(ask["outcome"] == "read" for ask in of_it)
            if not of_it:
                self._find(f"nobody asked provider {key} for anything")

    def _scopes_as_told(self) -> None:
        """The list of scopes is that of the last look, and of the providers."""
        asks = [a for look in (*self.last[-1:], *self.surveys) for a in self.asks[(look["of"], look["number"])]]
        seen = Counter((*_key(a), a["count"]) for a in asks if a["outcome"] == "read" and _is_whole(a))
        told = Counter((*_key(scope), scope["count"]) for scope in self.result["scopes"])
        for key in (seen - told) + (told - seen):
            where = "asked, and not among the scopes" if key in seen - told else "among the scopes, and not asked"
            self._find(f"{_shown(*key[:3])}{' on ' + key[3] if key[3] else ''} with {key[4]} objects is {where}")

    def _unread_as_told(self) -> None:
        asks = [ask for look in self.judging for ask in self.asks[(look["of"], look["number"])]]
        failed = {_key(ask) for ask in asks if ask["outcome"] != "read"}
        unread = {_key(entry) for entry in self.result["unreadable"]}
        for key in unread - failed:
            self._find(f"{_shown(*key[:3])} is told as unreadable, and no look failed there")
        for ask in asks:
            # A wider look that the account may not have is made good by narrower ones; of these, coverage tells.
            if ask["outcome"] != "read" and (ask.get("provider") or not ask["kind"]) and _key(ask) not in unread:
                self._find(f"{_place(ask)} could not be read, and is not among what could not")

    # -- objects --------------------------------------------------------------------------------------------

    def _objects(self) -> None:
        listed: dict[str, str] = {}
        for name, outcome in OUTCOMES.items():
            for entry in self.result[name]:
                if entry["uid"] in listed:
                    self._find(f"{_name(entry)} is both {listed[entry['uid']]} and {outcome}")
                listed[entry["uid"]] = outcome
        targets = {target["uid"]: target for target in self.result["targets"]}
        if len(targets) != len(self.result["targets"]):
            self._find("a target is there twice")
        for uid in listed.keys() | targets.keys():
            told, became = listed.get(uid), targets[uid]["outcome"] if uid in targets else None
            if told != became:
                of = f"told as {told or 'nothing'}, and as a target {became or 'missing'}"
                self._find(f"{_name(targets[uid]) if uid in targets else uid} is {of}")
        self._met(listed)
        for target in targets.values():
            read = self._was_read(target)
            if target["outcome"] == "gone" and not read:
                self._find(f"{_name(target)} is told as gone, and the last look could not have seen it")
            if target["outcome"] == "unseen" and read:
                self._find(f"{_name(target)} is told as unseen, and the last look could have seen it")

    def _met(self, listed: dict[str, str]) -> None:
        """What the last looks met is what is left, and the other way round."""
        looks = (*self.last[-1:], *self.surveys)
        ours = {uid for look in looks for uid in look["ours"]}
        kept = {uid for look in looks for uid in look["kept"]}
        for seen, outcomes in ((ours, ("left", "accepted")), (kept, ("kept",))):
            told = {uid for uid, outcome in listed.items() if outcome in outcomes}
            for uid in seen ^ told:
                met = "met by the last look, and not told as left" if uid in seen else "told as left, and not met"
                self._find(f"{uid} was {met}")
        if self.result["verdict"] == "clean" and len({frozenset(look["ours"]) for look in self.last}) > 1:
            self._find("the last two looks at the cluster met different objects of the session")

    def _was_read(self, target: Entry) -> bool:
        if target.get("provider"):
            asks = [a for look in self.surveys for a in self.asks[(look["of"], look["number"])]]
            read = {(a["provider"], a["kind"]) for a in asks if a["outcome"] == "read"}
            return (target["provider"], target["kind"]) in read
        look = self.last[-1] if self.last else None
        if look is None:
            return False
        if target["namespace"] in look["absent_namespaces"]:
            return True
        asks = [ask for ask in self.asks[("cluster", look["number"])] if _is_whole(ask) and ask["outcome"] == "read"]
        wanted = {(target["api_version"], target["kind"], place, "") for place in (target["namespace"], None)}
        return bool(wanted & {_key(ask) for ask in asks})

    def _finalizers(self) -> None:
        """Each was of a target and named what that had; the verdict says so; what is gone has none that stays."""
        targets = {target["uid"]: target for target in self.result["targets"]}
        removed, kept = ([*self.result.get(name, ())] for name in FINALIZERS)
        for entry in (*removed, *kept):
            target, told = targets.get(entry["uid"]), f"{_name(entry)}: finalizer {entry['finalizer']}"
            wrong = ["is of no target"] if target is None else []
            wrong += ["was not among those that it had"] if entry["finalizer"] not in entry["finalizers"] else []
            wrong += _taken(entry, target or {}) if entry in removed else []
            wrong += (
                ["is told as kept, and it is gone"] if entry in kept and (target or {}).get("outcome") == "gone" else []
            )
            for text in wrong:
                self._find(f"{told} {text}")
        if removed and not any("taken off" in line for line in self.result["summary"][:2]):
            self._find("finalizers were taken off, and the summary does not begin with that")

    def _changes(self) -> None:
        """What is not as it was before is among what is left; what nobody read, among what could not be read; and the
        last look asked for each."""
        left = {entry["uid"] for name in ("leftovers", "accepted") for entry in self.result[name]}
        unread = {(*_key(entry), entry["name"]) for entry in self.result["unreadable"]}
        looks = [*self.last[-1:], *self.surveys]
        asks = [ask for look in looks for ask in self.asks[(look["of"], look["number"])] if ask.get("name")]
        # VMs of one provider may have one name; these are asked for by what they are known by.
        asked = {(*_key(ask), ask["query"] if ask.get("provider") else ask["name"]): ask for ask in asks}
        for entry in self.result.get(CHANGES, ()):
            key, name = (*_key(entry), entry["name"]), f"the change of {_name(entry)}"
            self.required += 1
            ask = asked.get((*key[:-1], entry["uid"]) if entry.get("provider") else key)
            self.read += ask is not None and ask["outcome"] == "read"
            if ask is None:
                self._find(f"{name}: the last look did not ask for it")
            elif (ask["outcome"] == "read") == (entry["outcome"] == "unread"):
                self._find(f"{name} is told as {entry['outcome']}, and the last look's question was {ask['outcome']}")
            elif ask["outcome"] == "read" and (ask["count"] == 0) != (entry["outcome"] == "gone"):
                self._find(f"{name} is told as {entry['outcome']}, and the last look met {ask['count']}")
            if entry["outcome"] not in UNDOING or UNDOING[entry["outcome"]] != (entry["uid"] in left):
                self._find(f"{name} is told as {entry['outcome']}, and that is not what is told as left")
            if entry["outcome"] == "unread" and key not in unread:
                self._find(f"{name} could not be read, and is not among what could not")

    # -- the whole ------------------------------------------------------------------------------------------

    def _counts(self) -> None:
        told = self.result["artifacts"]
        for name in (*COUNTED, *FINALIZERS):
            counted, there = told["mtv_teardown_counts"].get(name), self.result.get(name)
            if counted != (None if there is None else len(there)):
                self._find(f"{counted} {name} were handed over, and {len(there or ())} are there")
        if told["mtv_teardown_verdict"] != self.result["verdict"]:
            self._find(f"the verdict that was handed over is {told['mtv_teardown_verdict']}")

    def _recomputed(self) -> str:
        result = self.result
        accepted = {entry["uid"] for entry in result["accepted"]}
        met = {uid for look in (*self.last[-1:], *self.surveys) for uid in look["ours"]} - accepted
        if result["leftovers"] or met:
            return "leftovers"
        alone = result["inputs"]["openshift_only"]
        unknown = [*result["unreadable"], *result["kept"], *([] if alone else result["not_covered"])]
        unknown += [entry for entry in result["not_done"] if _counts_undone(entry)]
        second = result.get("second_look") or {"agrees": True}
        unknown += [] if second["agrees"] is True else [second]
        unread = self.read < self.required or not result["scopes"]
        unread = unread or len({frozenset(look["ours"]) for look in self.last}) > 1
        return "unverified" if unknown or unread or self.findings else "clean"


def _taken(entry: Entry, target: Entry) -> list[str]:
    """What is wrong with a finalizer that was taken off."""
    wrong = []
    if target.get("gone") and target["gone"] < entry["removed"]:
        wrong.append("was taken off when it was gone already")
    if not target.get("asked") or entry["removed"] < target["asked"]:
        wrong.append("was taken off before it was asked to go")
    if entry["by"] not in ("reading", "word") or not entry["rule"]:
        wrong.append("was taken off, and nothing says what showed that it may be")
    return wrong


def _counts_undone(entry: Entry) -> bool:
    """A migration that goes on may leave something on its source; an archive that never came only if a right was
    missing."""
    return bool(entry["kind"] == "Migration" or entry["cause"] in ("forbidden", "unauthorized"))


def _required(look: Entry) -> Iterator[tuple[str, str, str | None]]:
    wanted = look["required"]
    for name in (*wanted["cluster"], *wanted["everywhere"]):
        yield (*_split(name), None)
    for namespace in look["namespaces"] or ():
        for name in wanted["namespaces"]:
            yield (*_split(name), namespace)


def _split(name: str) -> tuple[str, str]:
    api_version, _slash, kind = name.rpartition("/")
    return api_version, kind


def _key(entry: Entry) -> tuple[str, str, Any, str]:
    return entry["api_version"], entry["kind"], entry["namespace"], entry.get("provider") or ""


def _hiding(unread: Iterable[tuple[str, str, Any, str]]) -> set[tuple[str, str, Any, str]]:
    """Without discovery nothing else was asked for."""
    return {("v1", "Namespace", None, "")} if any(key[0] == "discovery" for key in unread) else set()


def _is_whole(ask: Entry) -> bool:
    """A question about a kind, and not about one name or about what there is to ask for."""
    return bool(ask["kind"]) and "?fieldSelector=" not in ask["query"] and not ask.get("name")


def _shown(api_version: str, kind: str, namespace: str | None) -> str:
    return f"{kind or 'everything'} ({api_version}) in {namespace or 'the whole'}"


def _place(ask: Entry) -> str:
    on = f" on {ask['provider']}" if ask.get("provider") else ""
    return f"{_shown(ask['api_version'], ask['kind'], ask['namespace'])}{on}"


def _name(entry: Entry) -> str:
    place = f"{entry['namespace']}/" if entry["namespace"] else ""
    return f"{entry['kind']} {place}{entry['name']}"


def audit(result: Any) -> Audit | None:
    """None for a run that has not ended. NoResultError for what is not of this form."""
    if not isinstance(result, dict) or "verdict" not in result:
        raise NoResultError("it is no result of mtv.teardown")
    if not result.get("ended"):
        return None
    if result.get("form") != FORM:
        raise NoResultError(f"its form is {result.get('form')!r}, and {FORM} is known")
    missing = [name for name in (*LISTS, "inputs", "artifacts", "sweeps") if name not in result]
    if missing:
        raise NoResultError(f"it has no {', '.join(missing)}")
    try:
        return Audit(result)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as exc:
        raise NoResultError(f"it is not of the form that its schema describes: {exc!r}") from exc


def told(path: Path, result: Any) -> tuple[int, list[str]]:
    """The exit code for one result, and what to say of it."""
    try:
        found = audit(result)
    except NoResultError as exc:
        return NO_RESULT, [f"{path}: {exc}"]
    if found is None:
        return NOT_ENDED, [f"{path}: this run has not come to its end: there is no verdict"]
    read = f"{found.read} of {found.required} scopes read in the looks that count"
    if not found.findings:
        return AGREES, [f"{path}: {found.verdict}, and the file supports it: {read}"]
    title = f"{path}: told as {result['verdict']}; the file supports {found.verdict}: {read}"
    return CONTRADICTS, [title, *(f"  {text}" for text in found.findings)]


def main(arguments: list[str]) -> int:
    """Audit each file, and each result in a folder. The worst of them is the exit code."""
    parser = argparse.ArgumentParser(description="See whether a result of mtv.teardown supports its verdict.")
    parser.add_argument("results", nargs="+", type=Path, help="result files, or folders of *.result.json")
    files = [f for path in parser.parse_args(arguments).results for f in _files(path)]
    worst = NO_RESULT if not files else AGREES
    for path in files:
        try:
            code, lines = told(path, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as exc:
            code, lines = NO_RESULT, [f"{path}: {exc}"]
        worst = max(worst, code, key=(AGREES, NOT_ENDED, CONTRADICTS, NO_RESULT).index)
        print("\n".join(lines))
    if not files:
        print("there is no result")
    return worst


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.result.json")) if path.is_dir() else [path]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
