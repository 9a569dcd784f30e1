# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of text in the output of a playbook, by Ansible's own display, which takes them to the main process: so they
come in their order, into the log, and as events of ansible-runner and AWX."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible.utils.display import Display
from ansible_collections.mtv.teardown.plugins.module_utils._report.told import readable

# Callbacks on stdout that people read. awx_display is that of ansible-runner.
FOR_PEOPLE = frozenset({"default", "minimal", "oneline", "debug", "yaml", "unixy", "dense", "awx_display"})
# ansible-core 2.19 was seen to lose its results thread, and to wait for ever, after a display from a worker.
IS_SAFE = tuple(int(part) for part in __version__.split(".")[:2]) >= (2, 20)


class ActionModule(ActionBase):
    """mtv.teardown.show"""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Text for people; for a program the result alone."""
        super().run(tmp, task_vars)
        spec = {"lines": {"type": "list", "elements": "str", "required": True}}
        _result, options = self.validate_argument_spec(argument_spec=spec)
        # One line each, and nothing that goes back over what was written: what a server says must not look like ours.
        lines = [" ".join(readable(line).splitlines()) for line in options["lines"]]
        if not IS_SAFE or str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] not in FOR_PEOPLE:
            return {"changed": False, "msg": lines, "_ansible_verbose_always": True}
        for line in lines:
            Display().display(line)
        return {"changed": False}
