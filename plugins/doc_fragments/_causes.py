# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each cause means, for ansible-doc: from the table that every face of a result takes it from."""

from __future__ import annotations

import json

from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry, general


def note(title: str, entry: Entry) -> str:
    """One note: what was seen, what that means, how to look, how to mend it and what that risks."""
    look, mend = (_marked(general(templates)) for templates in (entry.look, entry.commands))
    parts = [f"{entry.name} ({title}): {entry.title}.", f"Seen: {entry.seen}", f"Means: {entry.means}"]
    parts += [f"Look: {look}."] if look else []
    parts += [f"Mend: {entry.mend}{f' {mend}.' if mend else ''}", *([f"Risk: {entry.risk}"] if entry.risk else [])]
    return " ".join(parts)


def _marked(commands: list[str]) -> str:
    return ", ".join(f"C({command})" for command in commands)


class ModuleDocFragment:
    """Notes alone. Text in JSON is YAML, too. With a type, for ansible-test of core 2.19 takes a plain assignment for a
    literal."""

    DOCUMENTATION: str = json.dumps(
        {"options": {}, "notes": [note(title, entry) for _where, title, entries in table.PARTS for entry in entries]}
    )
