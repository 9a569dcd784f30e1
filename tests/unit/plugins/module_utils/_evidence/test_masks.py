# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret stands in evidence, known or not, and what helps does."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._evidence import keep, masks

HUSH = "Kw3Hush7Qz"
JWT = f"eyJhbGciOiJSUzI1NiJ9.{HUSH}aWYiOiJ.{HUSH}"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{HUSH}\n-----END RSA PRIVATE KEY-----"
KUBECONFIG = f"users:\n- user:\n    token: {HUSH}\n    client-key-data: {HUSH}\n"

LINES = [
    f"Authorization: Bearer {HUSH}",
    f"authorization: Basic {HUSH}==",
    f'Authorization: Digest username="me", response="{HUSH}"',
    f'{{"headers":{{"Authorization":["Bearer {HUSH}"]}}}}',
    f"curl -H 'Authorization: Bearer {HUSH}' https://api",
    f"request with bearer {HUSH} failed",
    f"login as administrator, password={HUSH}",
    f"login as administrator, Password: {HUSH} two",
    f'{{"msg":"x","password":"{HUSH}"}}',
    f'{{\\"password\\":\\"{HUSH}\\"}}',
    f"{{User:me Password:{HUSH} Host:x}}",
    f"password => {HUSH}",
    f"virt-v2v --password {HUSH} vm",
    f"virt-v2v --vddk-password='{HUSH} x' vm",
    f"mount -o username=a,password={HUSH},ro",
    f"GET https://me:{HUSH}@vcenter/sdk: 500",
    f"GET https://cloud/v3?token={HUSH}&a=b",
    f"GET https://s3/x?X-Amz-Signature={HUSH}",
    f"Set-Cookie: vmware_soap_session={HUSH}; Path=/",
    f"vmware-api-session-id: {HUSH}",
    f"X-Auth-Token: {HUSH}",
    f"OS_PASSWORD={HUSH}",
    f"user=a pass={HUSH}",
    f"token is {JWT} now",
    f"oc login --token=sha256~{HUSH}",
    f"the key {KEY} is wrong",
    KEY.replace("\n", "\\n"),
    KEY.rpartition("\n")[0],
    KUBECONFIG,
    f"password: |\n  {HUSH}\n  {HUSH}\nuser: me",
    f"apiKey: '{HUSH}'",
    f"secret_access_key = {HUSH}",
    f"private_key={HUSH}",
    f"aws_access_key_id: x, access-key: {HUSH}",
    f"https://blob/x?sv=1&sig={HUSH}",
    f"user: a, pw: {HUSH}",
]


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_secrets, "_known", _secrets.Known())


@pytest.mark.parametrize("line", LINES)
def test_what_looks_like_a_secret_is_in_no_text(line: str) -> None:
    for text in (line, f"E0101 controller.go:12] {line}", json.dumps({"msg": line}), f"one\n{line}\ntwo"):
        told = _secrets.masked(text)
        assert HUSH not in told and "***" in told, told
    assert _secrets.masked(f"{line}\nPlan auto-ab12 is lost").endswith("\nPlan auto-ab12 is lost") or "PRIVATE" in line


@pytest.mark.parametrize(
    "line",
    [
        'secrets "auto-ab12-source" not found',
        "secretName: auto-ab12-source",
        "secretRef=auto-ab12-source",
        "caFile: /etc/pki/token.crt tokenFile: /run/token",
        'E0101 12:00:00 {"plan":{"name":"auto-ab12-plan"},"msg":"reconcile failed: webhook denied the request"}',
        "persistentvolumeclaim auto-ab12-disk-0 is being deleted",
        "https://api.example.com:6443/apis: connection refused",
    ],
)
def test_what_helps_stays(line: str) -> None:
    assert _secrets.masked(line) == line


def test_what_is_known_goes_whatever_it_looks_like() -> None:
    _secrets.keep("plain-words")
    assert _secrets.masked("it said plain-words twice") == "it said *** twice"
    assert masks.masked({"plain-words": ["plain-words"]}) == {"***": ["***"]}


OBJECTS: list[dict[str, Any]] = [
    {"kind": "Secret", "data": {"password": HUSH}, "stringData": {"a": HUSH}, "type": "Opaque"},
    {"kind": "Secret", "metadata": {"annotations": {"any": f'{{"data":{{"a":"{HUSH}"}}}}'}}},
    {"kind": "Secret", "metadata": {"managedFields": [HUSH]}, "immutable": True},
    {"kind": "ConfigMap", "data": {"app.conf": HUSH}, "binaryData": {"x": base64.b64encode(HUSH.encode()).decode()}},
    {"kind": "Plan", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": HUSH}}},
    {"kind": "Plan", "metadata": {"annotations": {"objectset.rio.cattle.io/applied": HUSH}}},
    {"kind": "Hook", "spec": {"playbook": base64.b64encode(HUSH.encode()).decode()}},
    {"kind": "Plan", "metadata": {"annotations": {"a": json.dumps({"spec": {"env": [{"name": "A", "value": HUSH}]}})}}},
    {"kind": "Pod", "spec": {"containers": [{"env": [{"name": "PLAIN", "value": HUSH}]}]}},
    {"kind": "Pod", "spec": {"containers": [{"args": ["--password", HUSH]}]}},
    {"kind": "Pod", "spec": {"containers": [{"command": ["sh", "-c", f"mysql -u a --password={HUSH}"]}]}},
    {"kind": "VirtualMachine", "spec": {"volumes": [{"cloudInitNoCloud": {"userData": f"#cloud-config\n{HUSH}"}}]}},
    {"kind": "VirtualMachine", "spec": {"volumes": [{"cloudInitConfigDrive": {"networkDataBase64": HUSH}}]}},
    {"kind": "DataVolume", "spec": {"source": {"http": {"url": f"https://me:{HUSH}@host/x"}}}},
    {"kind": "DataVolume", "spec": {"source": {"http": {"extraHeaders": [f"X-Own: {HUSH}"]}}}},
    {"kind": "Odd", "spec": {"credentials": {"user": HUSH, "deep": [{"any": HUSH}]}}},
    {"kind": "Odd", "spec": {"passwords": [HUSH], "apiToken": 12345678, "parameters": [{"key": "pwd", "value": HUSH}]}},
    {"kind": "Odd", "status": {"conditions": [{"message": f"login failed: password={HUSH}"}]}},
    {"kind": "Odd", "spec": {"kubeconfig": KUBECONFIG, "text": KUBECONFIG, "config": KEY}},
    {"kind": "Odd", "spec": {"env": HUSH, "data": HUSH}},
]


@pytest.mark.parametrize("body", OBJECTS, ids=str)
def test_no_object_keeps_a_secret(body: dict[str, Any]) -> None:
    told = str(masks.of_object(body))
    assert HUSH not in told and "12345678" not in told
    assert base64.b64encode(HUSH.encode()).decode() not in told


def test_odd_shapes_become_plain_data() -> None:
    deep: Any = HUSH
    for _level in range(5000):
        deep = {"a": [deep]}
    told = masks.masked({"deep": deep, "set": {"x"}, "when": datetime(2026, 1, 1, tzinfo=UTC), "\ud800": b"x"})
    text = keep.as_yaml(told)
    assert HUSH not in text and "2026-01-01" in text and "***" in text
    text.encode()
    assert masks.masked(json.dumps({"a": [{"a": f"password={HUSH}"}]})) == '{"a": [{"a": "password=***"}]}'
    assert HUSH not in masks.masked('{"a":' * 3000 + f'"password={HUSH}"' + "}" * 3000)


def test_what_an_object_is_stays() -> None:
    body = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "disk", "finalizers": ["kubernetes.io/pvc-protection"], "ownerReferences": [{"uid": 1}]},
        "spec": {
            "secretRef": "x",
            "volume": {"secret": {"secretName": "s", "optional": True}},
            "automount": True,
        },
        "status": {"phase": "Bound", "conditions": [{"type": "A", "status": "False", "message": "no such host"}]},
    }
    assert masks.of_object(body) == body
    meta = {
        "name": "s",
        "namespace": "n",
        "finalizers": ["example.com/held"],
        "deletionTimestamp": "2026-01-01",
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {**meta, "annotations": {"a": "b"}}, "data": {"k": "v"}}
    assert masks.of_object(secret) == {"apiVersion": "v1", "kind": "Secret", "metadata": meta}
    assert masks.of_object({"kind": "ConfigMap", "data": {"app.conf": "x"}}) == {
        "kind": "ConfigMap",
        "data": {"app.conf": "***"},
    }
