# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks of other collections are going to make, and what they made: created is told from changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._recording import tasks
from ansible_collections.mtv.teardown.plugins.module_utils._recording.tasks import Outcome
from ansible_collections.mtv.teardown.plugins.module_utils._run import places

K8S, GUEST = "kubernetes.core.k8s", "community.vmware.vmware_guest"
BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
TIMES = (BEGAN.timestamp(), BEGAN.timestamp() + 3)
MADE, NOT_MADE, UNKNOWN, GONE = Outcome.MADE, Outcome.NOT_MADE, Outcome.UNKNOWN, Outcome.GONE


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(name: str = "a", kind: str = "ConfigMap", created: float = 1, **metadata: Any) -> dict[str, Any]:
    told = {"name": name, "namespace": "ns", "uid": f"uid-{name}", "creationTimestamp": at(created), **metadata}
    return {"kind": kind, "apiVersion": "v1", "metadata": told}


def answer(method: str, changed: bool = True, **more: Any) -> dict[str, Any]:
    return {"changed": changed, "method": method, "result": body(**more)}


def wrote(*times: float, **more: Any) -> list[dict[str, Any]]:
    return [{"operation": "Update", "time": at(time), **more} for time in times]


ONE = {"kind": "ConfigMap", "name": "a", "namespace": "ns"}


@pytest.mark.parametrize(
    ("options", "result", "outcome"),
    [
        pytest.param(ONE, answer("create"), MADE, id="created"),
        pytest.param(ONE, answer("update"), NOT_MADE, id="patched"),
        pytest.param(ONE, answer("replace"), NOT_MADE, id="replaced"),
        pytest.param(ONE, answer("update", changed=False), NOT_MADE, id="as-it-was"),
        pytest.param(ONE, answer("apply", changed=False), NOT_MADE, id="applied-as-it-was"),
        pytest.param(ONE, answer("apply", managedFields=wrote(1)), MADE, id="applied-and-new"),
        pytest.param(ONE, answer("apply", created=-9000, managedFields=wrote(-9000)), MADE, id="by-a-slow-clock"),
        pytest.param(ONE, answer("apply", created=-60, managedFields=wrote(-60, 1)), NOT_MADE, id="applied-and-old"),
        pytest.param(ONE, answer("apply", managedFields=wrote(1, 3)), UNKNOWN, id="written-twice-within-the-task"),
        pytest.param(
            ONE, answer("apply", managedFields=[*wrote(1), *wrote(9, subresource="status")]), MADE, id="its-status"
        ),
        pytest.param(ONE, answer("apply", generation=1), MADE, id="no-writers-and-new"),
        pytest.param(ONE, answer("apply", generation=2), UNKNOWN, id="no-writers-and-changed-since"),
        pytest.param(ONE, answer("apply", created=-60), UNKNOWN, id="no-writers-and-just-before"),
        pytest.param(ONE, answer("apply", created=-9000), NOT_MADE, id="no-writers-and-long-before"),
        pytest.param(ONE, {**answer("apply", created=-60), "diff": {"after": body()}}, MADE, id="by-its-diff"),
        pytest.param(
            ONE, {**answer("apply"), "diff": {"before": {}, "after": {"data": {}}}}, NOT_MADE, id="changed-by-its-diff"
        ),
        pytest.param(ONE, {"failed": True, "msg": "no"}, UNKNOWN, id="failed"),
        pytest.param(ONE, {"failed": True, **answer("create")}, MADE, id="failed-while-it-waited"),
        pytest.param(ONE, {"changed": True, "method": "create", "result": {}}, UNKNOWN, id="a-conflict"),
        pytest.param(ONE, {}, NOT_MADE, id="nothing-said"),
        pytest.param(
            {**ONE, "state": "absent"},
            {"changed": True, "method": "delete", "result": {"kind": "Status", "details": {"uid": "u"}}},
            GONE,
            id="deleted",
        ),
        pytest.param({**ONE, "state": "absent"}, answer("delete"), NOT_MADE, id="asked-to-go"),
        pytest.param({**ONE, "state": "absent", "wait": True}, answer("delete"), GONE, id="waited-for"),
        pytest.param({**ONE, "state": "absent"}, {"changed": False, "result": {}}, NOT_MADE, id="was-not-there"),
    ],
)
def test_an_object(options: dict[str, Any], result: dict[str, Any], outcome: Outcome) -> None:
    ((thing, became),) = tasks.became(K8S, options, result, TIMES)
    assert (thing.name, became) == ("a", outcome)
    if outcome is MADE:
        assert thing.uid == "uid-a" and thing.namespace == "ns"


DEFINITIONS: list[Any] = [body("a"), "kind: Secret\nmetadata: {name: b}\n---\nkind: Plan\nmetadata: {name: c}\n"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"definition": body("a")}, [("ConfigMap", "ns", "a")]),
        ({"resource_definition": DEFINITIONS}, [("ConfigMap", "ns", "a"), ("Secret", "", "b"), ("Plan", "", "c")]),
        ({"inline": DEFINITIONS[1], "namespace": "x"}, [("Secret", "x", "b"), ("Plan", "x", "c")]),
        (
            {"definition": {"kind": "ConfigMapList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}},
            [("ConfigMap", "", "a")],
        ),
        ({"kind": "Pod", "generate_name": "a-", "namespace": "ns"}, [("Pod", "ns", "")]),
        ({"definition": {"kind": "Pod", "metadata": {"generateName": "a-"}}}, [("Pod", "", "")]),
        ({"definition": "{"}, []),
        ({"definition": [3, None, {}]}, []),
        ({"definition": {"kind": "Pod", "metadata": "x"}}, [("Pod", "", "")]),
        ({"src": "/no/such/file.yml"}, []),
        ({"src": "https://example.com/all.yml"}, []),
    ],
)
def test_what_a_task_names(options: dict[str, Any], named: list[tuple[str, str, str]]) -> None:
    assert [(one.kind, one.namespace or "", one.name) for one in tasks.about(K8S, options)] == named


def test_a_file_of_definitions(tmp_path: Path) -> None:
    (tmp_path / "all.yml").write_text(DEFINITIONS[1], encoding="utf-8")
    assert [one.name for one in tasks.about(K8S, {"src": str(tmp_path / "all.yml")})] == ["b", "c"]


def test_several_definitions() -> None:
    options = {"definition": [body("a"), body("b"), body("c")]}
    results = [answer("create", name="a"), answer("update", name="b"), {"changed": False, "error": {}, "result": {}}]
    became = tasks.became(K8S, options, {"changed": True, "result": {"results": results}}, TIMES)
    assert [outcome for _thing, outcome in became] == [MADE, NOT_MADE, UNKNOWN]
    # The second failed, and nothing tells of the first.
    became = tasks.became(K8S, options, {"failed": True, "msg": "no"}, TIMES)
    assert [(thing.name, outcome) for thing, outcome in became] == [("a", UNKNOWN), ("b", UNKNOWN), ("c", UNKNOWN)]


@pytest.mark.parametrize(
    ("options", "makes"),
    [({}, True), ({"state": "present"}, True), ({"state": "absent"}, False), ({"state": "patched"}, False)],
)
def test_what_only_patches_or_deletes_has_no_intent(options: dict[str, Any], makes: bool) -> None:
    assert tasks.may_make(options) is makes


@pytest.mark.parametrize("module", ["kubevirt.core.kubevirt_vm", "kubernetes.core.k8s_service"])
def test_modules_of_one_kind(module: str) -> None:
    ((thing, became),) = tasks.became(module, {"name": "a", "namespace": "ns"}, answer("create"), TIMES)
    assert (thing.uid, became) == ("uid-a", MADE)


INSTANCE = {"instance": {"moid": "vm-7", "instance_uuid": "50-1"}}


@pytest.mark.parametrize(
    ("module", "options", "result", "outcome"),
    [
        pytest.param(GUEST, {}, {"changed": True, **INSTANCE}, MADE, id="guest"),
        pytest.param(GUEST, {}, {"changed": True, "changes": {}, **INSTANCE}, NOT_MADE, id="guest-reconfigured"),
        pytest.param(GUEST, {}, {"changed": False, **INSTANCE}, NOT_MADE, id="guest-as-it-was"),
        pytest.param(GUEST, {"state": "poweredon"}, {"changed": True, **INSTANCE}, UNKNOWN, id="guest-power"),
        pytest.param(GUEST, {}, {"changed": True, "failed": True}, UNKNOWN, id="guest-failed"),
        pytest.param(GUEST, {"state": "absent"}, {"changed": True}, NOT_MADE, id="guest-of-no-id"),
        pytest.param(
            "vmware.vmware.vm", {"state": "absent"}, {"changed": True, "vm": {"moid": "vm-7"}}, GONE, id="vm-deleted"
        ),
        pytest.param("vmware.vmware.vm", {}, {"changed": True, "vm": {"moid": "vm-7"}}, UNKNOWN, id="vm"),
        pytest.param(
            "vmware.vmware.deploy_folder_template",
            {"vm_name": "a"},
            {"changed": True, "vm": {"moid": "vm-7"}},
            MADE,
            id="deployed",
        ),
        pytest.param(
            "vmware.vmware.deploy_folder_template",
            {"vm_name": "a"},
            {"changed": False, "vm": {"moid": "vm-7"}},
            NOT_MADE,
            id="was-deployed",
        ),
        pytest.param(
            "openstack.cloud.server",
            {},
            {"changed": True, "server": {"id": "vm-7", "created_at": at(1)}},
            MADE,
            id="server",
        ),
        pytest.param(
            "openstack.cloud.server",
            {},
            {"changed": True, "server": {"id": "vm-7", "created_at": at(-9000)}},
            NOT_MADE,
            id="server-updated",
        ),
        pytest.param(
            "openstack.cloud.server",
            {},
            {"changed": True, "server": {"id": "vm-7", "created_at": at(-60)}},
            UNKNOWN,
            id="server-of-this-hour",
        ),
        pytest.param(
            "ovirt.ovirt.ovirt_vm",
            {},
            {"changed": True, "id": "vm-7", "vm": {"id": "vm-7", "creation_time": "2026-01-01 12:00:01.5+00:00"}},
            MADE,
            id="ovirt",
        ),
        pytest.param(
            "ovirt.ovirt.ovirt_vm", {"state": "absent"}, {"changed": True, "id": "vm-7"}, GONE, id="ovirt-deleted"
        ),
        pytest.param(
            "ovirt.ovirt.ovirt_vm",
            {"state": "absent", "wait": False},
            {"changed": True, "id": "vm-7"},
            NOT_MADE,
            id="ovirt-asked-to-go",
        ),
    ],
)
def test_a_vm(module: str, options: dict[str, Any], result: dict[str, Any], outcome: Outcome) -> None:
    ((thing, became),) = tasks.became(module, {"name": "a", **options}, result, TIMES)
    assert (thing.name, became) == ("a", outcome)
    if outcome in (MADE, GONE):
        assert thing.id == "vm-7"
        assert thing.uid == ("50-1" if module == GUEST else "")


@pytest.mark.parametrize("result", [{}, {"result": None}, {"result": [3]}, {"result": {"metadata": 3}}, {"vm": 3}])
@pytest.mark.parametrize("module", [K8S, GUEST, "vmware.vmware.vm", "ovirt.ovirt.ovirt_vm"])
def test_odd_answers(module: str, result: dict[str, Any]) -> None:
    for changed in (True, False, "x"):
        tasks.became(module, ONE, {**result, "changed": changed}, TIMES)


CONFIG: dict[str, Any] = {
    "contexts": [{"name": "a", "context": {"cluster": "one"}}, {"name": "b", "context": {"cluster": "two"}}],
    "clusters": [
        {"name": "one", "cluster": {"server": "https://One.example.com:6443/"}},
        {"name": "two", "cluster": {"server": "https://two.example.com"}},
    ],
    "users": [{"name": "u", "user": {"token": "hush"}}],
    "current-context": "a",
}
CLOUDS = "clouds: {mine: {auth: {auth_url: 'https://keys.example.com:5000/v3', password: hush}}}"


@pytest.mark.parametrize(
    ("module", "options", "environ", "place"),
    [
        (K8S, {"kubeconfig": CONFIG}, {}, "https://one.example.com:6443"),
        (K8S, {"kubeconfig": CONFIG, "context": "b"}, {}, "https://two.example.com:443"),
        (K8S, {"kubeconfig": CONFIG, "host": "https://three:6443"}, {}, "https://three:6443"),
        (K8S, {"kubeconfig": "/no/such/file"}, {}, ""),
        (K8S, {}, {"K8S_AUTH_HOST": "https://me:hush@four/k8s/c-1/"}, "https://four:443/k8s/c-1"),
        ("kubevirt.core.kubevirt_vm", {"host": "no address:x"}, {}, ""),
        (GUEST, {"hostname": "VC.example.com"}, {}, "vc.example.com:443"),
        (GUEST, {"hostname": "vc", "port": 8443}, {}, "vc:8443"),
        (GUEST, {}, {"VMWARE_HOST": "vc", "VMWARE_PORT": "8443"}, "vc:8443"),
        (GUEST, {}, {}, ""),
        ("ovirt.ovirt.ovirt_vm", {"auth": {"url": "https://e.example.com/ovirt-engine/api"}}, {}, "e.example.com:443"),
        ("ovirt.ovirt.ovirt_vm", {"auth": {"hostname": "e"}}, {}, "e:443"),
        ("ovirt.ovirt.ovirt_vm", {}, {"OVIRT_URL": "https://e:8443/x"}, "e:8443"),
        ("openstack.cloud.server", {"auth": {"auth_url": "https://k:5000/v3"}}, {}, "k:5000"),
        ("openstack.cloud.server", {"cloud": {"auth": {"auth_url": "https://k:5000/v3"}}}, {}, "k:5000"),
        ("openstack.cloud.server", {}, {"OS_AUTH_URL": "https://k:5000/v3"}, "k:5000"),
        ("openstack.cloud.server", {"cloud": "none"}, {"OS_AUTH_URL": "https://k:5000/v3"}, ""),
        ("openstack.cloud.server", {"cloud": "mine"}, {}, "keys.example.com:5000"),
    ],
)
def test_places(tmp_path: Path, module: str, options: dict[str, Any], environ: dict[str, str], place: str) -> None:
    (tmp_path / "clouds.yaml").write_text(CLOUDS, encoding="utf-8")
    environ = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"), **environ}
    assert places.of(module, options, environ, here=True) == place
