# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of read, with every fault on the wire: what could not be read is never "clean".

The world is clean: nothing of the session is there but its empty namespace, which the site accepts. So a verdict other
than clean comes from the fault alone, and a clean one in spite of a lasting fault would be a lie.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import client as cluster_module
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some

from tests.contract.clusters import cluster_of
from tests.contract.foresight import Memory, through
from tests.lab.admin import admin_of
from tests.lab.controlplane import Lab
from tests.lab.faults import FAULTS, FaultProxy, Rule

PREFIX, SHARED = "auto-read", "lent-for-reading"
ACCEPTED = [{"expression": f"kind == 'Namespace' && name == '{PREFIX}'", "reason": "left for this test"}]
TERMS = verify.Terms(quiet_interval=0, total=5, rules=ignore.compile_rules(ACCEPTED))
SESSION = Session(
    prefix=PREFIX,
    plans=(Key(f"{PREFIX}-plan", SHARED, str(uuid.uuid4()), target_namespace=SHARED),),
)
# The kinds of request that a reading makes: each is another path through the client.
REQUESTS = {
    "discovery of the core": r"^/api$",
    "discovery of the groups": r"^/apis$",
    "namespaces": r"^/api/v1/namespaces\?",
    "volumes": r"^/api/v1/persistentvolumes\?",
    "plans everywhere": r"/v1beta1/plans\?",
    "machines everywhere": r"^/apis/kubevirt.io/v1/virtualmachines\?",
    "secrets of a shared namespace": rf"/namespaces/{SHARED}/secrets\?",
    "pods of the session's namespace": rf"/namespaces/{PREFIX}/pods\?",
    "second page": rf"/namespaces/{SHARED}/configmaps\?.*continue=",
}
# What is only asked to explain why the accepted namespace is there, and what to do about it: no verdict rests on it.
EXPLAINS = rf"fieldSelector=|/apiservices|/namespaces/{PREFIX}$|/selfsubjectaccessreviews$"
# These last and leave no answer to rely on; "slow" is only slow, and the last four are about watches.
LASTING = [name for name in FAULTS if name not in ("slow", "dumb", "late 410", "noise", "alien")]
# A discovery has no pages, so it cannot be endless.
PAIRS = [(r, f) for r in REQUESTS for f in LASTING if f != "endless" or not r.startswith("discovery")]
PASSING = ["429", "500", "503", "cut", "cut answer", "silence", "drip", "slow"]


@pytest.fixture(scope="module", autouse=True)
def world(lab: Lab) -> Iterator[None]:
    admin = admin_of(lab)
    for name in (PREFIX, SHARED):
        admin.namespace(name)
    for number in range(5):
        admin.make("ConfigMap", SHARED, f"c{number}")
        admin.make("Secret", SHARED, f"s{number}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_module, "PAGE", 3)
        yield
    for name in (PREFIX, SHARED):
        admin.api.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(autouse=True)
def no_rules(proxy: FaultProxy) -> Iterator[None]:
    proxy.rules, proxy.seen = [], []
    yield
    proxy.rules = []


@pytest.fixture(scope="module")
def memory(proxy: FaultProxy) -> Memory:
    """What the server answers while nothing fails: nothing changes here, so that is asked once for many tests."""
    known: Memory = {}
    assert look(proxy, memory=known)["verdict"] == "clean"
    return known


def look(proxy: FaultProxy, *rules: Rule, memory: Memory | None = None) -> dict[str, Any]:
    proxy.rules = list(rules)
    return verify.verify(through(proxy, memory=memory), SESSION, TERMS)


def every_request(proxy: FaultProxy) -> list[str]:
    """The requests of one look, as patterns; what stands for a page is told apart from its first."""
    assert look(proxy)["verdict"] == "clean"
    asked = {seen.path for seen in proxy.seen if not re.search(EXPLAINS, seen.path)}
    return sorted({re.sub(r"continue=[^&]+", "continue=.+", re.escape(path)) for path in asked})


def test_without_a_fault_it_is_clean_and_every_kind_of_request_is_made(proxy: FaultProxy) -> None:
    assert look(proxy)["verdict"] == "clean"
    for name, path in REQUESTS.items():
        assert any(re.search(path, seen.path) for seen in proxy.seen), name


@pytest.mark.parametrize(("request_", "fault"), some(PAIRS, 5))
def test_a_lasting_fault_is_never_clean(proxy: FaultProxy, memory: Memory, request_: str, fault: str) -> None:
    rule = Rule(fault, path=REQUESTS[request_])
    result = look(proxy, rule, memory=memory)
    assert rule.struck
    assert result["verdict"] == "unverified"
    assert result["unreadable"]
    assert result["deleted"] == []
    assert all(entry["error"] for entry in result["unreadable"])


@pytest.mark.parametrize(("request_", "fault"), some(product(REQUESTS, PASSING), 5))
def test_a_fault_that_passes_is_lived_through(proxy: FaultProxy, memory: Memory, request_: str, fault: str) -> None:
    rule = Rule(fault, path=REQUESTS[request_], times=2)
    waits: list[float] = []
    proxy.rules = [rule]
    assert verify.verify(through(proxy, waits, tries=4, memory=memory), SESSION, TERMS)["verdict"] == "clean"
    assert rule.struck == 2
    assert fault == "slow" or len(waits) >= 2
    assert fault != "429" or sorted(waits)[-2] >= 1  # what the server asked for


def test_an_expired_token_of_a_page_begins_the_list_again(proxy: FaultProxy) -> None:
    rule = Rule("410", path=REQUESTS["second page"], times=1)
    assert look(proxy, rule)["verdict"] == "clean"
    assert rule.struck


def test_every_single_request_counts(proxy: FaultProxy, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """In turn: each request that a clean verdict rests on, failing alone, one with a refusal and the next with half
    an answer. One look for each: the second asks the same. What answers well does so in each look alike, so only the
    request that fails is sent each time."""
    requests = every_request(proxy)
    assert len(requests) > 120
    monkeypatch.setattr(verify, "_look_until_quiet", lambda _cluster, first, _terms, _sleep: [first] * 2)
    rules = [Rule("403" if number % 2 else "half", path=f"^{path}$") for number, path in enumerate(requests)]
    assert [rule.path for rule in rules if look(proxy, rule, memory=memory)["verdict"] != "unverified"] == []
    assert all(rule.struck for rule in rules)


@pytest.mark.parametrize("passed", [0, 1, 2, 5, 9, 20, 60, 120])
def test_a_token_that_expires_half_way(proxy: FaultProxy, passed: int) -> None:
    result = look(proxy, Rule("401", skip=passed))
    assert result["verdict"] == "unverified"
    assert "401" in result["unreadable"][0]["error"]


def test_a_certificate_that_does_not_fit(proxy: FaultProxy, lab: Lab) -> None:
    """Trusted is the lab's own authority; the proxy has another. Nothing is sent, and nothing is tried again."""
    config = yaml.safe_load(proxy.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["certificate-authority"] = str(lab.state / "pki" / "ca.crt")
    wrong = proxy.kubeconfig.with_name("wrong.kubeconfig")
    wrong.write_text(yaml.safe_dump(config))
    client = cluster_of(wrong)
    result = verify.verify(client, SESSION, TERMS)
    assert result["verdict"] == "unverified"
    assert "certificate" in result["unreadable"][0]["error"]
    assert client.requests == 4  # two looks, two requests each, one try
    assert proxy.seen == []


def test_a_server_that_is_not_there(proxy: FaultProxy) -> None:
    config = yaml.safe_load(proxy.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    nowhere = proxy.kubeconfig.with_name("nowhere.kubeconfig")
    nowhere.write_text(yaml.safe_dump(config))
    result = verify.verify(through(proxy, kubeconfig=nowhere), SESSION, TERMS)
    assert result["verdict"] == "unverified"
    assert "did not answer" in result["unreadable"][0]["error"]
