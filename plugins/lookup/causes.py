# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why what is left does not go, for whoever sits at a terminal or makes a report of their own."""

from __future__ import annotations

DOCUMENTATION = r"""
name: causes
short_description: Why what is left does not go, how to look at it, and how to mend it
version_added: 0.3.0
description:
  - Returns what is known of the causes that a result names - for each what it is told from, what it means, the commands to look, how to mend it,
    and what that risks.
  - The notes below have all of it, so that C(ansible-doc -t lookup mtv.teardown.causes) is the page for whoever has only a terminal.
author:
  - mtv.teardown contributors (!UNKNOWN)
extends_documentation_fragment:
  - mtv.teardown._causes
options:
  _terms:
    description:
      - Entries of a result, such as those of its list C(leftovers), or names of causes. All causes where there are none.
      - Commands are about the object of an entry. For a name they have placeholders.
    type: list
    elements: raw
"""

EXAMPLES = r"""
- name: Say what finalizers mean
  ansible.builtin.debug:
    msg: "{{ lookup('mtv.teardown.causes', 'finalizer').means }}"

- name: Say how to look at what is left
  ansible.builtin.debug:
    msg: "{{ query('mtv.teardown.causes', *verify_result.leftovers) | map(attribute='look') | flatten }}"
"""

RETURN = r"""
_list:
  description: The causes, in the order in which they are asked for.
  type: list
  elements: dict
  contains:
    where:
      description: V(cluster), V(provider) for a source provider of any type, or its type.
      type: str
    name:
      description: The cause.
      type: str
    title:
      description: The same in a few words.
      type: str
    seen:
      description: What it is told from.
      type: str
    means:
      description: Why that keeps the object.
      type: str
    look:
      description: Commands that show more, and change nothing.
      type: list
      elements: str
    mend:
      description: What to do about it.
      type: str
    commands:
      description: Commands that do it, where there are such.
      type: list
      elements: str
    risk:
      description: What that may cost.
      type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue import table
from ansible_collections.mtv.teardown.plugins.module_utils._report.catalogue.entry import Entry, filled, general


def _told(where: str, entry: Entry, left: Mapping[str, Any] | None = None) -> dict[str, Any]:
    look, commands = (general(t) if left is None else filled(t, left) for t in (entry.look, entry.commands))
    texts = {name: getattr(entry, name) for name in ("name", "title", "seen", "means", "mend", "risk")}
    return {"where": where, **texts, "look": look, "commands": commands}


class LookupModule(LookupBase):
    """lookup('mtv.teardown.causes', name or entry)"""

    def run(self, terms: list[Any], _variables: Any = None, **_options: Any) -> list[dict[str, Any]]:
        """The causes; what is none is an error."""
        if not terms:
            return [_told(where, entry) for (where, _name), entry in table.ENTRIES.items()]
        return [told for term in terms for told in self._of(term)]

    @staticmethod
    def _of(term: Any) -> list[dict[str, Any]]:
        if isinstance(term, Mapping):
            entry = table.of(term)
            found = [] if entry is None else [_told(table.where(term), entry, term)]
        else:
            found = [_told(where, one) for (where, name), one in table.ENTRIES.items() if name == str(term)]
        if not found:
            name = term.get("cause") if isinstance(term, Mapping) else term
            raise AnsibleError(f"{name!r} is no cause that this release of mtv.teardown knows.")
        return found
