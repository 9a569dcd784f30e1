# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to one oVirt engine."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with SPEC in module_utils/_ovirt/provider.py; names as in the option auth of ovirt.ovirt."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - The engine's API, such as V(https://engine.example.com/ovirt-engine/api).
      - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_URL).
    type: str
  hostname:
    description:
      - The engine, by name, instead of O(url).
      - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_HOSTNAME).
    type: str
  username:
    description:
      - Who logs in, such as V(admin@internal).
      - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_USERNAME).
    type: str
  password:
    description:
      - The password.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_PASSWORD).
    type: str
  token:
    description:
      - A token instead of name and password; it is not renewed when it expires.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_TOKEN).
    type: str
  insecure:
    description:
      - Whether the certificate is not verified, V(false) by default. The choice is told in every result.
    type: bool
  ca_file:
    description:
      - A file with the CA of the certificate; the system's are used by default.
      - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_CAFILE).
    type: path
  kerberos:
    description:
      - Whether the Kerberos ticket of whoever runs this logs in, instead of name and password, V(false) by default.
      - It is what C(kinit) leaves, or whatever E(KRB5CCNAME) and E(KRB5_CLIENT_KTNAME) name.
    type: bool
  headers:
    description:
      - Headers to send with every request beside the SDK's own, such as C(Filter).
    type: dict
"""
