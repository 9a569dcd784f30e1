# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers in the option names of their own collections."""

from __future__ import annotations

DOCUMENTATION = r"""
name: second_look_sites
short_description: Source providers in the option names of their own collections
version_added: 0.3.0
description:
  - Returns how modules of C(community.vmware), C(ovirt.ovirt) and C(openstack.cloud) reach the providers that a result is
    about, for the role P(mtv.teardown.second_look#role). It holds passwords, so whatever uses it needs C(no_log).
  - They come from the options, the providers file, or the environment, in this order, as for the modules of this collection.
author:
  - mtv.teardown contributors (!UNKNOWN)
options:
  _terms:
    description: The keys of the providers, as results of this collection name them.
    type: list
    elements: str
    required: true
  providers_file:
    description: The C(.providers.json) of mtv-api-tests.
    type: str
    default: ""
  vsphere:
    description: The connection to one vCenter, instead of the file.
    type: dict
    default: {}
  ovirt:
    description: The connection to one oVirt engine, instead of the file.
    type: dict
    default: {}
  openstack:
    description: The connection to one OpenStack cloud, instead of the file.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: List all VMs of the vCenters that a result is about
  community.vmware.vmware_vm_info:
    hostname: "{{ item.options.hostname }}"
    port: "{{ item.options.port }}"
    username: "{{ item.options.username }}"
    password: "{{ item.options.password }}"
  loop: "{{ query('mtv.teardown.second_look_sites', 'vsphere-8', providers_file='.providers.json') }}"
  no_log: true
"""

RETURN = r"""
_list:
  description: For each provider C(key), C(type), C(options), and C(ca_file), which is empty without one.
  type: list
  elements: dict
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._run import second_look


class LookupModule(LookupBase):
    """query('mtv.teardown.second_look_sites', key, …)"""

    def run(self, terms: list[str], **options: Any) -> list[dict[str, Any]]:
        """The providers; an AnsibleError without the words of a file."""
        given = {kind: options.get(kind) or {} for kind in second_look.PROVIDERS}
        if not all(isinstance(one, Mapping) for one in given.values()):
            raise AnsibleError("the connection of a provider is no dictionary")
        try:
            return second_look.sites(terms, options.get("providers_file") or None, given, os.environ)
        except TeardownError as exc:
            raise AnsibleError(exc.msg) from None
