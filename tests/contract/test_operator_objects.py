# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's Forklift and CDI make and clean, beside what was seen of the real ones (forklift d42511b, CDI
c07cdb6): labels, owners and names, by which a teardown finds them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.waiting import eventually
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import Lab
from tests.lab.worlds import seed

CORE = "/api/v1"
FORKLIFT = "/apis/forklift.konveyor.io/v1beta1"
CDI = "/apis/cdi.kubevirt.io/v1beta1"
CLASS = "/apis/storage.k8s.io/v1/storageclasses"
MTV = "openshift-mtv"


@pytest.fixture(scope="module")
def admin(acting_lab: Lab) -> Admin:
    return admin_of(acting_lab)


@pytest.fixture(scope="module")
def worlds(acting_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A session for each world that is looked at; its prefix is its namespace."""
    made = {"csi": "auto-ob01", "ova": "auto-ob02", "hyperv": "auto-ob03", "copy-offload": "auto-ob04"}
    for world, prefix in made.items():
        seed.seed(acting_lab, world, prefix, tmp_path_factory.mktemp("world"), say=lambda _text: None)
    return made


def found(admin: Admin, path: str, **labels: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = admin.api.request("GET", path)["items"]
    return [one for one in items if labels.items() <= one["metadata"].get("labels", {}).items()]


def migration(admin: Admin, namespace: str, outcome: str) -> dict[str, Any]:
    items = found(admin, f"{FORKLIFT}/namespaces/{namespace}/migrations")
    return next(one for one in items if outcome in one["metadata"]["annotations"].values())


def provider(admin: Admin, namespace: str, kind: str) -> dict[str, Any]:
    items = found(admin, f"{FORKLIFT}/namespaces/{namespace}/providers")
    return next(one for one in items if one["spec"]["type"] == kind)


def names(items: list[dict[str, Any]]) -> set[str]:
    return {one["metadata"]["name"] for one in items}


def owner(obj: dict[str, Any]) -> str:
    return next((str(one["uid"]) for one in obj["metadata"].get("ownerReferences", [])), "")


def test_labels_of_what_belongs_to_a_vm(admin: Admin, worlds: dict[str, str]) -> None:
    """F:P/kubevirt.go:3968, :374, :1249."""
    uid = migration(admin, worlds["csi"], "succeeded")["metadata"]["uid"]
    conversion = found(admin, f"{FORKLIFT}/namespaces/{worlds['csi']}/conversions", migration=uid)[0]
    labels = conversion["metadata"]["labels"]
    assert labels["forklift.app"] == "virt-v2v"
    assert labels["resource"] == "vm-config"
    assert conversion["status"]["phase"] == "Succeeded"
    pod = found(admin, f"{CORE}/namespaces/shared-vms/pods", migration=uid, **{"forklift.app": "virt-v2v"})[0]
    assert pod["metadata"]["labels"] == {**labels, "conversion": conversion["metadata"]["name"]}
    assert labels["conversion-type"] == "Remote"
    secrets = found(admin, f"{CORE}/namespaces/shared-vms/secrets", migration=uid, resource="vm-config")
    assert sorted(key for one in secrets for key in one["metadata"]["labels"] if key.startswith("is")) == [
        "isDV",
        "isV2V",
    ]
    vm = found(admin, "/apis/kubevirt.io/v1/namespaces/shared-vms/virtualmachines", migration=uid)[0]
    assert vm["metadata"]["labels"]["resource"] == "vm-config"


def test_ssh_keys_stand_beside_a_vsphere_provider_and_go_with_it(admin: Admin, worlds: dict[str, str]) -> None:
    """F:pkg/controller/provider/controller.go:562: there without any copy-offload, too."""
    path = f"{CORE}/namespaces/{worlds['csi']}/secrets"
    one = provider(admin, worlds["csi"], "vsphere")["metadata"]
    wanted = {f"offload-ssh-keys-{one['name']}-{part}" for part in ("private", "public")}
    keys = [secret for secret in found(admin, path) if secret["metadata"]["name"] in wanted]
    assert len(keys) == 2
    assert {owner(secret) for secret in keys} == {one["uid"]}
    assert all(secret["metadata"]["ownerReferences"][0]["controller"] for secret in keys)
    admin.api.request("DELETE", f"{FORKLIFT}/namespaces/{worlds['csi']}/providers/{one['name']}")
    assert eventually(lambda: not wanted & names(found(admin, path)))


def test_a_csi_class_goes_the_populators_way(admin: Admin, worlds: dict[str, str]) -> None:
    """C:pkg/controller/populators/populator-base.go:194, C:pkg/controller/import-controller.go:975."""
    inside = "namespaces/shared-vms"
    uid = migration(admin, worlds["csi"], "running")["metadata"]["uid"]
    volumes = {one["metadata"]["uid"] for one in found(admin, f"{CDI}/{inside}/datavolumes", migration=uid)}
    sources = [one for one in found(admin, f"{CDI}/{inside}/volumeimportsources") if owner(one) in volumes]
    assert names(sources) == {f"volume-import-source-{one}" for one in volumes}
    assert len(volumes) == 2
    claims = {one["metadata"]["uid"]: one for one in found(admin, f"{CORE}/{inside}/persistentvolumeclaims")}
    mine = {one: claim for one, claim in claims.items() if owner(claim) in volumes}
    primes = [claim for claim in claims.values() if owner(claim) in mine]
    assert names(primes) == {f"prime-{one}" for one in mine}
    for prime in primes:
        labels = prime["metadata"]["labels"]
        assert labels["velero.io/exclude-from-backup"] == "true"
        assert "migration" not in labels
        assert (labels["app.kubernetes.io/component"], labels["app.kubernetes.io/managed-by"]) == (
            "storage",
            "cdi-controller",
        )
    pods = found(admin, f"{CORE}/{inside}/pods", migration=uid, **{"cdi.kubevirt.io": "importer"})
    assert names(pods) == {f"importer-prime-{one}" for one in mine}
    # What has come to its end: the volume is the claim's, and nothing of the way is left.
    done = migration(admin, worlds["csi"], "succeeded")["metadata"]["uid"]
    claim = found(admin, f"{CORE}/{inside}/persistentvolumeclaims", migration=done)[0]["metadata"]
    volume = found(admin, f"{CORE}/persistentvolumes")
    assert claim["uid"] in {one["spec"].get("claimRef", {}).get("uid") for one in volume}
    assert f"prime-{claim['uid']}" not in names(list(claims.values()))


@pytest.mark.parametrize(("world", "volume", "claim"), [("ova", "ova-store-pv-", "ova-store-pvc-"),
                                                        ("hyperv", "hyperv-store-pv-", "hyperv-pvc-")])  # fmt: skip
def test_the_share_of_a_plan(admin: Admin, worlds: dict[str, str], world: str, volume: str, claim: str) -> None:
    """F:P/kubevirt.go:4433 and :4560: the PV has the Migration's name, the PVC its uid."""
    one = migration(admin, worlds[world], "succeeded")["metadata"]
    named = {"app": "forklift", "provider": provider(admin, worlds[world], world)["metadata"]["name"]}
    volumes = found(admin, f"{CORE}/persistentvolumes", migration=one["name"], **named)
    claims = found(admin, f"{CORE}/namespaces/{worlds[world]}/persistentvolumeclaims", migration=one["uid"], **named)
    assert len(volumes) == len(claims) == 1
    assert all("vmID" in made["metadata"]["labels"] for made in (*volumes, *claims))
    assert names(volumes).pop().startswith(volume)
    assert names(claims).pop().startswith(claim)


@pytest.mark.parametrize(("world", "plural"), [("ova", "ovaproviderservers"), ("hyperv", "hypervproviderservers")])
def test_the_parts_of_a_server(admin: Admin, worlds: dict[str, str], world: str, plural: str) -> None:
    """F:pkg/controller/ova/builder.go:64: a suffix each, and the server's uid; all go with the Provider."""
    one = provider(admin, worlds[world], world)["metadata"]
    servers = f"{FORKLIFT}/namespaces/{MTV}/{plural}"
    server = found(admin, servers, provider=one["uid"])[0]["metadata"]
    paths = [f"{CORE}/namespaces/{MTV}/persistentvolumeclaims", f"{CORE}/namespaces/{MTV}/services",
             f"/apis/apps/v1/namespaces/{MTV}/deployments", f"{CORE}/persistentvolumes"]  # fmt: skip

    def parts() -> list[dict[str, Any]]:
        return [part for path in paths for part in found(admin, path, **{f"{world}-server": server["uid"]})]

    assert len(parts()) == 4
    assert len({server["name"], *names(parts())}) == 5
    assert {owner(part) for part in parts()} == {server["uid"], ""}
    admin.api.request("DELETE", f"{FORKLIFT}/namespaces/{worlds[world]}/providers/{one['name']}")
    assert eventually(lambda: not parts())
    assert eventually(lambda: not found(admin, servers, provider=one["uid"]))


@pytest.mark.parametrize(
    ("kind", "plural", "goes"),
    [("OVAProviderServer", "ovaproviderservers", False), ("HyperVProviderServer", "hypervproviderservers", True)],
)
def test_a_server_whose_provider_is_gone(admin: Admin, kind: str, plural: str, goes: bool) -> None:
    """F:pkg/controller/ova/controller.go:213 wants its Provider, hyperv's takes the uid in the label."""
    share = "ova" if kind.startswith("OVA") else "hyperv"
    name, path = f"lonely-{share}", f"{FORKLIFT}/namespaces/{MTV}/{plural}"
    admin.api.create(path, {"apiVersion": "forklift.konveyor.io/v1beta1", "kind": kind, "metadata": {
        "name": name, "finalizers": [f"forklift/{share}-provider"], "labels": {
            "app": "forklift", "subapp": f"{share}-server", "provider": "11111111-1111-4111-8111-111111111111"}},
        "spec": {"provider": {"name": "nobody", "namespace": MTV}}})  # fmt: skip
    admin.api.request("DELETE", f"{path}/{name}")
    if goes:
        assert eventually(lambda: name not in names(found(admin, path)))
        return
    # Its controller has surely seen it when it has seen what came later.
    test_a_server_whose_provider_is_gone(admin, "HyperVProviderServer", "hypervproviderservers", True)
    assert name in names(found(admin, path))
    admin.rewrite(f"{path}/{name}", lambda now: now["metadata"].update(finalizers=[]))


def test_a_deleted_plan_takes_what_bears_its_name_in_every_namespace(admin: Admin, worlds: dict[str, str]) -> None:
    """F:P/controller.go:209, :904: always; what a VM owns is kept, and what belongs to another plan."""
    failed, done = (migration(admin, worlds["csi"], outcome) for outcome in ("failed", "succeeded"))
    plan = failed["spec"]["plan"]
    labels = {"plan-name": plan["name"], "plan-namespace": plan["namespace"]}
    admin.namespace("elsewhere")
    admin.make("ConfigMap", "elsewhere", "orphan", metadata={"labels": labels})
    admin.make("ConfigMap", "elsewhere", "other", metadata={"labels": {**labels, "plan-name": "another"}})
    claims = f"{CORE}/namespaces/shared-vms/persistentvolumeclaims"
    kept = names(found(admin, claims, migration=done["metadata"]["uid"]))
    for one in (failed, done):
        reference = one["spec"]["plan"]
        admin.api.request("DELETE", f"{FORKLIFT}/namespaces/{reference['namespace']}/plans/{reference['name']}")
    kinds = (f"{CORE}/persistentvolumeclaims", f"{CDI}/datavolumes", f"{CORE}/pods", f"{CORE}/secrets")
    for path in (*kinds, f"{CORE}/configmaps"):
        assert eventually(lambda path=path: not found(admin, path, **labels)), path  # type: ignore[misc]
    assert admin.uid("ConfigMap", "elsewhere", "other")
    assert kept
    assert kept <= names(found(admin, claims))


def test_archived_is_not_durable(admin: Admin, worlds: dict[str, str]) -> None:
    """F:P/controller.go:367: Ready goes, Succeeded stays."""
    reference = migration(admin, worlds["copy-offload"], "succeeded")["spec"]["plan"]
    admin.change("Plan", reference["namespace"], reference["name"], spec={"archived": True})

    def conditions() -> dict[str, dict[str, Any]]:
        plan = admin.get("Plan", reference["namespace"], reference["name"])
        return {one["type"]: one for one in plan["status"]["conditions"]}

    assert eventually(lambda: "Archived" in conditions())
    assert set(conditions()) == {"Archived", "Succeeded"}
    assert conditions()["Archived"]["message"] == "The migration plan has been archived."
    assert "durable" not in conditions()["Archived"]


def test_the_secret_of_storage_arrays_is_everybodys(admin: Admin, worlds: dict[str, str]) -> None:
    """F:P/adapter/vsphere/builder.go:2495: no labels, no owner."""
    assert worlds
    made = admin.get("Secret", MTV, "storage-array-secret")["metadata"]
    assert "labels" not in made
    assert "ownerReferences" not in made
