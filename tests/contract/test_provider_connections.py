# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an option of a connection says is seen on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.client import Cloud
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.client import Engine
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._run.registry import PROVIDERS

from tests.contract import clouds, ovirt_runs
from tests.contract.vcenters import CLONE, recorded, remove, survey, target
from tests.lab.tunnel import tunnel
from tests.lab.vcenter import peer
from tests.lab.webpage import served

ELSEWHERE = "vc.example.invalid"


def made(kind: str, options: dict[str, Any], environ: dict[str, str] | None = None) -> Connection:
    return PROVIDERS[kind].from_environment(environ)[0] if environ else PROVIDERS[kind].from_options(options)[0]


# -- vSphere: a proxy -------------------------------------------------------------------------------------------


def test_a_vcenter_behind_a_proxy_is_cleaned_through_it(vcenter: peer.VCenter) -> None:
    """Its certificate is verified by its own name; the proxy is trusted with nothing."""
    vcenter.make({"name": CLONE, "power": "poweredOn"}, "somebody-elses")
    address = vcenter.entry()["fqdn"]
    with tunnel(address, to=address) as proxy:
        result = remove(vcenter, recorded(CLONE), proxy_host="127.0.0.1", proxy_port=proxy.port)
    assert [entry["name"] for entry in result.done] == [CLONE] and not result.unreadable
    assert CLONE not in vcenter.named() and "somebody-elses" in vcenter.named()
    assert set(proxy.asked) == {address} and len(proxy.asked) >= 2


def test_the_proxy_finds_what_nobody_here_can(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    with tunnel(f"{ELSEWHERE}:443", to=vcenter.entry()["fqdn"]) as proxy:
        behind = {"fqdn": ELSEWHERE, "proxy_host": "127.0.0.1", "proxy_port": str(proxy.port)}
        # The name is not the one of the certificate, and that counts behind a proxy, too.
        wrong = remove(vcenter, recorded(CLONE), **behind)
        assert "certificate" in wrong.unreadable[0]["error"] and CLONE in vcenter.named()
        done = remove(vcenter, recorded(CLONE), insecure=True, **behind)
    assert [entry["name"] for entry in done.done] == [CLONE] and CLONE not in vcenter.named()


def test_a_proxy_that_refuses_is_told(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    with tunnel(to=vcenter.entry()["fqdn"], refuses=True) as proxy:
        result = remove(vcenter, recorded(CLONE), proxy_host="127.0.0.1", proxy_port=proxy.port)
    assert "403" in result.unreadable[0]["error"] and CLONE in vcenter.named()
    assert survey(vcenter, recorded(CLONE)).with_status and result.done == []


def test_the_environment_tells_a_proxy(vcenter: peer.VCenter) -> None:
    host, _colon, port = vcenter.entry()["fqdn"].partition(":")
    told = {"VMWARE_HOST": host, "VMWARE_PORT": port, "VMWARE_USER": "u", "VMWARE_PASSWORD": "p"}
    one = made("vsphere", {}, {**told, "VMWARE_PROXY_HOST": "proxy.example.com", "VMWARE_PROXY_PORT": "3128"})
    assert dict(one.more) == {"proxy_host": "proxy.example.com", "proxy_port": "3128"}


@pytest.mark.parametrize(
    "half",
    [{"proxy_host": "proxy"}, {"proxy_port": 3128}, {"proxy_host": "http://proxy", "proxy_port": 3128},
     {"proxy_host": "proxy", "proxy_port": 70000}],
)  # fmt: skip
def test_half_a_proxy_is_bad_input(half: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="proxy_host and proxy_port go together"):
        made("vsphere", {"hostname": "vc.example.com", "username": "u", "password": "p", **half})


# -- oVirt: headers ---------------------------------------------------------------------------------------------


def test_headers_are_sent_with_every_request(tmp_path: Path) -> None:
    with served(tmp_path) as page:
        host, _colon, port = page.address.partition(":")
        options = {"url": f"https://{host}:{port}/ovirt-engine/api", "username": "u@internal", "password": "s3cr3t"}
        options |= {"ca_file": str(page.ca_file), "headers": {"X-Team": "mtv", "Filter": "true"}}
        with pytest.raises(ApiError), Engine(made("ovirt", options), ovirt_runs.HASTY):
            pass
    asked = [sent for (_method, path), sent in zip(page.asked, page.sent, strict=True) if "/api" in path]
    assert all((sent.get("X-Team"), sent.get("Filter")) == ("mtv", "true") for sent in asked)


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer x"}, {"a b": "x"}, {"X": "a\r\nY: b"}, ["X"]], ids=str)
def test_what_can_be_no_header_is_bad_input(headers: Any) -> None:
    options = {"url": "https://engine.example.com/ovirt-engine/api", "username": "u", "password": "p"}
    with pytest.raises(RecordError, match="headers"):
        made("ovirt", {**options, "headers": headers})


# -- OpenStack: a certificate of the client, and a time limit ---------------------------------------------------


def cloud(address: str, ca_file: Path, **options: Any) -> Connection:
    auth = {"auth_url": f"https://{address}/v3", "username": "ci", "password": "s3cr3t", "project_name": "ci"}
    return made("openstack", {"auth": {**auth, "user_domain_name": "D"}, "ca_cert": str(ca_file), **options})


def test_a_cloud_that_demands_a_certificate_gets_it(tmp_path: Path) -> None:
    with served(tmp_path, demands=True) as page:
        with pytest.raises(ApiError), Cloud(cloud(page.address, page.ca_file), clouds.HASTY):
            pass
        assert page.asked == []
        shown = {"client_cert": str(tmp_path / "front-proxy.crt"), "client_key": str(tmp_path / "front-proxy.key")}
        with pytest.raises(ApiError), Cloud(cloud(page.address, page.ca_file, **shown), clouds.HASTY):
            pass
        assert page.asked  # it was let in, and met a page that is no Keystone


def test_a_clouds_own_configuration_has_the_same(tmp_path: Path) -> None:
    (tmp_path / "c.crt").write_text("x", encoding="utf-8")
    one = cloud(
        "cloud.example.com:5000", tmp_path / "c.crt", cloud={"cert": str(tmp_path / "c.crt"), "api_timeout": 90}
    )
    assert (one.more["cert"], Cloud(one).patience.silence, Cloud(one).patience.window) == (
        str(tmp_path / "c.crt"),
        90,
        90,
    )
    assert Cloud(cloud("cloud.example.com:5000", tmp_path / "c.crt", api_timeout=5)).patience.silence == 5


@pytest.mark.parametrize(
    "wrong", [{"client_cert": "/nowhere.crt"}, {"client_key": __file__}, {"cloud": {"api_timeout": "soon"}}]
)
def test_what_cannot_be_used_of_a_cloud_is_bad_input(tmp_path: Path, wrong: dict[str, Any]) -> None:
    (tmp_path / "ca.crt").write_text("x", encoding="utf-8")
    with pytest.raises(RecordError, match=r"client_cert|api_timeout"):
        cloud("cloud.example.com:5000", tmp_path / "ca.crt", **wrong)


def test_a_target_has_no_proxy_unless_it_is_told(vcenter: peer.VCenter) -> None:
    assert dict(target(vcenter).connection.more) == {}
