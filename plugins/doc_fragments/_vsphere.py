# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to one vCenter."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with SPEC in module_utils/_vsphere/provider.py; names as in vmware.vmware."""

    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - The vCenter, by name or address, with or without a scheme.
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_HOST).
    type: str
  username:
    description:
      - Who logs in.
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_USER).
    type: str
    aliases: [user, admin]
  password:
    description:
      - The password.
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_PASSWORD).
    type: str
    aliases: [pass, pwd]
  port:
    description:
      - The port, V(443) by default.
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_PORT).
    type: int
  validate_certs:
    description:
      - Whether the certificate is verified, V(true) by default. The choice not to is told in every result.
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_VALIDATE_CERTS).
    type: bool
  ca_file:
    description:
      - A file with the CA of the certificate; the system's are used by default.
    type: path
  proxy_host:
    description:
      - The HTTP proxy through which the vCenter is reached, by name or address, without a scheme; with O(proxy_port).
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_PROXY_HOST).
    type: str
  proxy_port:
    description:
      - The port of O(proxy_host).
      - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_PROXY_PORT).
    type: int
"""
