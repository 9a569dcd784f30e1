# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and attributes that the modules of this collection share."""

from __future__ import annotations


class ModuleDocFragment:
    """Which session; paired with SESSION_SPEC in module_utils/_run/module.py."""

    DOCUMENTATION = r"""
options:
  session:
    description:
      - The session as RV(mtv.teardown.session_info#module:session) returned it.
      - When it is given, O(resources_file), O(resources), O(session_prefix), O(session_prefix_pattern) and
        O(data_collector_path) are not read. A prefix, a file or entries of another session beside it are an error.
    type: dict
  resources_file:
    description:
      - The C(resources.json) that mtv-api-tests wrote. It is read as data, nothing in it is imported or evaluated.
      - Default is what the environment variable E(MTV_TEARDOWN_RESOURCES_FILE) names, else C(resources.json) in
        O(data_collector_path), where that exists. With empty text there is no such default in the folder.
    type: path
  resources:
    description:
      - What stands in such a file, instead of a file, as text or as what its JSON means.
      - It is an error to give it together with a file, or with E(MTV_TEARDOWN_RESOURCES_FILE).
    type: raw
  session_prefix:
    description:
      - The prefix of the session, such as V(auto-ab12).
      - Default is the one prefix that the names in O(resources_file) or O(resources) allow; a prefix that contradicts
        them is an error.
      - Empty text is an error, but beside a record that was given, as by a form that asks for both.
      - It has the shape that mtv-api-tests gives, C(auto-) and four of a-z and 0-9, or is allowed by
        O(session_prefix_pattern).
    type: str
  session_prefix_pattern:
    description:
      - A regular expression that a whole prefix of another shape has to match, such as V(nightly-[a-z0-9]{4}), where a
        site names its sessions otherwise. It belongs into the inventory of the site.
      - A pattern that matches words of the cluster, or has no text of its own, is an error.
      - Of a session with such a prefix a name alone shows nothing. A namespace of that name that holds no Forklift
        object of the session, nothing that its record names and no label of it is not touched.
    type: str
  data_collector_path:
    description:
      - The folder in which mtv-api-tests put its files.
      - Notes of earlier runs of this collection about the session are read from it. One that others than its owner
        could have written, or that belongs to somebody else, is an error.
    type: path
"""
