# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""verify_ignore: leftovers that a site accepts, each for a stated reason."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError

try:
    import jmespath
    import jmespath.exceptions
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

# What jmespath makes of expressions that nest too deep, or whose values do not fit each other.
_ODD = (RecursionError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError)


_EXAMPLE = (
    """Give a list such as [{"expression": "kind == 'Secret' && name == 'kept'", "reason": "why it may stay"}]."""
)


@dataclass(frozen=True, slots=True)
class Rule:
    """expression: JMESPath over one leftover, as it stands in the result; reason: why it may stay."""

    expression: str
    reason: str
    compiled: Any

    def accepts(self, leftover: Mapping[str, Any]) -> bool:
        """Only the boolean true accepts: a bare field name would be true for everything that has one."""
        try:
            return self.compiled.search(dict(leftover)) is True
        except (jmespath.exceptions.JMESPathError, *_ODD):
            return False  # a function that does not fit this leftover's type: it does not accept it


def compile_rules(given: Any) -> tuple[Rule, ...]:
    """The rules, or RecordError that names the entry which is wrong. Called before anything is touched."""
    rules = []
    for index, entry in enumerate(_entries(given)):
        where = f"verify_ignore[{index}]"
        if not isinstance(entry, Mapping) or set(entry) - {"expression", "reason"}:
            raise RecordError(f"{where} is not an expression and a reason, and nothing else. {_EXAMPLE}", entry=where)
        expression, reason = str(entry.get("expression") or "").strip(), str(entry.get("reason") or "").strip()
        if not expression or not reason:
            raise RecordError(f"{where} needs an expression and a reason. {_EXAMPLE}", entry=where)
        try:
            rule = Rule(expression, reason, jmespath.compile(expression))
        except (jmespath.exceptions.JMESPathError, *_ODD) as exc:
            raise RecordError(f"{where}: not JMESPath: {_secrets.one_line(exc)}. {_EXAMPLE}", entry=where) from exc
        if rule.accepts({}):
            raise RecordError(
                f"{where}: {expression!r} accepts what it knows nothing of; compare fields with ==, "
                "such as kind == 'Secret' && name == 'left-on-purpose'.",
                entry=where,
            )
        rules.append(rule)
    return tuple(rules)


def _entries(given: Any) -> list[Any]:
    """A list, also as the text that a command line with -e name=value makes of one."""
    try:
        listed = json.loads(given.strip() or "[]") if isinstance(given, str) else given
    except (ValueError, RecursionError) as exc:
        raise RecordError(f"verify_ignore is text that is not JSON: {given[:200]!r}. {_EXAMPLE}") from exc
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise RecordError(f"verify_ignore is not a list, but {str(listed)[:200]!r}. {_EXAMPLE}")
    return listed


def split(
    leftovers: Iterable[dict[str, Any]], rules: Iterable[Rule]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(leftovers that count, leftovers that are accepted, with accepted_because)."""
    rules = list(rules)
    counted, accepted = [], []
    for leftover in leftovers:
        rule = next((r for r in rules if r.accepts(leftover)), None)
        if rule is None:
            counted.append(leftover)
        else:
            accepted.append({**leftover, "accepted_because": rule.reason})
    return counted, accepted
