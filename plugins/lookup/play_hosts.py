# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a play that is run or fails, but is never passed over."""

from __future__ import annotations

DOCUMENTATION = r"""
name: play_hosts
short_description: The hosts of a play that must not be passed over
version_added: 0.3.0
description:
  - Returns the hosts that a pattern matches, for the keyword C(hosts) of a play. It fails where Ansible would pass over
    the play without a word and end with 0 - when the pattern, or C(--limit), leaves no host, with C(--start-at-task),
    and with C(--skip-tags always).
  - A play that has to say something is asked by every pipeline what it said; one that was passed over looks as if it had.
author:
  - mtv.teardown contributors (!UNKNOWN)
options:
  _terms:
    description: One pattern of hosts, as C(hosts) takes it.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Tear down
  hosts: "{{ query('mtv.teardown.play_hosts', 'localhost') }}"
  gather_facts: false
  tasks:
    - name: The session
      ansible.builtin.import_role:
        name: mtv.teardown.session
"""

RETURN = r"""
_list:
  description: The names of the hosts.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase
from ansible_collections.mtv.teardown.plugins.module_utils import _secrets

# Tags whose skipping leaves out tasks that are tagged "always".
_ALL_OF_IT = frozenset({"always", "tagged"})


def _refused(arguments: Mapping[str, Any]) -> str:
    """Why a command line leaves out what must not be left out; empty when it does not."""
    task = arguments.get("start_at_task")
    if task:
        return f"--start-at-task {task!r}: a run begins with reading the session. Leave it away; a new run goes on with what is left"
    skipped = sorted(_ALL_OF_IT.intersection(arguments.get("skip_tags") or ()))
    if skipped:
        return f"--skip-tags {','.join(skipped)} leaves out the checks of the run itself. Leave it away"
    return ""


class LookupModule(LookupBase):
    """query('mtv.teardown.play_hosts', pattern)"""

    def run(self, terms: list[str], variables: Any = None, **_options: Any) -> list[str]:
        """The hosts, or an error."""
        refused = _refused(context.CLIARGS)
        if refused:
            raise AnsibleError(f"Nothing was done: {refused}.")
        pattern, limit = terms[0], context.CLIARGS.get("subset")
        try:
            # To Ansible an empty pattern is every host.
            found = self._hosts(pattern, limit, variables["groups"]) if str(pattern).strip() else []
        except AnsibleError as exc:
            raise AnsibleError(f"Nothing was done: {_secrets.one_line(exc)}") from exc
        if not found:
            within = f" within --limit {limit!r}" if limit else ""
            raise AnsibleError(
                f"Nothing was done: no host matches {pattern!r}{within}. The plays run on the machine where the command is "
                "typed: leave --limit away, and mtv_teardown_hosts too, or name a host of the inventory."
            )
        return found

    def _hosts(self, pattern: str, limit: str | None, groups: Mapping[str, list[str]]) -> list[str]:
        """As Ansible itself finds them, localhost that stands in no inventory included."""
        manager = InventoryManager(self._loader, parse=False)
        for group, hosts in groups.items():
            manager.add_group(group)
            for host in hosts:
                manager.add_host(host, group=group)
        manager.subset(limit)
        return [host.name for host in manager.get_hosts(pattern)]
