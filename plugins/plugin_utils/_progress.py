# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes tell of their waits (module_utils/_progress.py writes it), and which lines are made of it. Pure."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

# Most kinds that a line counts by name; most lines at a time; most objects that the last words name.
_KINDS, _LINES, _OBJECTS = 4, 5, 20
# Of a command line only the values of these are repeated: in others there may be secrets.
_REPEATED = frozenset(
    {"resources_file", "session_prefix", "providers_file", "data_collector_path", "mtv_teardown_run_id"}
)
_HIDDEN = "…"
# What a line tells, and what it tells as it gets narrower. Of what holds an object fewer characters tell nothing.
_EVERYTHING = ("kinds", "slowest", "held", "unless")
_SHORTENED = ("slowest", "held")
_DETAIL: tuple[tuple[str, ...], ...] = (_EVERYTHING, _EVERYTHING[:3], _SHORTENED, ("slowest",), ())
_TELLING = 8


@dataclass(frozen=True, slots=True)
class Thing:
    """One object that is waited for. since: of the epoch, 0 when it has not been asked yet."""

    kind: str
    namespace: str
    name: str
    provider: str
    uid: str
    since: float
    held: str

    @property
    def shown(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}" + (f" on {self.provider}" if self.provider else "")


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait: left, by kind; things: some of them; ends: of the epoch, if nothing moves; latest: in any case.
    look: instead of all that, what a look is doing."""

    what: str
    left: Mapping[str, int] = field(default_factory=dict)
    things: tuple[Thing, ...] = ()
    ends: float = 0.0
    latest: float = 0.0
    look: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What one process said last. over: it has come to its end; asked: what was asked to become C(done), and has not
    been seen to."""

    module: str
    session: str = ""
    on: str = ""
    done: str = ""
    pid: int = 0
    over: bool = False
    waits: tuple[Wait, ...] = ()
    asked: Wait = Wait("")

    def ended(self) -> State:
        """Of a process that is not there any more: what it waited for is not waited for now."""
        return replace(self, over=True)

    @property
    def waiting(self) -> tuple[Wait, ...]:
        return () if self.over else tuple(wait for wait in self.waits if wait.left or wait.look)


# -- reading ------------------------------------------------------------------------------------------------------


def state_of(raw: bytes) -> State | None:
    """None for what no process of ours has written; what is odd in one of ours counts as not told."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("waits"), list):
        return None
    waits = tuple(_wait(one) for one in told["waits"] if isinstance(one, dict))
    words = {name: _text(told.get(name)) for name in ("module", "session", "on", "done")}
    asked = told.get("asked")
    return State(
        **words,
        pid=int(_number(told.get("pid"))),
        over=told.get("over") is True,
        waits=waits,
        asked=_wait(asked) if isinstance(asked, dict) else Wait(""),
    )


def _wait(told: Mapping[str, Any]) -> Wait:
    left = told.get("left")
    things = told.get("things")
    counts = {_text(kind): int(_number(count)) for kind, count in left.items()} if isinstance(left, dict) else {}
    named = [_thing(one) for one in things if isinstance(one, dict)] if isinstance(things, list) else []
    return Wait(
        _text(told.get("what")),
        {kind: count for kind, count in counts.items() if count > 0},
        tuple(named),
        _number(told.get("ends")),
        _number(told.get("latest")),
        _look(told) if told.get("what") == "look" else "",
    )


def _thing(told: Mapping[str, Any]) -> Thing:
    words = {name: _text(told.get(name)) for name in ("kind", "namespace", "name", "provider", "uid", "held")}
    return Thing(**words, since=_epoch(told.get("since")))


def _look(told: Mapping[str, Any]) -> str:
    providers = told.get("providers")
    if isinstance(providers, list):
        return f"reads {_some(len(providers), 'source provider')}"
    names = ("number", "lists", "kinds", "namespaces")
    number, lists, kinds, namespaces = (int(_number(told.get(name))) for name in names)
    return (
        f"look {number} reads {_some(kinds, 'kind')}, in {_some(namespaces, 'namespace')} and outside, "
        f"{_some(lists, 'list')} so far"
    )


def _text(value: object) -> str:
    """Printable: a name on a provider may hold anything, and goes to a terminal."""
    text = value if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else "?" for char in text[:1000])


def _number(value: object) -> float:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if fits else 0.0  # type: ignore[arg-type]


def _epoch(value: object) -> float:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) and value else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


# -- lines --------------------------------------------------------------------------------------------------------


def lines(states: Sequence[State], now: float) -> list[str]:
    """A line for each process that waits."""
    active = [state for state in states if state.waiting]
    told = [f"{_whose(state) if len(active) > 1 else ''}{_activity(state.waiting, now)}" for state in active[:_LINES]]
    more = len(active) - _LINES
    return [*told, f"and {_some(more, 'more module')} that {'wait' if more > 1 else 'waits'}"] if more > 0 else told


def live(states: Sequence[State], now: float, width: int, measure: Callable[[str], int] = len) -> str:
    """One line for all of them, no wider than that; empty when nobody waits. measure: columns that a text takes."""
    waits = [wait for state in states for wait in state.waiting]
    if not waits:
        return ""
    text = ""
    for parts in _DETAIL:
        text = _activity(waits, now, parts)
        over = measure(text) - width
        if over > 0 and parts == _SHORTENED:
            text = _activity(waits, now, parts, shorten=over)
            over = measure(text) - width
        if over <= 0:
            return text
    return _cut(text, width, measure)


def _activity(waits: Sequence[Wait], now: float, parts: Sequence[str] = _EVERYTHING, shorten: int = 0) -> str:
    """shorten: what holds the slowest is told in so many columns less, if it has them."""
    left = [wait for wait in waits if wait.left]
    if not left:
        return "; ".join(dict.fromkeys(wait.look for wait in waits))
    counts = {what: _sum(wait.left for wait in left if wait.what == what) for what in {w.what: None for w in left}}
    text = ", ".join(_left(what, count, "kinds" in parts) for what, count in counts.items())
    slowest = _slowest(left) if "slowest" in parts else None
    if slowest is not None:
        text += f"; slowest {slowest.shown}" + (f", {_span(now - slowest.since)}" if slowest.since else "")
        if slowest.held and "held" in parts:
            held = slowest.held
            kept = len(held) - shorten - 1
            text += f", held by {held if not shorten or kept < _TELLING else held[:kept] + _HIDDEN}"
    return text + _patience(left, now, "unless" in parts)


def _left(what: str, count: Counter[str], kinds: bool) -> str:
    return f"{count.total():,} left {what}" + (f" ({_counts(count)})" if kinds else "")


def _patience(waits: Iterable[Wait], now: float, unless: bool) -> str:
    """How long may still be waited, by the one that waits the longest; empty when none does."""
    longest = max(waits, key=lambda wait: wait.ends)
    text = f"; gives up in {_span(longest.ends - now)}"
    if unless and longest.latest - longest.ends > 1:
        text += " unless something moves"
    return text if longest.ends else ""


def _slowest(waits: Iterable[Wait]) -> Thing | None:
    """What was asked first."""
    things = [thing for wait in waits for thing in wait.things]
    return min(things, key=lambda one: (not one.since, one.since, one.kind, one.namespace, one.name), default=None)


def _counts(left: Counter[str]) -> str:
    most = left.most_common()
    told = [f"{count:,} {kind}" for kind, count in most[:_KINDS]]
    more = len(most) - _KINDS
    return ", ".join(told) + (f", {_some(more, 'more kind')}" if more > 0 else "")


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _whose(state: State) -> str:
    told = " ".join(filter(None, (state.session, state.on)))
    return f"{told or state.module}: "


def _span(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _some(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _cut(text: str, width: int, measure: Callable[[str], int]) -> str:
    while text and measure(f"{text}{_HIDDEN}") > width:
        text = text[:-1]
    return f"{text}{_HIDDEN}" if width > 0 else ""


# -- the last words -----------------------------------------------------------------------------------------------


def last_words(states: Sequence[State], arguments: Sequence[str], now: float) -> list[str]:
    """What a run that was cut off has asked for and not seen, and how to go on. states: in their order of time. Nothing
    when no module of ours has run, and of sessions that were judged."""
    judged = {state.session for state in states if _has_judged(state)}
    open_ones = [state for state in states if state.session not in judged]
    if not states or (judged and not any(state.session for state in open_ones)):
        return []
    things, left = _outstanding(open_ones)
    command = f"  {_command(arguments)}"
    if not left:
        return ["Cut off. Nothing that was asked to go is known to be left, and there is no verdict. For one:", command]
    told = [
        f"  {thing.shown}, {what}"
        + (f", asked {_span(now - thing.since)} ago" if thing.since else "")
        + (f", held by {thing.held}" if thing.held else "")
        for thing, what in things[:_OBJECTS]
    ]
    more = left - _sum({thing.kind: 1} for thing, _what in things[:_OBJECTS])
    return [
        f"Cut off. {left.total():,} asked for and not seen done ({_counts(left)}):",
        *told,
        *([f"  and {more.total():,} more ({_counts(more)})"] if more else []),
        "They may go yet, or stay. To go on, and for a verdict, run the same command again:",
        command,
    ]


def _has_judged(state: State) -> bool:
    return state.module.endswith("leftovers_info") and state.over and not state.waits


def _outstanding(states: Iterable[State]) -> tuple[list[tuple[Thing, str]], Counter[str]]:
    """Some by name, each with what it was asked for; and all of them, by kind. What a later run of the same module says
    of the same session stands: it has looked afresh."""
    latest = {(state.module, state.session, state.on): state for state in states}
    told: list[tuple[Wait, str]] = []
    for state in latest.values():
        if state.asked.left:
            told.append((state.asked, f"to be {state.done}" if state.done else "to go"))
        else:  # what does not keep account itself waits for what it has asked
            told += [(_asked(wait), wait.what) for wait in state.waits]
    return [(thing, what) for wait, what in told for thing in wait.things], _sum(wait.left for wait, _what in told)


def _asked(wait: Wait) -> Wait:
    """Without what has yet to be asked."""
    asked = tuple(thing for thing in wait.things if thing.since)
    return wait if asked == wait.things else replace(wait, left=_sum({one.kind: 1} for one in asked), things=asked)


def _command(arguments: Sequence[str]) -> str:
    """The same command, without what may be secret in it."""
    told, is_value = [PurePath(arguments[0]).name if arguments else "ansible-playbook"], False
    for argument in arguments[1:]:
        option, equals, value = argument.partition("=")
        if is_value:
            told.append(_variables(argument))
        elif option == "--extra-vars" and equals:
            told.append(f"{option}={_variables(value)}")
        elif argument.startswith("-e") and len(argument) > 2:
            told += ["-e", _variables(argument[2:])]
        else:
            told.append(argument)
        is_value = not is_value and argument in ("-e", "--extra-vars")
    return " ".join(word if _HIDDEN in word else shlex.quote(word) for word in told)


def _variables(text: str) -> str:
    if text.startswith("@"):
        return text
    try:
        given = [one.partition("=") for one in shlex.split(text)]
    except ValueError:
        return _HIDDEN
    if not all(equals and name.isidentifier() for name, equals, _value in given):
        return _HIDDEN
    return " ".join(f"{name}={shlex.quote(value) if name in _REPEATED else _HIDDEN}" for name, _equals, value in given)
