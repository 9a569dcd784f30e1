# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to one OpenStack cloud."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with SPEC in module_utils/_openstack/provider.py; names as in openstack.cloud."""

    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of a cloud in C(clouds.yaml), or a dictionary with the configuration of one.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_CLOUD).
    type: raw
  auth:
    description:
      - What the cloud's way to log in needs, such as C(auth_url), C(username) and C(project_name).
      - Where neither this nor O(providers_file) names a provider, it comes from the E(OS_*) variables.
    type: dict
  auth_type:
    description:
      - The way to log in.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_AUTH_TYPE).
    type: str
  region_name:
    description:
      - The region.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_REGION_NAME).
    type: str
  validate_certs:
    description:
      - Whether the certificate is verified, V(true) by default. The choice not to is told in every result.
    type: bool
    aliases: [verify]
  ca_cert:
    description:
      - A file with the CA of the certificate; the system's are used by default.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_CACERT).
    type: path
    aliases: [cacert]
  client_cert:
    description:
      - A file with the certificate to show to the cloud, where it demands one.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_CERT).
    type: path
    aliases: [cert]
  client_key:
    description:
      - A file with the key of O(client_cert), where that is not in the same file.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_KEY).
    type: path
    aliases: [key]
  api_timeout:
    description:
      - Seconds that the cloud may take for an answer, V(60) by default.
    type: int
  interface:
    description:
      - Which of the catalogue's addresses are used, V(public) by default.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OS_INTERFACE).
    type: str
    choices: [public, internal, admin]
    aliases: [endpoint_type]
"""
