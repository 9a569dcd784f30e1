# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights a run needs, which manifest gives them, and what a server's rules allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import needed_rights, order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Needs, Right, Rule
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._run import preflight as asking
from ansible_collections.mtv.teardown.tests.unit.plugins.build import RESOURCES, obj

OWN, SHARED, MTV = "auto-ab12", "shared-vms", "openshift-mtv"
FORKLIFT = order.FORKLIFT


def find(group: str, kind: str) -> Any:
    return next((r for r in RESOURCES.values() if (r.group, r.kind) == (group, kind)), None)


def named(needs: Needs) -> set[str]:
    return {f"{r.verb} {r.resource}{' in ' + r.namespace if r.namespace else ''}" for r in needs.rights()}


def test_a_session_of_which_nothing_is_there_needs_what_is_read() -> None:
    looks = ((RESOURCES["Namespace"], None), (RESOURCES["Pod"], SHARED))
    assert named(Needs(find, looks)) == {"list namespaces", f"list pods in {SHARED}"}


def test_a_lease_needs_its_namespace_alone() -> None:
    rights = Needs(find, lease="ci").rights()
    assert {(r.namespace, r.key) for r in rights} == {("ci", "leases.coordination.k8s.io")}
    assert {r.verb for r in rights} == {"get", "create", "update", "delete"} and Needs(find).rights() == ()
    uses = [needed_rights.use_of(right, (OWN,), shared) for right in rights for shared in ((), ("ci",))]
    assert [use.name for use in uses if use] == ["lease"] * 8


def test_its_config_maps_are_named_where_a_right_can_be() -> None:
    """What is created has no name yet when it is allowed or not."""
    rights = Needs(find, kept={"mtv-teardown-a": "ci", "mtv-teardown-b": "ci"}).rights()
    assert {(r.verb, r.name) for r in rights} == {
        ("create", ""),
        *((verb, name) for verb in ("get", "update", "delete") for name in ("mtv-teardown-a", "mtv-teardown-b")),
    }
    uses = [needed_rights.use_of(right, own, ()) for right in rights for own in ((), (OWN,))]
    assert {use.name for use in uses if use} == {"journal"} and None not in uses
    (role,) = needed_rights.manifests(rights, "auto-ab12")
    assert role["metadata"]["namespace"] == "ci"
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": ["mtv-teardown-a", "mtv-teardown-b"],
            "verbs": ["delete", "get", "update"],
        },
    ]


def test_what_a_session_changed_is_asked_for_by_its_name_and_no_file_gives_it() -> None:
    undone = (Right("", "storage.k8s.io", "storageclasses", "patch", "fast"), Right("ci", "", "configmaps", "get", "x"))
    assert Needs(find, undone=undone).rights() == tuple(sorted(undone))
    assert [needed_rights.use_of(right, (), ("ci",)) for right in undone] == [None, None]
    roles = needed_rights.manifests(undone, "auto-ab12")
    assert [(role["kind"], role["rules"][0]["resourceNames"]) for role in roles] == [
        ("ClusterRole", ["fast"]),
        ("Role", ["x"]),
    ]


def test_what_is_deleted_is_awaited_and_a_namespace_is_deleted_by_a_right_inside_it() -> None:
    targets = (obj("Namespace", OWN), obj("Secret", "a", OWN), obj("PersistentVolume", "v"))
    assert named(Needs(find, targets=targets)) == {
        f"delete namespaces in {OWN}",
        "watch namespaces",
        f"delete secrets in {OWN}",
        f"watch secrets in {OWN}",
        "delete persistentvolumes",
        "watch persistentvolumes",
    }


def test_what_forklift_asks_for_when_a_plan_is_archived() -> None:
    sides = {"source": {"namespace": OWN, "name": "s"}, "destination": {"namespace": MTV, "name": "host"}}
    plan = obj("Plan", "p", OWN, spec={"targetNamespace": SHARED, "provider": sides})
    assert named(Needs(find, patched=(plan,), plans=(plan,))) == {
        f"patch plans in {OWN}",
        f"watch plans in {OWN}",
        f"create virtualmachines in {SHARED}",
        f"get providers in {OWN}",
        f"get providers in {MTV}",
    }


def test_while_a_migration_runs_more_may_come() -> None:
    wanted = named(Needs(find, places=(SHARED,)))
    assert {f"delete pods in {SHARED}", f"watch pods in {SHARED}", "delete persistentvolumes"} <= wanted
    assert f"delete plans in {SHARED}" not in wanted


def test_patch_is_asked_for_only_where_finalizers_come_off() -> None:
    targets = (
        obj("Secret", "s", OWN),
        obj("Namespace", OWN),
        obj("RoleBinding", "r", OWN),
        obj("PersistentVolume", "v"),
    )
    plain, forced = (named(Needs(find, targets=targets, finalizers=given)) for given in (False, True))
    assert forced - plain == {f"patch secrets in {OWN}", "patch persistentvolumes"}
    assert f"patch pods in {SHARED}" in named(Needs(find, places=(SHARED,), finalizers=True))


@pytest.mark.parametrize(
    ("right", "use"),
    [
        (Right("", "", "namespaces", "watch"), "every-run"),
        (Right("", "", "namespaces", "delete"), None),
        (Right("", "storage.k8s.io", "storageclasses", "list"), "every-run"),
        (Right("", "storage.k8s.io", "storageclasses", "delete"), "cluster-objects"),
        (Right("", "snapshot.storage.k8s.io", "volumesnapshotcontents", "delete"), "every-run"),
        (Right("", "admissionregistration.k8s.io", "validatingadmissionpolicies", "list"), "every-run"),
        (Right("", "example.com", "widgets", "list"), None),
        (Right(SHARED, "cert-manager.io", "certificates", "list"), "shared-namespace"),
        (Right(SHARED, "cert-manager.io", "certificates", "delete"), "session-namespace"),
        (Right("", FORKLIFT, "plans", "list"), "search-by-prefix"),
        (Right("", FORKLIFT, "plans", "delete"), None),
        (Right("", FORKLIFT, "forkliftcontrollers", "list"), "provider-servers"),
        (Right(OWN, "example.com", "widgets", "delete"), "session-namespace"),
        (Right(OWN, "", "namespaces", "delete"), "session-namespace"),
        (Right(OWN, FORKLIFT, "plans", "patch"), "session-namespace"),
        (Right(OWN, "", "secrets", "patch"), "remove-finalizers"),
        (Right(SHARED, "", "secrets", "patch"), "remove-finalizers"),
        (Right("", "", "persistentvolumes", "patch"), "remove-finalizers"),
        (Right(OWN, "rbac.authorization.k8s.io", "roles", "patch"), None),
        (Right("", "rbac.authorization.k8s.io", "clusterrolebindings", "patch"), None),
        (Right("", "", "namespaces", "patch"), None),
        (Right(OWN, "example.com", "widgets", "patch"), None),
        (Right(SHARED, "", "pods", "delete"), "shared-namespace"),
        (Right(SHARED, "", "namespaces", "delete"), "session-namespace"),
        (Right(SHARED, "k8s.cni.cncf.io", "network-attachment-definitions", "delete"), "shared-namespace"),
        (Right(MTV, FORKLIFT, "providers", "get"), "provider-namespace"),
        (Right(MTV, "apps", "deployments", "delete"), "provider-servers"),
        (Right(MTV, "", "secrets", "delete"), None),
    ],
)
def test_which_manifest_gives_it(right: Right, use: str | None) -> None:
    found = needed_rights.use_of(right, own=[OWN], shared=[SHARED])
    assert (found.name if found else None) == use


def test_no_manifest_deletes_more_in_a_shared_namespace_than_named_kinds() -> None:
    for use in needed_rights.USES:
        assert [kind for kind in use.everywhere if "*" in kind] == []
        wildcard = {kind: set(verbs) for kind, verbs in use.inside.items() if "*" in kind}
        whole = {
            needed_rights.SESSION_NAMESPACE.name: {"list", "watch", "delete"},
            needed_rights.SHARED_NAMESPACE.name: {"list", "watch"},
        }
        assert wildcard == ({("*", "*"): whole[use.name]} if use.name in whole else {})
    secrets = Right("", "", "secrets", "list")
    assert not any(use.grants(secrets) for use in needed_rights.USES)


def test_every_kind_of_the_tables_is_asked_for() -> None:
    shared = {
        (r["apiGroups"][0], name)
        for r in needed_rights.SHARED_NAMESPACE.manifests()[0]["rules"]
        for name in r["resources"]
    }
    kinds = {(group, kind) for group, kind in order.SHARED_KINDS if (group, kind) not in order.CLUSTER_KINDS}
    assert len(shared) > len(kinds) > 20
    assert {kind.lower() + "s" for _group, kind in kinds} <= {name for _group, name in shared}


def test_roles_hold_exactly_the_rights() -> None:
    wanted = [Right("", "", "namespaces", "list"), Right(OWN, "", "pods", "list"), Right(OWN, "", "pods", "delete")]
    wanted += [Right(OWN, "", "secrets", "delete"), Right(OWN, "", "secrets", "list"), Right(OWN, "apps", "x", "list")]
    cluster, inside = needed_rights.manifests(wanted, OWN)
    assert (cluster["kind"], inside["kind"], inside["metadata"]["namespace"]) == ("ClusterRole", "Role", OWN)
    assert inside["rules"] == [
        {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["delete", "list"]},
        {"apiGroups": ["apps"], "resources": ["x"], "verbs": ["list"]},
    ]


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (("delete", "", "pods"), True),
        (("*", "*", "*"), True),
        (("list", "", "pods"), False),
        (("delete", "apps", "pods"), False),
        (("delete", "", "pods/log"), False),
        (("delete", "", "pods", "one-pod"), False),
    ],
)
def test_what_a_rule_allows(rule: tuple[str, ...], allowed: bool) -> None:
    assert Rule(*(frozenset([part]) for part in rule)).allows(Right(OWN, "", "pods", "delete")) is allowed


def test_a_rule_for_one_namespace_by_name() -> None:
    rule = Rule(frozenset({"delete"}), frozenset({""}), frozenset({"namespaces"}), frozenset({OWN}))
    assert rule.allows(Right(OWN, "", "namespaces", "delete"))
    assert not rule.allows(Right("auto-ab13", "", "namespaces", "delete"))


# -- asking -----------------------------------------------------------------------------------------------------


class Server:
    """An API server that enumerates some rights, and knows of more when it is asked for one."""

    def __init__(self, told: Iterable[Right] = (), more: Iterable[Right] = (), error: ApiError | None = None) -> None:
        self.told, self.more, self.error = set(told), set(more), error
        self.asked: list[Right] = []

    def together(self, work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [work(item) for item in items]

    def rules(self, namespace: str) -> tuple[Rule, ...]:
        if self.error is not None:
            raise self.error
        return tuple(
            Rule(frozenset({r.verb}), frozenset({r.group}), frozenset({r.resource}))
            for r in self.told
            if r.namespace == namespace
        )

    def may(self, right: Right) -> bool:
        self.asked.append(right)
        if self.error is not None:
            raise self.error
        return right in self.told | self.more


WANTED = [Right("", "", "namespaces", "watch"), Right(OWN, "", "pods", "delete"), Right(OWN, "", "secrets", "delete")]


def refused(server: Server, proven: Iterable[Right] = ()) -> tuple[list[Right], str]:
    return asking.refused(server, WANTED, set(proven))  # type: ignore[arg-type]


def test_what_the_rules_hold_or_was_read_is_not_asked_for() -> None:
    server = Server(told=WANTED[1:])
    assert refused(server, WANTED[:1]) == ([], "")
    assert server.asked == []


def test_rules_that_are_not_all_are_no_clear_no() -> None:
    server = Server(told=WANTED[1:2], more=[WANTED[0], WANTED[2]])
    assert refused(server) == ([], "")
    assert server.asked == [WANTED[0], WANTED[2]]


def test_a_clear_no_is_one() -> None:
    assert refused(Server(told=WANTED[:2])) == ([WANTED[2]], "")


def test_an_error_is_told_and_not_repeated_for_each_right() -> None:
    server = Server(error=ApiError("503 for the question", status=503))
    assert refused(server) == ([], "503 for the question")
    assert len(server.asked) == 1
