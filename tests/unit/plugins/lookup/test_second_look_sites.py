# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers in the option names of their own collections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.mtv.teardown.plugins.lookup.second_look_sites import LookupModule

ENTRY = {"username": "u", "password": "hush-hush", "fqdn": "h.example", "api_url": "https://h.example:8443/v3"}
CLOUD = {**ENTRY, "type": "openstack", "project_name": "p", "user_domain_name": "D", "region_name": "R"}


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VMWARE_HOST", "OVIRT_URL", "OVIRT_HOSTNAME", "OVIRT_INI_PATH", "OS_CLOUD", "OS_AUTH_URL"):
        monkeypatch.delenv(name, raising=False)


def sites(*keys: str, **given: Any) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in LookupModule().run(list(keys), **given)}


def _file(folder: Path, content: Any) -> str:
    path = folder / "providers.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def test_of_the_file(tmp_path: Path) -> None:
    ca = tmp_path / "ca.crt"
    ca.write_text("x", encoding="utf-8")
    content = {
        "vc": {**ENTRY, "type": "vsphere", "ca_file": "ca.crt"},
        "engine": {**ENTRY, "type": "ovirt", "insecure": True, "ca_file": "ca.crt"},
        "cloud": CLOUD,
        "wrong": {"type": "ovirt"},
        "not-asked": {**ENTRY, "type": "ovirt", "fqdn": "other"},
    }
    found = sites("vc", "engine", "cloud", "wrong", "gone", providers_file=_file(tmp_path, content))
    assert set(found) == {"vc", "engine", "cloud"}
    login = {"username": "u", "password": "hush-hush"}
    assert found["vc"]["options"] == {**login, "hostname": "h.example", "port": 443, "validate_certs": True}
    assert found["vc"]["ca_file"] == str(ca)
    assert found["engine"]["options"] == {**login, "url": "https://h.example:8443/ovirt-engine/api", "insecure": True}
    assert found["engine"]["ca_file"] == ""
    cloud = found["cloud"]["options"]
    assert cloud["auth"]["password"] == "hush-hush" and cloud["auth"]["project_name"] == "p"
    assert cloud["auth"]["project_domain_name"] == "D" and cloud["region_name"] == "R" and cloud["verify"] is True
    assert cloud["load_envvars"] is cloud["load_yaml_config"] is False


def test_options_count_before_the_file_and_the_environment_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _file(tmp_path, {"engine": {**ENTRY, "type": "ovirt"}})
    own = {"url": "https://[fd00::1]/ovirt-engine/api", "token": "hush-hush-token"}
    found = sites("ovirt (options)", "engine", providers_file=file, ovirt=own)
    assert list(found) == ["ovirt (options)"]
    assert found["ovirt (options)"]["options"] == {
        "url": "https://[fd00::1]:443/ovirt-engine/api",
        "token": "hush-hush-token",
        "insecure": False,
    }
    monkeypatch.setenv("VMWARE_HOST", "vc.example")
    monkeypatch.setenv("VMWARE_USER", "u")
    monkeypatch.setenv("VMWARE_PASSWORD", "hush-hush")
    assert list(sites("vsphere (VMWARE_HOST)", providers_file=file)) == ["vsphere (VMWARE_HOST)"]


def test_a_file_that_is_none_is_an_error_without_its_words(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match=r"providers\.json") as caught:
        sites("x", providers_file=_file(tmp_path, '{"password": "hush-hush"'))
    assert "hush" not in str(caught.value)
