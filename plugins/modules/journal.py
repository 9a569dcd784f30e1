#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what a later run has to know of a session."""

from __future__ import annotations

DOCUMENTATION = r"""
module: journal
short_description: Keep what a later run has to know of an MTV test session
version_added: 0.3.0
description:
  - Writes the note of a session into a file in the data collector path or, with O(journal_in), into a ConfigMap, where no disk lasts, such as in AWX.
  - At the end of a run the module M(mtv.teardown.report) writes the file. In ConfigMaps this one adds its verdict to the journal, which the modules that
    change something write there when they are given O(journal_in).
  - With a verdict that is clean it deletes both, but for what was noted of source providers that the run did not judge.
  - What somebody else has written meanwhile is not lost. A ConfigMap of these names that is not of a teardown of this session is not touched; the
    module fails.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
  - kubernetes >= 31.0.0
  - jmespath >= 1.0.1
extends_documentation_fragment:
  - mtv.teardown._session
  - mtv.teardown._journal
  - mtv.teardown._attributes
attributes:
  check_mode:
    description: Reads what is there, so that a file or ConfigMap of others is found, and writes nothing.
  diff_mode:
    support: none
    description: There is nothing to compare.
options:
  note:
    description:
      - What to keep - C(journal), as M(mtv.teardown.session_info) returns it before anything is deleted, or M(mtv.teardown.leftovers_info) at the end.
      - It is checked as a note that was read is.
      - Needed.
    type: dict
seealso:
  - module: mtv.teardown.session_info
  - module: mtv.teardown.leftovers_info
  - module: mtv.teardown.lease
"""

EXAMPLES = r"""
- name: See what there is of a session, and what an earlier run noted
  mtv.teardown.session_info:
    session_prefix: auto-ab12
    journal_in:
      namespace: ci
  register: found

- name: Keep its keys in a file
  mtv.teardown.journal:
    session: "{{ found.session }}"
    note: "{{ found.journal }}"
    data_collector_path: .data-collector

- name: Keep its keys in a ConfigMap
  mtv.teardown.journal:
    session: "{{ found.session }}"
    note: "{{ found.journal }}"
    journal_in:
      namespace: ci

- name: Delete what is in its namespaces, and say so there before
  mtv.teardown.openshift_resources:
    session: "{{ found.session }}"
    journal_in:
      namespace: ci
      run: nightly-1207
"""

RETURN = r"""
kept:
  description: The file that was written, or the ConfigMaps that were written or deleted; in check mode, those that would be.
  type: list
  elements: str
  returned: always
  sample: [ConfigMap ci/mtv-teardown-auto-ab12, ConfigMap ci/mtv-teardown-auto-ab12.journal]
"""

from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._run import keeping, load
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes, notes_file


def main() -> None:
    """Write, or delete."""
    module = _module.Module(
        argument_spec={**_module.SESSION_SPEC, **keeping.JOURNAL_SPEC, "note": {"type": "dict"}},
        supports_check_mode=True,
    )

    def work() -> dict[str, object]:
        note = module.params["note"] or {}
        session = load.session_of(module.params)
        place, folder = keeping.place_of(module.params, session), load.folder_of(module.params)
        content, check_mode = notes.checked(session, note.get("content")), bool(module.check_mode)
        if place is not None:
            kept = place.keep(content, note.get("version"), check_mode)
        elif folder:
            written = notes_file.keep(folder, session, content, check_mode)
            kept = [notes_file.path_of(folder, session)] if written else []
        else:
            raise RecordError("nothing says where that is kept: give data_collector_path, or journal_in.")
        return {"changed": bool(kept), "kept": kept}

    _module.run(module, work)


if __name__ == "__main__":
    main()
