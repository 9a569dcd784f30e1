# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the guide of causes from the table of the code: C(python -m tests.tools.causes)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry, general

FILE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_causes.rst"
_MARK = "ansible_collections.mtv.teardown.docsite.guide_causes"
_HEAD = f"""\
..
  Copyright (c) 2026 mtv.teardown contributors
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. _{_MARK}:

Why it does not go
==================

Every object that is left has a ``cause``, a ``reason`` in one sentence, and a ``next_step``: in the summary, in the
results of the modules, and in the result file. A cause is read, not guessed: what could not be read is blamed on
nobody. The first that fits is named, from the most special to the most general.

This page has all of them. Reports say the same of what is left, with commands for that very object, and so does a
terminal:

.. code-block:: console

   $ ansible-doc -t lookup mtv.teardown.causes

The commands to look change nothing. Those to mend do, and what that may cost stands below each of them. ``oc`` takes
the same words as ``kubectl``. Commands that name a namespace of an operator have its usual one.
"""


def page() -> str:
    """The whole file."""
    return "\n".join([_HEAD, *(line for part in table.PARTS for line in _part(*part))])


def _part(where: str, title: str, entries: tuple[Entry, ...]) -> Iterator[str]:
    yield from (title, "-" * len(title), "")
    for entry in entries:
        heading = f"``{entry.name}``: {entry.title}"
        yield from (f".. _{_MARK}.{where}.{entry.name}:", "", heading, "~" * len(heading), "")
        yield from _field("Seen", entry.seen)
        yield from _field("Means", entry.means)
        yield from _field("Look", "", general(entry.look))
        yield from _field("Mend", entry.mend, general(entry.commands))
        yield from _field("Risk", entry.risk)
        yield ""


def _field(name: str, text: str, commands: list[str] | None = None) -> Iterator[str]:
    if text or commands:
        yield f":{name}: {text.replace('*', chr(92) + '*')}".rstrip()
    if commands:
        yield from ("", "   .. code-block:: text", "", *(f"      {command}" for command in commands), "")


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
