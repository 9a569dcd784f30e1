# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown for the summary of a job, as GitHub and GitLab show it. Nothing in it is taken for markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._report.told import MOST, Told, name_of

# A summary of a job has a limit, and nobody reads more.
_MARKS = re.compile(r"([\\`*_\[\]#|~@])")
_SIGNS = {"clean": "✅", "leftovers": "❌", "unverified": "⚠️"}


def render(told: Told) -> str:
    """The whole file."""
    lines = [f"## {_SIGNS[told.verdict]} {_plain(told.headline)}", ""]
    where = f" on {_plain(told.within('cluster', 'url'))}" if told.within("cluster", "url") else ""
    run = f", run {_plain(told.text('run_id'))}" if told.text("run_id") else ""
    took = f", {told.data['seconds']} s" if told.ended else ""
    lines += [f"Session {_plain(told.prefix)}{where}{run}{took}", ""]
    lines += [f"{_plain(line)}\n" for line in _told.earlier_lines(told.data)]
    totals = [(_told.WORDS[name], _told.known(number)) for name, number in told.totals.items()]
    lines += _table(("", "number"), totals)
    phases = _told.phase_rows(told)
    lines += ["### Phases", "", *_table(("phase", "found", "deleted", "left", "time"), phases)] if phases else []
    lines += _leftovers(told)
    for name in (*_told.UNKNOWN, "accepted", *_told.OPTIONAL):
        lines += _list(told, name)
    lines += _evidence(told)
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: object) -> str:
    """As it is, whatever marks it bears."""
    return _MARKS.sub(r"\\\1", html.escape(" ".join(str(text).split()), quote=False))


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return [*lines, *(f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows), ""]


def _leftovers(told: Told) -> Iterator[str]:
    for group in _told.by_cause(told.listed("leftovers")):
        yield from (f"### Left for {_plain(group.name)}: {len(group.entries)}", "")
        yield from _about(group)
        for entry in group.entries[:MOST]:
            yield f"- **{_plain(name_of(entry))}**: {_plain(entry['reason'])}  "
            yield f"  next: {_plain(entry.get('next_step', ''))}  "
            yield from (f"  {what}: {_code(command)}  " for what, command in _told.commands(entry, told.data))
        yield from (*_more(len(group.entries)), "")


def _about(group: _told.Group) -> Iterator[str]:
    """What is known of the cause, folded."""
    if group.about is not None:
        yield f"<details><summary>{_plain(group.about.title)}</summary>"
        yield from ("", *(f"- {name}: {_plain(text)}" for name, text in group.about.paragraphs()))
        yield from ("", "</details>", "")


def _list(told: Told, name: str) -> Iterator[str]:
    entries = told.listed(name)
    if entries:
        yield from (f"### {_told.WORDS[name].capitalize()}: {len(entries)}", "")
        for entry in entries[:MOST]:
            why = entry.get("error") or entry.get("accepted_because") or entry.get("reason") or ""
            yield f"- {_plain(name_of(entry))}: {_plain(why)}"
        yield from (*_more(len(entries)), "")


def _evidence(told: Told) -> Iterator[str]:
    files, notes = told.evidence
    if files or notes:
        yield from (f"### Evidence: {len(files)}", "")
        yield from (f"- {_plain(name_of(one))} {_plain(one['why'])}: {_code(one['path'])}" for one in files[:MOST])
        yield from (*_more(len(files)), *(f"- {_plain(note)}" for note in notes), "")


def _more(number: int) -> list[str]:
    return [f"- … and {number - MOST} more, in the result"] if number > MOST else []
