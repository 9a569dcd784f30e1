# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML: a case for the verdict, one for each test of the record, and one for all that nobody knows."""

from __future__ import annotations

import traceback
from typing import Any
from xml.etree import ElementTree

from ansible_collections.mtv.teardown.plugins.module_utils._report import told as _told
from ansible_collections.mtv.teardown.plugins.module_utils._report.told import Entry, Told, name_of

try:
    import junitparser
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

LIBRARY = "junitparser"


def render(told: Told) -> str:
    """The whole file."""
    suite = junitparser.TestSuite(f"mtv.teardown {told.prefix}")
    for name, number in told.totals.items():
        if number is not None:
            suite.add_property(name, str(number))
    suite.add_property("verdict", told.verdict)
    suite.add_property("run_id", told.text("run_id"))
    if told.within("evidence", "folder"):
        suite.add_property("evidence", told.within("evidence", "folder"))
    suite.add_testcases([_verdict(told), *_tests(told), *_unknown(told)])
    if told.text("began"):
        suite.timestamp = told.text("began").removesuffix("Z")
    suites: Any = junitparser.JUnitXml("mtv.teardown")
    suites.add_testsuite(suite)
    suites.update_statistics()
    suite.time = suites.time = float(told.data.get("seconds") or 0)  # of the run; no case has one of its own
    tree = ElementTree.fromstring(suites.tostring())  # noqa: S314 - written just now
    tree.attrib.pop("skipped", None)  # the schema of Jenkins' plugin xunit has it in suites alone
    ElementTree.indent(tree)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(tree, encoding="unicode") + "\n"


def _case(told: Told, name: str, *results: Any) -> Any:
    case = junitparser.TestCase(name, f"mtv.teardown.{told.prefix or 'session'}")
    if results:
        case.result = list(results)
    return case


def _result(kind: Any, message: str, text: str) -> Any:
    made = kind(message, "mtv.teardown")
    made.text = text
    return made


def _verdict(told: Told) -> Any:
    if told.verdict == "clean":
        return _case(told, "verdict: clean")
    kind = junitparser.Failure if told.verdict == "leftovers" else junitparser.Error
    text = "\n".join(str(line) for line in told.listed("summary"))
    return _case(told, f"verdict: {told.verdict}", _result(kind, told.headline, text))


def _tests(told: Told) -> list[Any]:
    """What a test made, and what of it is left."""
    made: dict[str, list[Entry]] = {}
    for name in ("deleted", "absent", "accepted", "kept", "unseen", "leftovers"):
        for entry in told.listed(name):
            made.setdefault(str(entry.get("test_name") or "objects of no test"), []).extend(
                [entry] if name == "leftovers" else []
            )
    cases = []
    for test, left in sorted(made.items()):
        lines = [line for entry in left for line in _left(entry, told)]
        message = f"left {_told.counts(left)}"
        cases.append(_case(told, test, *([_result(junitparser.Failure, message, "\n".join(lines))] if left else [])))
    return cases


def _left(entry: Entry, told: Told) -> list[str]:
    lines = [f"{name_of(entry)}: {entry['reason']}", f"  next: {entry.get('next_step', '')}"]
    return lines + [f"  {what}: {command}" for what, command in _told.commands(entry, told.data)]


def _unknown(told: Told) -> list[Any]:
    cases = []
    for name in _told.UNKNOWN:
        for entry in told.listed(name):
            text = str(entry.get("error") or entry.get("reason") or "")
            words = _told.WORDS[name]
            cases.append(_case(told, f"{words}: {name_of(entry)}", _result(junitparser.Error, text[:200], text)))
    return cases
