# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the suite makes: inside its namespace, and in one that it shares, where only the record can tell whose it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import ConflictError
from ocp_resources.config_map import ConfigMap
from ocp_resources.network_attachment_definition import NetworkAttachmentDefinition
from ocp_resources.network_map import NetworkMap
from ocp_resources.secret import Secret

SHARED = os.environ.get("SUITE_SHARED", "")
FORKLIFT = "forklift.konveyor.io/v1beta1"
Make = Callable[..., Any]


def test_in_its_namespace(make: Make, target_namespace: str, fixture_store: dict[str, Any]) -> None:
    make(
        Secret,
        name=f"{target_namespace}-login",
        namespace=target_namespace,
        string_data={"password": "not-to-be-shown"},
    )
    spec: dict[str, Any] = {"map": [], "provider": {}}
    meta = {"name": f"{target_namespace}-map", "namespace": target_namespace}
    body = {"apiVersion": FORKLIFT, "kind": "NetworkMap", "metadata": meta, "spec": spec}
    make(NetworkMap, test_name="test_in_its_namespace-vsphere", kind_dict=body)
    fixture_store["teardown"].setdefault("vsphere", []).append({"name": f"{target_namespace}-rhel8-9fzk"})


@pytest.mark.parametrize("number", [1, 2])
def test_in_a_shared_namespace(make: Make, target_namespace: str, number: int) -> None:
    tail = target_namespace.removeprefix("auto-")
    config = '{"cniVersion": "0.3.1", "name": "cnv-bridge", "type": "cnv-bridge"}'
    nad = NetworkAttachmentDefinition
    make(nad, name=f"cb-{tail}-{number}", namespace=SHARED, config=config)
    make(ConfigMap, name=f"values-{tail}-{number}", namespace=SHARED, data={"a": "b"})


@pytest.mark.usefixtures("target_namespace")
def test_what_is_there_already(client: Any) -> None:
    """It is somebody else's."""
    with pytest.raises(ConflictError):
        ConfigMap(client=client, name="theirs", namespace=SHARED, data={"a": "b"}).deploy()
