#!/usr/bin/python
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows lines as they are: plugins/action/show.py does it, where there is a terminal or a log."""

from __future__ import annotations

DOCUMENTATION = r"""
module: show
short_description: Show lines of text as they are
version_added: 0.3.0
description:
  - Shows lines in the output of a playbook as text, where C(ansible.builtin.debug) shows a list of quoted strings.
  - Where the output is for a program (a C(stdout) callback such as C(ansible.posix.json)), and on ansible-core 2.19, the lines are in the result of the
    task, and nowhere else.
author:
  - mtv.teardown contributors (!UNKNOWN)
requirements:
  - python >= 3.11
extends_documentation_fragment:
  - mtv.teardown._attributes.shown
options:
  lines:
    description: The lines. Characters that would steer a terminal are replaced.
    type: list
    elements: str
    required: true
seealso:
  - module: mtv.teardown.report
"""

EXAMPLES = r"""
- name: Show the verdict and what is left
  mtv.teardown.show:
    lines: "{{ verify_result.summary }}"
"""

RETURN = r"""
msg:
  description: The lines.
  type: list
  elements: str
  returned: where they are not shown as text
  sample: ["session auto-ab12", "CLEAN: everything was read, and nothing of the session is left."]
"""

from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module


def main() -> None:
    """What is left to do where no action plugin runs."""
    spec = {"lines": {"type": "list", "elements": "str", "required": True}}
    module = _module.Module(argument_spec=spec, supports_check_mode=True)
    _module.run(module, lambda: {"changed": False, "msg": module.params["lines"]})


if __name__ == "__main__":
    main()
