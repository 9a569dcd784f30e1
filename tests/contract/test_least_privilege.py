# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated rights on a real API server: with exactly these a run is never refused anything, and with one less it
says which one and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import needed_rights as table
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Cluster
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.needed_rights import Right
from ansible_collections.mtv.teardown.plugins.module_utils._run import look
from ansible_collections.mtv.teardown.plugins.module_utils._run import preflight as rights
from ansible_collections.mtv.teardown.plugins.module_utils._run.load import session_of
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import ALL, some

from tests.contract.ansible_runs import Playbooks
from tests.contract.clusters import cluster_of
from tests.contract.teardown import teardown
from tests.contract.test_cluster_client import PLAN_SPEC
from tests.contract.test_faults_deleting import SHARED, World
from tests.contract.test_rights import seed as seed_small
from tests.lab.admin import Admin, admin_of
from tests.lab.controlplane import CHECKOUT, Lab, mark, requests
from tests.lab.kube import ApiError
from tests.lab.openshift import kinds as of_openshift
from tests.lab.worlds import seed
from tests.lab.worlds.table import SHARED as SHARED_VMS

RBAC = "/apis/rbac.authorization.k8s.io/v1"
MTV = "openshift-mtv"
Manifest = dict[str, Any]


def allow(admin: Admin, user: str, manifests: Iterable[Manifest]) -> None:
    """Make these roles, under the user's name, and bind them to the user."""
    manifests = list(manifests)
    for manifest in manifests:
        kind, namespace = manifest["kind"], manifest["metadata"].get("namespace", "")
        base = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        admin.api.create(f"{base}/{kind.lower()}s", {"metadata": {"name": user}, "rules": manifest["rules"]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": user}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        body = {"metadata": {"name": user}, "roleRef": reference, "subjects": [subject]}
        admin.api.create(f"{base}/{kind.lower()}bindings", body)
    for manifest in manifests:
        admin.wait_right(user, manifest["rules"][0], manifest["metadata"].get("namespace", ""))


def preflight(cluster: Cluster, session: Session) -> dict[str, Any]:
    found: dict[str, Any] = look.look(cluster, session, rights=partial(rights.preflight, cluster))["rights"]
    return found


def of_session(cluster: Cluster, session: Session) -> list[Manifest]:
    """What the collection says that this session needs; asked by somebody who may do everything."""
    told = preflight(cluster, session)
    assert (told["missing"], told["unchecked"]) == ([], [])
    return list(told["manifests"])


def shipped(*places: tuple[str, str]) -> list[Manifest]:
    """The files of the collection. places: (file, the namespace that its Role is applied to)."""
    made = []
    for name, namespace in places:
        file = yaml.safe_load((CHECKOUT / "extensions" / "rights" / f"{name}.yml").read_text(encoding="utf-8"))
        for one in file.get("items", [file]):
            inside = {"namespace": namespace} if one["kind"] == "Role" else {}
            made.append({**one, "metadata": {**one["metadata"], **inside}})
    return made


def merged(manifests: Iterable[Manifest]) -> list[Manifest]:
    """One role for each place."""
    roles: dict[tuple[str, str], Manifest] = {}
    for one in manifests:
        place = (one["kind"], one["metadata"].get("namespace", ""))
        roles.setdefault(place, {**one, "rules": []})["rules"] += one["rules"]
    return list(roles.values())


Granted = Callable[[Cluster, Session], list[Manifest]]


def _shipped_for(session_namespaces: Iterable[str]) -> list[Manifest]:
    """As an administrator would apply them, all but for Forklift's namespace and the shared one beforehand."""
    inside = [("session-namespace", name) for name in session_namespaces]
    once = [("every-run", ""), ("search-by-prefix", ""), ("shared-namespace", SHARED_VMS)]
    return shipped(*once, *((name, MTV) for name in ("provider-servers", "provider-namespace")), *inside)


@pytest.mark.parametrize(
    ("name", "prefix", "by_record", "from_files"),
    some(
        [
            ("ova", "auto-lp03", True, True),
            ("running", "auto-lp01", True, False),
            ("shared-namespace", "auto-lp02", False, True),
        ],
        3,
    ),
)
def test_with_exactly_these_nothing_is_refused(
    acting_lab: Lab, tmp_path: Path, name: str, prefix: str, by_record: bool, from_files: bool
) -> None:
    world = seed.seed(acting_lab, name, prefix, tmp_path, say=lambda _text: None)
    given = {"resources_file": str(tmp_path / "resources.json")} if by_record else {"resources_file": ""}
    session = session_of({**given, "session_prefix": prefix})
    manifests = of_session(cluster_of(acting_lab.admin_kubeconfig), session)
    if from_files:
        manifests = merged(_shipped_for(world["namespaces"]))
    allow(admin_of(acting_lab), f"u-{prefix}", manifests)
    since = mark(acting_lab)
    cluster = cluster_of(acting_lab.kubeconfig, f"u-{prefix}")
    told = preflight(cluster, session)
    assert (told["missing"], told["unchecked"]) == ([], [])
    run = teardown(cluster, session, stall=20.0)
    asked = requests(acting_lab, since)
    assert len(asked) > 100
    refused = {(r["verb"], r["resource"], r["namespace"]) for r in asked if r["code"] in (401, 403)}
    assert refused == set()
    assert (run.verdict, run.leftovers) == ("clean", set())
    there = uids_of(acting_lab)
    assert {entry["uid"] for entry in world["session"]} & there == set()
    assert {entry["uid"] for entry in world["bystanders"]} - there == set()


def uids_of(lab: Lab) -> set[str]:
    """Whatever is there, by somebody who sees all."""
    cluster = cluster_of(lab.admin_kubeconfig)
    kinds = [r for r in cluster.discover().resources if {"list", "delete"} <= r.verbs]
    return {obj.uid for found in cluster.together(cluster.listing, kinds) for obj in found.objects}


# -- one less ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(lab: Lab) -> World:
    """A session with a migration that runs, a plan that is not archived, and things in a shared namespace."""
    for name in (SHARED, PLAN_SPEC["targetNamespace"]):
        try:
            admin_of(lab).namespace(str(name))
        except ApiError as exc:
            if exc.code != 409:
                raise
    return seed_small(lab)


@pytest.fixture(scope="module")
def needed(lab: Lab, small: World) -> list[Right]:
    found = find(cluster_of(lab.admin_kubeconfig), small.session)
    return list(rights.needs(found).rights())


def worth_asking(right: Right, prefix: str) -> bool:
    """All but the lists of most kinds in the session's namespace: those come from one loop."""
    return right.verb != "list" or right.namespace != prefix or right.resource in ("pods", "plans", "secrets")


def test_each_that_is_missing_is_named(lab: Lab, small: World, needed: list[Right]) -> None:
    wide = [right for right in needed if not right.namespace]
    asked = [right for right in needed if not right.namespace or replace(right, namespace="") not in wide]
    wanted = [right for right in asked if worth_asking(right, small.prefix)]
    assert {right.verb for right in wanted} == {"list", "watch", "delete", "patch", "create"}
    assert len(wanted) >= 50
    wanted = wanted if ALL else wanted[::4]
    users = _accounts(lab, small, wanted, needed)

    def ask(right: Right) -> tuple[list[Right], str]:
        return rights.refused(cluster_of(lab.admin_kubeconfig, users[right]), needed, set())

    with ThreadPoolExecutor(6) as pool:
        answers = dict(zip(wanted, pool.map(ask, wanted), strict=True))
    assert {right: told for right, told in answers.items() if told != ([right], "")} == {}


def test_a_run_without_one_stops_before_anything_changes(lab: Lab, small: World, needed: list[Right]) -> None:
    """One of each sort, as the playbook asks: with a reading by the account itself."""
    p = small.prefix
    forklift = "forklift.konveyor.io"
    wanted = [
        Right("", "", "namespaces", "list"),
        Right("", forklift, "plans", "list"),
        Right("", "", "persistentvolumes", "watch"),
        Right(p, "", "pods", "list"),
        Right(SHARED, "", "persistentvolumeclaims", "list"),
        Right(p, "", "secrets", "delete"),
        Right(p, "", "namespaces", "delete"),
        Right(p, forklift, "plans", "patch"),
        Right(SHARED, "", "configmaps", "delete"),
    ]
    assert set(wanted) <= set(needed)
    users = _accounts(lab, small, wanted, needed, "full")
    before = small.there()
    for right in wanted:
        told = preflight(cluster_of(lab.admin_kubeconfig, users[right]), small.session)
        assert _names(told["missing"], right), (right, told["missing"])
        assert all(entry["remedy"] for entry in told["missing"])
    assert small.there() == before
    small.check_bystanders()


def _accounts(
    lab: Lab, world: World, wanted: Iterable[Right], needed: list[Right], name: str = "one"
) -> dict[Right, str]:
    """For each of these rights a user who has all of the others."""
    users = {right: f"u-{world.prefix}-{name}-{number}" for number, right in enumerate(wanted)}
    admin = admin_of(lab)
    for right, user in users.items():
        allow(admin, user, table.manifests([one for one in needed if one != right], "x"))
    return users


def _names(told: list[dict[str, Any]], right: Right) -> bool:
    """This one, and no other that was given; without the list of namespaces nobody knows of those inside."""
    named = {(entry["verb"], entry["resource"], entry["namespace"]) for entry in told}
    return named == {(right.verb, right.key, right.namespace or None)}


def test_a_server_that_does_not_answer_the_question_is_told_and_stops_nothing(
    lab: Lab, small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = cluster_of(lab.admin_kubeconfig)
    sent: list[str] = []
    real = cluster._http.json

    def refuse(method: str, path: str, *args: Any, **more: Any) -> Any:
        if "authorization.k8s.io" in path and method == "POST":
            sent.append(path)
            return real(method, f"{path}-of-nobody", *args, **more)
        return real(method, path, *args, **more)

    monkeypatch.setattr(cluster._http, "json", refuse)
    told = preflight(cluster, small.session)
    assert told["missing"] == []
    assert [entry["provider"] for entry in told["unchecked"]] == [""]
    assert "404" in told["unchecked"][0]["error"]
    assert len(sent) <= 4


# -- the playbook -----------------------------------------------------------------------------------------------


def test_the_playbook_stops_tells_in_check_mode_and_goes_on_when_told_to(
    lab: Lab, tmp_path: Path, admin: Admin, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for namespace in (admin.namespace(prefix), admin.namespace(f"{prefix}0")):
        admin.make("Secret", namespace, "a")
        admin.make("ConfigMap", namespace, "b")
    needs = rights.needs(find(cluster_of(lab.admin_kubeconfig), Session(prefix=prefix))).rights()
    lacked = Right(prefix, "", "namespaces", "delete")
    assert lacked in needs
    allow(admin, f"u-{prefix}", table.manifests([one for one in needs if one != lacked], "x"))
    monkeypatch.setenv("K8S_AUTH_IMPERSONATE_USER", f"u-{prefix}")
    playbooks = Playbooks(lab, tmp_path)
    stopped = playbooks.run("teardown", session_prefix=prefix)
    assert stopped.code == 2
    assert (
        f"in namespace {prefix}: delete namespaces; given by extensions/rights/session-namespace.yml" in stopped.output
    )
    assert stopped.wrote == []
    checked = playbooks.run("teardown", "--check", session_prefix=prefix)
    assert checked.code == 0, checked.output
    assert "missing rights: 1" in checked.output
    assert checked.wrote == []
    assert admin.uid("ConfigMap", prefix, "b")
    gone_on = playbooks.run("teardown", session_prefix=prefix, mtv_teardown_preflight=False)
    assert gone_on.code == 2
    assert not admin.uid("ConfigMap", prefix, "b")
    assert admin.uid("Secret", f"{prefix}0", "a")
    left = {entry["kind"]: entry["cause"] for entry in playbooks.result(prefix)["leftovers"]}
    # Rights inside a namespace stay as long as it does.
    assert set(left) == {"Namespace", "Role", "RoleBinding"}


# -- the tables -------------------------------------------------------------------------------------------------


def test_the_files_name_kinds_as_a_server_does(lab: Lab) -> None:
    served = {(r.group, r.plural) for r in cluster_of(lab.admin_kubeconfig).discover().resources}
    named = {
        (group, plural.partition("/")[0])
        for one in shipped(*((use.name, "x") for use in table.USES))
        for rule in one["rules"]
        for group in rule["apiGroups"]
        for plural in rule["resources"]
    }
    assert len(named) > 30
    assert named - served - {(kind.group, kind.plural) for kind in of_openshift.KINDS} == {("*", "*")}
