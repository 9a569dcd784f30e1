# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the log-in of an ESXi host comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import HOLDERS, PROVIDERS

HOST = HOLDERS["esxi"]
VCENTER = {"type": "vsphere", "fqdn": "vc.example.com", "username": "me", "password": "vc-secret"}
COPY = {"esxi_clone_method": "ssh", "esxi_host": "ESX1.example.com", "esxi_user": "root", "esxi_password": "esx-secret"}


def made(options: dict[str, Any], **entries: Any) -> tuple[tuple[Connection, ...], dict[str, str]]:
    return connections(HOST, options, providers_file.parse(json.dumps(entries)), {"ESXI_HOST": "x"})


def test_nothing_is_configured() -> None:
    assert made({}) == made({"hostname": None, "password": "x"}) == ((), {})
    assert made({}, vc=VCENTER, other={**VCENTER, "copyoffload": {"storage_password": "x"}}) == ((), {})


@pytest.mark.parametrize("missing", ["esxi_host", "esxi_user", "esxi_password"])
def test_an_entry_without_a_whole_log_in_names_no_host(missing: str) -> None:
    for value in (None, "", 7):
        assert made({}, vc={**VCENTER, "copyoffload": {**COPY, missing: value}}) == ((), {})


def test_an_entry_of_a_vcenter_names_a_host() -> None:
    twin = {**VCENTER, "fqdn": "vc2.example.com", "copyoffload": COPY}
    (one,), wrong = made({}, vc={**VCENTER, "copyoffload": COPY}, vc2=twin)
    assert (one.type, one.key, one.place, one.username, one.secret) == (
        "esxi",
        "vc (ESXi)",
        "esx1.example.com:22",
        "root",
        "esx-secret",
    )
    assert not wrong and "esx-secret" not in repr(one)
    other = {**twin, "copyoffload": {**COPY, "esxi_user": "somebody"}}
    assert len(made({}, vc={**VCENTER, "copyoffload": COPY}, vc2=other)[0]) == 2


def test_options_come_first_and_may_have_a_port() -> None:
    options = {"hostname": "fd00::1", "username": "root", "password": "x1", "port": 2222}
    (one,), _wrong = made(options, vc={**VCENTER, "copyoffload": COPY})
    assert (one.key, one.place) == ("esxi (options)", "[fd00::1]:2222")
    assert made({**options, "hostname": "esx1:23", "port": None})[0][0].place == "esx1:23"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"username": ""}, "username is missing"),
        ({"password": None}, "password is missing"),
        ({"hostname": "esx 1"}, "no host has such a name"),
        ({"password": "a\nb"}, "cannot be sent"),
        ({"port": 70000}, "is no port"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], told: str) -> None:
    found, wrong = made({"hostname": "esx1", "username": "root", "password": "secret-x", **change})
    assert found == () and told in wrong["esxi (options)"]


def test_an_esxi_host_is_no_type_of_provider() -> None:
    """Nobody looks for clones there."""
    assert "esxi" not in PROVIDERS
    (entry,) = providers_file.parse(json.dumps({"x": {"type": "esxi"}}))
    assert "is none of" in entry.error
