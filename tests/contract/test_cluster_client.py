# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our client against a real API server."""

from __future__ import annotations

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import client as cluster_module
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.wait import until_gone
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits

from tests.lab.admin import Admin


def served(cluster: Cluster, group: str, kind: str) -> Resource:
    found = cluster.discover().find(group, kind)
    assert found is not None
    return found


def secret(cluster: Cluster, namespace: str, name: str) -> Obj:
    found = cluster.get(served(cluster, "", "Secret"), namespace, name)
    assert found is not None
    return found


def test_discovery_in_two_requests(cluster: Cluster) -> None:
    catalog = cluster.discover()
    assert cluster.requests == 2
    assert not catalog.broken
    plan = catalog.find("forklift.konveyor.io", "Plan")
    assert plan is not None
    assert (plan.version, plan.plural, plan.namespaced) == ("v1beta1", "plans", True)
    assert {"list", "watch", "delete", "patch"} <= plan.verbs
    assert not any("/" in resource.plural for resource in catalog.resources)


def test_every_kind_that_can_be_listed_is_listed(cluster: Cluster) -> None:
    """An empty list of any kind is an answer, whatever its shape."""
    for resource in cluster.discover().deletable(namespaced=True):
        assert cluster.listing(resource, "default").version


def test_pages(cluster: Cluster, admin: Admin, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.namespace(prefix)
    for number in range(5):
        admin.make("Secret", prefix, f"s{number}")
    monkeypatch.setattr(cluster_module, "PAGE", 2)
    before = cluster.requests
    found = cluster.listing(served(cluster, "", "Secret"), prefix)
    assert [o.name for o in found.objects] == [f"s{number}" for number in range(5)]
    assert cluster.requests - before == 2 + 3


def test_secrets_are_read_as_metadata(cluster: Cluster, admin: Admin, prefix: str) -> None:
    admin.namespace(prefix)
    admin.make("Secret", prefix, "s", stringData={"password": "made-up"})
    found = cluster.listing(served(cluster, "", "Secret"), prefix)
    assert "made-up" not in repr(found)
    assert "data" not in found.objects[0].body


def test_absent_is_the_servers_word(cluster: Cluster) -> None:
    assert cluster.get(served(cluster, "", "Secret"), "default", "not-there") is None
    with pytest.raises(ApiError, match="404"):
        cluster.listing(Resource("no.example.com", "v1", "things", "Thing", True), "default")


def test_forbidden_is_an_error(limited: Cluster) -> None:
    secrets = served(limited, "", "Secret")
    with pytest.raises(ApiError) as caught:
        limited.listing(secrets, "default")
    assert (caught.value.status, caught.value.reason) == (403, "Forbidden")


def test_delete_is_pinned_to_the_uid(cluster: Cluster, admin: Admin, prefix: str) -> None:
    admin.namespace(prefix)
    admin.make("Secret", prefix, "s")
    first = secret(cluster, prefix, "s")
    assert cluster.delete(first)
    again = admin.make("Secret", prefix, "s")["metadata"]["uid"]
    with pytest.raises(ApiError) as caught:
        cluster.delete(first)
    assert caught.value.status == 409
    assert "precondition" in caught.value.msg.lower()
    assert admin.uid("Secret", prefix, "s") == again


def test_delete_of_what_has_gone(cluster: Cluster, admin: Admin, prefix: str) -> None:
    admin.namespace(prefix)
    admin.make("Secret", prefix, "s")
    found = secret(cluster, prefix, "s")
    assert cluster.delete(found)
    assert not cluster.delete(found)


def test_waiting_costs_no_request_per_object(cluster: Cluster, admin: Admin, prefix: str) -> None:
    admin.namespace(prefix)
    for number in range(20):
        admin.make("Secret", prefix, f"s{number}", metadata={"finalizers": ["example.com/held"]})
    found = cluster.listing(served(cluster, "", "Secret"), prefix).objects
    cluster.together(cluster.delete, found)
    before = cluster.requests
    waited = until_gone(cluster, found, Limits(stall=0.5, total=5))
    assert len(waited.pending) == 20
    assert all(obj.deleting for obj in waited.pending)
    assert cluster.requests - before == 2  # one list, one watch
    for number in range(20):
        admin.release("Secret", prefix, f"s{number}")
    assert not until_gone(cluster, found, Limits(stall=5, total=10)).pending


def test_patch_merges(cluster: Cluster, admin: Admin, prefix: str) -> None:
    admin.namespace(prefix)
    admin.make("Plan", prefix, "p", spec=PLAN_SPEC)
    plan = cluster.get(served(cluster, "forklift.konveyor.io", "Plan"), prefix, "p")
    assert plan is not None
    patched = cluster.patch(plan, {"spec": {"archived": True}})
    assert patched is not None
    assert (patched.spec("archived"), patched.spec("targetNamespace")) == (True, PLAN_SPEC["targetNamespace"])


PLAN_SPEC = {
    "targetNamespace": "x",
    "provider": {"source": {}, "destination": {}},
    "map": {"network": {}, "storage": {}},
    "vms": [],
}
