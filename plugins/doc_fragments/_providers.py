# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections to source providers of every type."""

from __future__ import annotations


class ModuleDocFragment:
    """Paired with OPTIONS in module_utils/_run/registry.py."""

    DOCUMENTATION = r"""
options:
  providers_file:
    description:
      - The C(.providers.json) of mtv-api-tests, an object of providers by their keys. It is read as data.
      - Every entry of a type that is looked for is searched; one that is wrong is named and does not stop the others.
      - Besides what mtv-api-tests writes, an entry may have C(ca_file), and C(insecure) to choose not to verify.
      - Default is the environment variable E(MTV_TEARDOWN_PROVIDERS_FILE).
    type: path
  vsphere:
    description: The connection to one vCenter, instead of O(providers_file).
    type: dict
    suboptions:
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
          - The HTTP proxy through which the vCenter is reached, by name or address, without a scheme.
          - It goes together with O(vsphere.proxy_port).
          - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_PROXY_HOST).
        type: str
      proxy_port:
        description:
          - The port of O(vsphere.proxy_host).
          - Where neither this nor O(providers_file) names a provider, it comes from E(VMWARE_PROXY_PORT).
        type: int
  ovirt:
    description: The connection to one oVirt engine, instead of O(providers_file).
    type: dict
    suboptions:
      url:
        description:
          - The engine's API, such as V(https://engine.example.com/ovirt-engine/api).
          - Where neither this nor O(providers_file) names a provider, it comes from E(OVIRT_URL).
        type: str
      hostname:
        description:
          - The engine, by name, instead of O(ovirt.url).
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

    # Beside those above.
    OPENSTACK = r"""
options:
  openstack:
    description: The connection to one OpenStack cloud, instead of O(providers_file).
    type: dict
    suboptions:
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
          - A file with the key of O(openstack.client_cert), where that is not in the same file.
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

    # Beside those above, where what a session changed is put back.
    ESXI = r"""
options:
  esxi:
    description:
      - The log-in of one ESXi host on which the session put SSH keys for copy-offload, instead of those in
        O(providers_file), where each entry of a vCenter may have one (C(esxi_host), C(esxi_user) and C(esxi_password)
        in its C(copyoffload)).
      - No host is asked for anything but the keys that the ledger of changes has noted there, and only by the address
        at which it has noted them.
    type: dict
    suboptions:
      hostname:
        description: The host, by the name or address by which the session reached it.
        type: str
      username:
        description: Who logs in over SSH, such as V(root).
        type: str
        aliases: [user]
      password:
        description: The password. It is sent to no host but the one that the ledger knows by its SSH host key.
        type: str
        aliases: [pass, pwd]
      port:
        description: The port of SSH, V(22) by default.
        type: int
"""
