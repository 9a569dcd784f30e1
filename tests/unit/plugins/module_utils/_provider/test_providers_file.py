# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The providers file, and where else a vCenter's connection comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._provider import providers_file
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._run.connections import connections
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

ENTRY = {"type": "vsphere", "version": "8.0.1", "fqdn": "vc.example.com", "username": "u", "password": "hush-hush"}


def made(
    entries: Any, options: dict[str, Any] | None = None, **environ: str
) -> tuple[tuple[Connection, ...], dict[str, str]]:
    return connections(PROVIDERS["vsphere"], options, providers_file.parse(json.dumps(entries)), environ)


@pytest.mark.parametrize(
    ("change", "host", "port"),
    [
        ({}, "vc.example.com", 443),
        ({"fqdn": "", "api_url": "https://vc.example.com/sdk"}, "vc.example.com", 443),
        ({"fqdn": "", "api_url": "vc.example.com:8443/sdk"}, "vc.example.com", 8443),
        ({"fqdn": "vc.example.com:8989"}, "vc.example.com", 8989),
        ({"fqdn": " vc.example.com\n"}, "vc.example.com", 443),
        ({"fqdn": "https://u:hush-hush@vc.example.com:8443/"}, "vc.example.com", 8443),
        ({"fqdn": "fd00::1"}, "fd00::1", 443),
        ({"fqdn": "[fd00::1]:8443"}, "fd00::1", 8443),
        ({"fqdn": "", "api_url": "https://[::1]/sdk"}, "::1", 443),
        ({"fqdn": "", "api_url": "https://fd00::1/sdk"}, "fd00::1", 443),
    ],
)
def test_addresses_with_and_without_a_scheme(change: dict[str, str], host: str, port: int) -> None:
    (one,), wrong = made({"vsphere-8": {**ENTRY, **change}})
    assert (one.host, one.port, one.key, one.validate_certs, wrong) == (host, port, "vsphere-8", True, {})


def test_every_entry_of_the_type_once() -> None:
    entries = {
        "a": ENTRY,
        "b": {**ENTRY, "fqdn": "other"},
        "a-copy-offload": ENTRY,
        "ovirt": {**ENTRY, "type": "ovirt"},
    }
    found, _wrong = made(entries)
    assert sorted(one.host for one in found) == ["other", "vc.example.com"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({**ENTRY, "password": ""}, "password is missing"),
        ({**ENTRY, "username": None}, "username is missing"),
        ({**ENTRY, "fqdn": ""}, "fqdn or api_url is missing"),
        ({**ENTRY, "password": ["hush-hush"]}, "password is not a string"),
        ({**ENTRY, "password": True}, "password is not a string"),
        ({**ENTRY, "fqdn": "vc:port"}, "no address"),
        ({**ENTRY, "fqdn": "vc:70000"}, "no address"),
        ({**ENTRY, "fqdn": "[fd00::1"}, "no address"),
        ({**ENTRY, "fqdn": "u:hush-hush@[fd00::1"}, "no address"),
        ({**ENTRY, "fqdn": "https://u:hush-hush@vc:port/sdk"}, "no address"),
        ({**ENTRY, "fqdn": "a b"}, "no address"),
        ({**ENTRY, "ca_file": "nowhere.crt"}, "folder/nowhere.crt does not exist"),
    ],
)
def test_a_wrong_entry_is_named_and_stops_no_other(entry: dict[str, Any], told: str) -> None:
    entries = providers_file.parse(json.dumps({"bad": entry, "good": ENTRY}), "folder/.providers.json")
    found, wrong = connections(PROVIDERS["vsphere"], None, entries, {})
    assert [one.key for one in found] == ["good"]
    assert told in wrong["bad"] and "hush" not in wrong["bad"]


@pytest.mark.parametrize(
    "change",
    [
        {"username": "other"},
        {"fqdn": "vc.example.com:8443"},
        {"fqdn": "proxy/vc/sdk"},
        {"password": "another"},
        {"insecure": True},
    ],
)
def test_entries_that_differ_in_anything_are_two(change: dict[str, Any]) -> None:
    """Two accounts may see different VMs; what is one object is for the server to say."""
    assert len(made({"a": ENTRY, "b": {**ENTRY, **change}})[0]) == 2


@pytest.mark.parametrize("key", ["user_domain_name", "region_name", "project_name", "api_url", "username"])
def test_clouds_that_differ_in_one_key_are_two(key: str) -> None:
    cloud = {**ENTRY, "type": "openstack", "api_url": "https://os:5000/v3", "project_name": "p", "region_name": "r"}
    entries = {"a": cloud, "b": {**cloud, key: "https://os:5000/other/v3" if key == "api_url" else "other"}}
    found, _wrong = connections(PROVIDERS["openstack"], None, providers_file.parse(json.dumps(entries)), {})
    assert [one.key for one in found] == ["a", "b"]


def test_no_password_of_an_address_goes_anywhere() -> None:
    cloud = {**ENTRY, "type": "openstack", "api_url": "https://u:hush-hush@os:5000/v3", "project_name": "p"}
    (one,), _wrong = connections(PROVIDERS["openstack"], None, providers_file.parse(json.dumps({"a": cloud})), {})
    assert one.more["auth_url"] == "https://os:5000/v3"


def test_the_file_of_a_ca_is_looked_for_beside_its_file(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").touch()
    entries = providers_file.parse(json.dumps({"a": {**ENTRY, "ca_file": "ca.crt"}}), str(tmp_path / "providers.json"))
    (one,), _wrong = connections(PROVIDERS["vsphere"], None, entries, {})
    assert one.ca_file == str(tmp_path / "ca.crt")


def test_what_is_no_entry_and_types_that_are_not_searched_are_passed_over(tmp_path: Path) -> None:
    odd = {kind: {"type": kind} for kind in ("openshift", "ova", "hyperv", "ec2", "nutanix")}
    file = tmp_path / "providers.json"
    file.write_text(json.dumps({"_comment": "ours", "a": ENTRY, **odd}), encoding="utf-8-sig")
    entries = providers_file.read(str(file))
    assert [one.key for one in entries] == ["a", *odd] and not any(one.error for one in entries)


@pytest.mark.parametrize(
    ("entry", "told"), [("x", "not an object"), ({"type": "kvm"}, "'kvm'"), ({}, "type is missing")]
)
def test_an_entry_of_no_type(entry: Any, told: str) -> None:
    (one,) = providers_file.parse(json.dumps({"odd": entry}))
    assert one.type == "" and told in one.error and "odd" in one.error


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": {"password": "hush-hush"', "nul\x00l"])
def test_what_is_no_file_of_providers(text: str, tmp_path: Path) -> None:
    file = tmp_path / ".providers.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=r"\.providers\.json") as failed:
        providers_file.read(str(file))
    assert "hush" not in failed.value.msg


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(RecordError, match="providers file"):
            providers_file.read(str(path))
    (tmp_path / "big").write_bytes(b" " * (providers_file.MAX_BYTES + 1))
    with pytest.raises(RecordError, match="bytes"):
        providers_file.read(str(tmp_path / "big"))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match="UTF-8"):
        providers_file.read(str(tmp_path / "bytes"))


def test_options_come_first_then_the_file_then_the_environment() -> None:
    environ = {"VMWARE_HOST": "env", "VMWARE_USER": "u", "VMWARE_PASSWORD": "p", "VMWARE_PORT": "8443"}
    options = {"hostname": "given", "username": "u", "password": "p", "validate_certs": False, "port": None}
    assert [one.host for one in made({"a": ENTRY}, options, **environ)[0]] == ["given"]
    assert not made({}, options)[0][0].validate_certs
    assert [one.host for one in made({"a": ENTRY}, {"hostname": None}, **environ)[0]] == ["vc.example.com"]
    (one,), _wrong = made({}, None, **environ)
    assert (one.host, one.port, one.validate_certs) == ("env", 8443, True)


@pytest.mark.parametrize(("said", "verified"), [("False", False), ("no", False), ("True", True), ("", True)])
def test_what_awx_says_of_certificates(said: str, verified: bool) -> None:
    environ = {"VMWARE_HOST": "env", "VMWARE_USER": "u", "VMWARE_PASSWORD": "p", "VMWARE_VALIDATE_CERTS": said}
    assert made({}, None, **environ)[0][0].validate_certs is verified


def test_an_environment_that_is_not_whole() -> None:
    assert made({}, None, VMWARE_USER="u") == ((), {})
    assert "password" in "".join(made({}, None, VMWARE_HOST="h", VMWARE_USER="u")[1].values())
    whole = {"VMWARE_HOST": "h", "VMWARE_USER": "u", "VMWARE_PASSWORD": "p"}
    for port in ("x", "²", "70000"):
        assert "port" in "".join(made({}, None, **whole, VMWARE_PORT=port)[1].values()).lower()


def test_no_password_is_shown() -> None:
    entries = providers_file.parse(json.dumps({"a": ENTRY}))
    assert "hush" not in repr(entries) + repr(made({"a": ENTRY}))
