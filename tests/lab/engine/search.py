# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's search language, as far as VMs and disks are looked for: C(name="x" or name=y* sortby name asc page 2).

Rules: SyntaxChecker.java (C(searchbackend)), and providers.md 2.2: C(*) is the wildcard; C(_) is no wildcard, for it is
escaped; without case_sensitive=true case does not count (AbstractBackendCollectionResource.getSearchParameters);
no max means everything; the size of a page is max; there is no order without sortby.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
_FIELDS = ("name", "alias", "description", "status", "id")
_CONDITION = re.compile(r'\s*(?P<field>\w+)\s*(?P<op>!?=)\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))')
_TAIL = re.compile(r"\s*(?:sortby\s+(?P<by>\w+)(?:\s+(?P<order>asc|desc))?)?\s*(?:page\s+(?P<page>\d+))?\s*$", re.I)
_LINK = re.compile(r"\s+(?P<word>and|or)\s+", re.I)


class SearchError(ValueError):
    """The engine answers 400."""


@dataclass
class Search:
    """any_of: conditions (field, operator, value), those of one inner list hold together."""

    any_of: list[list[tuple[str, str, str]]] = field(default_factory=list)
    by: str = ""
    descending: bool = False
    page: int = 1


def parse(text: str) -> Search:
    if text.endswith("\\"):
        raise SearchError("a trailing backslash")
    found = Search()
    at = 0
    link = "or"
    while condition := _CONDITION.match(text, at):
        if condition["field"].lower() not in _FIELDS:
            raise SearchError(f"{condition['field']} cannot be searched for")
        value = condition["quoted"] if condition["quoted"] is not None else condition["bare"]
        one = (condition["field"].lower(), condition["op"], value)
        if link == "or":
            found.any_of.append([one])
        else:
            found.any_of[-1].append(one)
        at = condition.end()
        following = _LINK.match(text, at)
        if following is None:
            break
        link, at = following["word"].lower(), following.end()
    tail = _TAIL.match(text, at)
    if tail is None:
        raise SearchError(f"what is {text[at:].strip()!r}?")
    found.by, found.descending = (tail["by"] or "").lower(), (tail["order"] or "").lower() == "desc"
    found.page = int(tail["page"] or 1)
    return found


def _matcher(pattern: str, case_sensitive: bool) -> Callable[[str], bool]:
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))), 0 if case_sensitive else re.I)
    return lambda text: expression.fullmatch(text) is not None


def select(
    things: Sequence[T], query: Mapping[str, str], value: Callable[[T, str], Any], default_case: bool = False
) -> list[T]:
    """Those that the parameters search, case_sensitive and max of a request ask for."""
    search = parse(query.get("search", ""))
    case_sensitive = query.get("case_sensitive", str(default_case)).lower() == "true"
    groups = [[(name, op, _matcher(text, case_sensitive)) for name, op, text in group] for group in search.any_of]

    def holds(one: T) -> bool:
        return any(all(match(str(value(one, name))) == (op == "=") for name, op, match in group) for group in groups)

    found = [one for one in things if not groups or holds(one)]
    if search.by:
        found.sort(key=lambda one: str(value(one, search.by)), reverse=search.descending)
    size = int(query.get("max", "-1"))
    if size < 0:
        return found if search.page == 1 else []
    return found[(search.page - 1) * size : search.page * size]
