# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of objects that hang, fail or are held."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with EVIDENCE_SPEC in module_utils/_run/module.py."""

    DOCUMENTATION = r"""
options:
  evidence:
    description:
      - Where and how much is kept of objects that have failed, hang, are refused or are held, before anything is
        deleted that would hide why.
      - That is the object with its finalizers and owners, its events, the conditions of its namespace and what its
        controller logged of it, and on source providers the tasks, events and faults of the object. Nothing secret is
        in it.
      - Nothing is read or written for it without a path, and in check mode. What cannot be read or written is told,
        and nothing fails for it.
    type: dict
    suboptions:
      path:
        description:
          - The folder for the evidence of a session; each run has a folder of its own in it.
          - Both are made with mode C(0700), and files in them with C(0600). Nothing that is there is overwritten, and
            no link is followed.
        type: path
      run:
        description: By what the run is known, for the name of its folder; the time, where nothing is given.
        type: str
        default: ""
      objects:
        description: The most objects of a run of which evidence is kept, from V(1) to V(1000).
        type: int
        default: 50
      file_size:
        description: The most KiB of one file, from V(4) to V(10240). What is too much is left out, oldest first.
        type: int
        default: 256
      total_size:
        description: The most KiB of all files of a run, from V(4) to V(1048576).
        type: int
        default: 10240
      log_lines:
        description: The most lines of each container's log that are kept of one object, from V(0) to V(5000).
        type: int
        default: 200
"""
