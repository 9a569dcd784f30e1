# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One page for people: verdict, a picture of the deletion, what is left and why, what was read, who was not touched."""

from __future__ import annotations

import json
import traceback
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, partial
from typing import Any

from ansible.module_utils.common.yaml import HAS_YAML, yaml_dump
from ansible_collections.mtv.teardown.plugins.module_utils._report import page, timeline
from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._report.told import Entry, Told

try:
    import jinja2
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

LIBRARY = "Jinja2"
WHOLE = "whole cluster"
_SIGNS = {"clean": "✔", "leftovers": "✖", "unverified": "?"}


def render(told: Told) -> str:
    """The whole file. Whatever a name holds, it is text: the template escapes all of it."""
    unknown = {name: entries for name in (*_told.UNKNOWN, *_told.OPTIONAL) if (entries := told.listed(name))}
    held = {
        "told": told,
        "earlier": _told.earlier_lines(told.data),
        "sign": _SIGNS[told.verdict],
        "words": _told.WORDS,
        "phases": _told.phase_rows(told),
        "picture": timeline.picture(told),
        "left": timeline.LEFT,
        "across": timeline.WIDE,
        "causes": _told.by_cause(told.listed("leftovers")),
        "unknown": unknown,
        "refused": _told.by_reason(told.listed("refused")),
        "matrix": _matrix(told),
        "providers": _providers(told),
        "deleted": _by_kind(told.listed("deleted")),
        "known": _told.known,
        "name_of": _told.name_of,
        "commands_of": partial(_told.commands, result=told.data),
        "seen_lines": _told.seen_lines,
        "yaml": _yaml,
    }
    held["parts"] = list(_parts(held))
    return str(_template().render(**held))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.ChainableUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(page.TEMPLATE.replace("{{ style }}", page.STYLE))


def _parts(held: dict[str, Any]) -> Iterable[tuple[str, str]]:
    told: Told = held["told"]
    yield "totals", "Totals"
    if held["picture"]:
        yield "timeline", "When it went"
    if held["causes"]:
        yield "left", "Left"
    yield from ((name, _told.WORDS[name].capitalize()) for name in held["unknown"])
    if any(told.evidence):
        yield "evidence", "Evidence"
    if told.listed("accepted"):
        yield "accepted", "Accepted"
    if held["refused"]:
        yield "refused", "Not touched"
    if held["matrix"] or held["providers"]:
        yield "coverage", "What was read"
    if held["deleted"]:
        yield "deleted", "Deleted"


def _by_kind(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        kinds.setdefault(str(entry["kind"]), []).append(entry)
    return dict(sorted(kinds.items()))


def _matrix(told: Told) -> dict[str, Any] | None:
    """Kinds of the cluster by namespace, with what each look met there; what was not read first."""
    asks = [a for a in told.listed("asked") if a["of"] == "cluster" and "?fieldSelector=" not in a["query"]]
    if not asks:
        return None
    looks = sorted({ask["look"] for ask in asks})
    places = sorted({str(ask["namespace"] or WHOLE) for ask in asks}, key=lambda place: (place != WHOLE, place))
    cells: dict[str, dict[str, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
    for ask in asks:
        kind = f"{ask['kind'] or 'what there is'} ({ask['api_version']})"
        cells[kind][str(ask["namespace"] or WHOLE)][ask["look"]] = _met(ask)
    rows = [
        (kind, [_cell(met[place], looks) if place in met else _told.DASH for place in places])
        for kind, met in cells.items()
    ]
    rows.sort(key=lambda row: (not any("not read" in cell for cell in row[1]), row[0]))
    failed = sum("not read" in cell for _kind, row in rows for cell in row)
    return {"places": places, "rows": rows, "failed": failed}


def _providers(told: Told) -> list[tuple[str, str, str]]:
    asks = [ask for ask in told.listed("asked") if ask["of"] == "providers"]
    looks = sorted({ask["look"] for ask in asks})
    cells: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for ask in asks:
        cells[(f"{ask['provider']} ({ask['api_version']})", str(ask["kind"] or "all of it"))][ask["look"]] = _met(ask)
    return [(provider, kind, _cell(met, looks)) for (provider, kind), met in sorted(cells.items())]


def _met(ask: Entry) -> str:
    """What was not read is no number."""
    return str(ask["count"]) if ask["outcome"] == "read" else "not read"


def _cell(met: dict[int, str], looks: Iterable[int]) -> str:
    return " · ".join(met.get(look, _told.DASH) for look in looks)


def _yaml(entry: Entry) -> str:
    plain = json.loads(json.dumps(entry))
    return str(yaml_dump(plain, sort_keys=True, allow_unicode=True)) if HAS_YAML else json.dumps(plain, indent=2)
