# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task of another collection makes things, by its options and its environment, as a record has it: an id alone
says nothing. No server is asked. Empty where nobody can tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import kubeconfig
from ansible_collections.mtv.teardown.plugins.module_utils._errors import TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import place_of

with suppress(ImportError):  # ansible-core brings it along, to the controller
    import yaml

# What kubernetes.core takes from the environment where an option is not given.
_CLUSTER = {"host": "K8S_AUTH_HOST", "kubeconfig": "K8S_AUTH_KUBECONFIG", "context": "K8S_AUTH_CONTEXT"}
# Where openstacksdk looks for the clouds that it is given by name.
_CLOUDS = ("clouds.yaml", "~/.config/openstack/clouds.yaml", "/etc/openstack/clouds.yaml")


def of(module: str, options: Mapping[str, Any], environ: Mapping[str, str], *, here: bool) -> str:
    """here: whether the module runs on this machine, so that its files are those that can be read."""
    collection = module.rpartition(".")[0]
    if collection in ("kubernetes.core", "kubevirt.core"):
        return _cluster(options, environ, here)
    if collection == "openstack.cloud":
        return _cloud(options, environ, here)
    if collection == "ovirt.ovirt":
        auth = options.get("auth")
        given = auth if isinstance(auth, Mapping) else {}
        said = given.get("url") or given.get("hostname")
        return place_of(said or environ.get("OVIRT_URL") or environ.get("OVIRT_HOSTNAME"))
    port = options.get("port") or environ.get("VMWARE_PORT")
    return place_of(options.get("hostname") or environ.get("VMWARE_HOST"), port)


def _cluster(options: Mapping[str, Any], environ: Mapping[str, str], here: bool) -> str:
    auth = {name: options.get(name) or environ.get(variable) for name, variable in _CLUSTER.items()}
    if not here and not auth["host"] and not isinstance(auth["kubeconfig"], Mapping):
        return ""
    try:
        return kubeconfig.place_of(kubeconfig.server(auth, environ))
    except TeardownError:
        return ""


def _cloud(options: Mapping[str, Any], environ: Mapping[str, str], here: bool) -> str:
    """auth and a cloud that is an object say it themselves; a name leads to a file."""
    cloud = options.get("cloud") or environ.get("OS_CLOUD")
    told = [options.get("auth"), cloud.get("auth") if isinstance(cloud, Mapping) else None]
    if isinstance(cloud, str) and here:
        files = [environ.get("OS_CLIENT_CONFIG_FILE") or "", *_CLOUDS]
        told.append(next((auth for file in files if file and (auth := _auth_of(file, cloud))), None))
    urls = [auth.get("auth_url") for auth in told if isinstance(auth, Mapping)]
    return place_of(next((url for url in urls if url), None) or (environ.get("OS_AUTH_URL") if not cloud else None))


def _auth_of(file: str, cloud: str) -> Any:
    try:
        with open(os.path.expanduser(file), encoding="utf-8") as stream:
            data = yaml.safe_load(stream)
        return data["clouds"][cloud].get("auth")
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError):
        return None
