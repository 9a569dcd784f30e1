# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every face of a result says: its totals, its leftovers by cause, and the commands about each. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import entry as catalogue
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import number_of, shown

Entry = Mapping[str, Any]
# Of each how many there are; what is not in the result is not known, which is not zero.
TOTALS = (
    "deleted",
    "leftovers",
    "accepted",
    "kept",
    "unseen",
    "refused",
    "absent",
    "unreadable",
    "not_covered",
    "not_done",
    "scopes",
)
# Of these only where the run was to do such a thing.
OPTIONAL = ("finalizers_removed", "finalizers_kept")
WORDS = {
    "deleted": "deleted",
    "leftovers": "left",
    "accepted": "accepted",
    "kept": "kept, for nobody can tell whose it is",
    "unseen": "not seen whether they are gone",
    "refused": "not touched",
    "absent": "already gone",
    "unreadable": "could not be read",
    "not_covered": "on source providers, not looked at",
    "not_done": "not canceled or archived",
    "scopes": "scopes read",
    "finalizers_removed": "finalizers taken off",
    "finalizers_kept": "finalizers named and not taken off",
}
# What is not known, and not zero.
DASH = "\N{EN DASH}"
VERDICTS = ("clean", "leftovers", "unverified")
# What nobody knows the end of.
UNKNOWN = ("unreadable", "kept", "unseen", "not_covered", "not_done")
# How many entries of a list are shown, where a face is for people.
MOST = 50
_LISTS = (*TOTALS, *OPTIONAL, "targets", "looks", "asked", "phases", "earlier_runs")
# What XML 1.0 cannot hold, and what a terminal or a browser would take for more than a character.
_ODD = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A result as it was read from its file. path: of that file, for people."""

    data: Entry
    path: str = ""
    totals: Mapping[str, int | None] = field(init=False)

    def __post_init__(self) -> None:
        wanted = (*TOTALS, *(name for name in OPTIONAL if name in self.data))
        totals = {name: len(self.data[name]) if name in self.data else None for name in wanted}
        object.__setattr__(self, "totals", totals)

    def listed(self, name: str) -> list[Any]:
        """The entries of a list; none where the result has no such list."""
        found: list[Any] = list(self.data.get(name) or ())
        return found

    def text(self, name: str) -> str:
        return str(self.data.get(name) or "")

    def within(self, name: str, key: str) -> str:
        """One text of a dictionary of the result, such as the address of the cluster."""
        return str((self.data.get(name) or {}).get(key) or "")

    @property
    def evidence(self) -> tuple[list[Entry], list[str]]:
        """Files about objects in trouble, by their paths from the folder of the result; and what could not be kept."""
        kept = self.data.get("evidence")
        kept = kept if isinstance(kept, Mapping) else {}
        return list(kept.get("files") or ()), [str(note) for note in kept.get("notes") or ()]

    @property
    def verdict(self) -> str:
        return str(self.data["verdict"])

    @property
    def prefix(self) -> str:
        return self.within("session", "prefix") or self.within("artifacts", "mtv_teardown_session")

    @property
    def ended(self) -> bool:
        """False for a run that was begun and cut off: of it nothing is known."""
        return bool(self.data.get("ended"))

    @property
    def headline(self) -> str:
        lines = self.listed("summary")
        return str(lines[1]) if len(lines) > 1 else self.verdict.upper()


def of(data: Any, path: str = "") -> Told:
    """RecordError for what is no result."""
    wrong = not isinstance(data, dict) or data.get("verdict") not in VERDICTS
    if wrong or not all(_is_list(data.get(name, [])) for name in _LISTS):
        raise RecordError(f"{path} is no result of a run of mtv.teardown.")
    return Told(readable(data), path)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def readable(value: Any) -> Any:
    """Without characters that no face can show."""
    if isinstance(value, str):
        return _ODD.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {readable(key): readable(one) for key, one in value.items()}
    return [readable(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Group:
    """What is left for one cause. name: of the cause, with where it is so, if that is needed to tell two apart; about:
    what the catalogue has of it, None for a cause of a later release."""

    name: str
    about: catalogue.Entry | None
    entries: list[Entry]

    @property
    def risk(self) -> str:
        """Of the commands that mend, where there are such for one of them."""
        if self.about is None or not self.about.commands:
            return ""
        mended = any(what == "mend" for entry in self.entries for what, _command in commands(entry, {}))
        return self.about.risk if mended else ""


def by_cause(entries: Iterable[Entry]) -> list[Group]:
    """What is left, those of the most frequent cause first."""
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((str(entry.get("cause") or "unknown"), table.where(entry)), []).append(entry)
    names = Counter(cause for cause, _where in groups)
    made = [
        Group(f"{cause} on {where}" if names[cause] > 1 else cause, table.of(same[0]), same)
        for (cause, where), same in groups.items()
    ]
    return sorted(made, key=lambda group: (-len(group.entries), group.name))


def commands(entry: Entry, result: Entry) -> list[tuple[str, str]]:
    """(look or mend, what to type about an object that is left); whoever looks changes nothing. result: that it is in,
    which says on which cluster."""
    context = (result.get("cluster") or {}).get("context")
    return list(catalogue.commands(table.of(entry), entry, str(context or "")))


def seen_lines(entry: Entry) -> list[str]:
    """What was read of an object that is left, line by line: what holds it on the cluster, its state on a provider."""
    held = entry.get("held_by")
    if not isinstance(held, Mapping):
        return []
    lines = []
    for name, value in held.items():
        many = value if isinstance(value, list) else [value]
        word = str(name).replace("_", " ")
        word = word.removesuffix("s") if isinstance(value, list) else word
        lines += [f"{word}: {_on_one_line(one)}" for one in many if one not in ("", None, False)]
    return lines


def _on_one_line(value: Any) -> str:
    """A condition as Kubernetes' own commands show it; whatever else as it is."""
    if isinstance(value, Mapping) and {"type", "status"} <= set(value):
        return f"{value['type']}={value['status']} {value.get('message') or ''}".rstrip()
    return " ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def by_reason(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(str(entry.get("reason") or ""), []).append(entry)
    return groups


def counts(entries: Iterable[Entry]) -> str:
    """Such as C(2 PersistentVolumeClaims, 1 VirtualMachine)."""
    counted = Counter(str(entry["kind"]) for entry in entries)
    return ", ".join(number_of(number, kind) for kind, number in sorted(counted.items()))


def earlier_lines(result: Entry) -> list[str]:
    """What runs before this one did, a line for each."""
    return [_earlier_line(one) for one in result.get("earlier_runs") or ()]


def _earlier_line(run: Entry) -> str:
    if run.get("error"):
        return f"of earlier runs nothing is known: {run['error']}"
    intended = list(run.get("intended") or ())
    deleted, changed = ([one for one in intended if one.get("what") == what] for what in ("delete", "change"))
    told = [f"it set out to delete {len(deleted)} ({counts(deleted)})"] if deleted else []
    told += [f"it set out to change {len(changed)} ({counts(changed)})"] if changed else []
    told += [f"{run['dropped']} more, older ones, for which its journal had no room"] if run.get("dropped") else []
    left = {str(one["uid"]) for one in intended if one.get("left")}
    told += [f"{len(left)} of all these {'is' if len(left) == 1 else 'are'} still there"] if left else []
    came = f"came to {run['verdict']}" if run.get("verdict") else "came to no verdict"
    return (
        f"earlier run {run['run_id']} ({run['began']} to {run['ended']}) {came}: {', '.join(told) or 'it did nothing'}"
    )


def phase_rows(told: Told) -> list[tuple[str, str, str, str, str]]:
    """(phase, found, deleted, left, time) of those that ran."""
    return [
        (
            str(phase["name"]).replace("_", " "),
            known(phase.get("found")),
            known(phase.get("done")),
            known(phase.get("left")),
            f"{phase['seconds']:.1f} s" if phase.get("seconds") is not None else known(None),
        )
        for phase in told.listed("phases")
        if phase.get("ran")
    ]


def known(number: Any) -> str:
    """A number, or a dash where nobody knows it."""
    return DASH if number is None else str(number)


def name_of(entry: Entry) -> str:
    """Of an entry about one finalizer, with that."""
    return shown(entry) + (f", {entry['finalizer']}" if entry.get("finalizer") else "")
