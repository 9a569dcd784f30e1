# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are seen twice: in the table, in the record, and by their uids alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import delete, kinds, order, second_views
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.client import Catalog
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.find import Found, find
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._run import verify
from ansible_collections.mtv.teardown.plugins.module_utils._session import resources_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.tests.unit.plugins.build import PREFIX, RESOURCES, obj, record, session
from ansible_collections.mtv.teardown.tests.unit.plugins.random_worlds import Memory

NO_WATCH = frozenset({"list", "delete", "get"})
TAGS = Resource("image.openshift.io", "v1", "imagestreamtags", "ImageStreamTag", True, NO_WATCH)
STREAMS = Resource("image.openshift.io", "v1", "imagestreams", "ImageStream", True, NO_WATCH | {"watch"})
ROLES = Resource("authorization.openshift.io", "v1", "rolebindings", "RoleBinding", True, NO_WATCH)
PROJECTS = Resource("project.openshift.io", "v1", "projects", "Project", False, NO_WATCH)
INGRESSES = Resource("extensions", "v1beta1", "ingresses", "Ingress", True, NO_WATCH)
# A view that no table knows.
UNHEARD = Resource("rights.example.com", "v1", "grants", "Grant", True, NO_WATCH)


@pytest.mark.parametrize("view", [TAGS, ROLES, PROJECTS], ids=lambda r: r.key)
def test_views_are_no_kinds_of_their_own(view: Resource) -> None:
    everything = (*RESOURCES.values(), STREAMS)
    assert second_views.stores((view, *everything)) == everything


def test_the_only_way_to_see_an_object_is_none() -> None:
    """An old server that has the kind in the old group alone."""
    assert second_views.stores((INGRESSES,)) == (INGRESSES,)
    assert second_views.stores((INGRESSES,), {"networking.k8s.io": "its server does not answer"}) == ()


def test_who_asks_for_a_view_gets_its_object() -> None:
    catalog = Catalog((*RESOURCES.values(), STREAMS))
    assert catalog.find("authorization.openshift.io", "RoleBinding") is RESOURCES["RoleBinding"]
    assert catalog.find("project.openshift.io", "Project") is RESOURCES["Namespace"]
    # The name of a part is not the name of the whole.
    assert catalog.find("image.openshift.io", "ImageStreamTag") is None


# -- the record -------------------------------------------------------------------------------------------------

MEANT = [
    ("Project", "p", "ocp_resources.project_project_openshift_io", ("Namespace", "p", "", False)),
    ("ProjectRequest", "p", "ocp_resources.project_request", ("Namespace", "p", "", False)),
    ("Project", "p", "", ("Namespace", "p", "", False)),
    ("Project", "p", "utilities.projects", ("Namespace", "p", "", False)),
    (
        "Project",
        "cluster",
        "ocp_resources.project_config_openshift_io",
        ("Project", "cluster", "config.openshift.io", False),
    ),
    ("RoleBinding", "r", "", ("RoleBinding", "r", order.RBAC, False)),
    (
        "RoleBinding",
        "r",
        "ocp_resources.role_binding_authorization_openshift_io",
        ("RoleBinding", "r", order.RBAC, False),
    ),
    ("ImageStreamTag", "s:t", "ocp_resources.imagestreamtag", ("ImageStream", "s", "image.openshift.io", True)),
    ("ImageStreamImage", "s@sha256:0f", "", ("ImageStream", "s", "image.openshift.io", True)),
    ("ImageStream", "s", "ocp_resources.image_stream", ("ImageStream", "s", "image.openshift.io", False)),
]


@pytest.mark.parametrize(("kind", "name", "module", "expected"), MEANT)
def test_an_entry_that_names_a_view_means_the_object(
    kind: str, name: str, module: str, expected: tuple[str, str, str, bool]
) -> None:
    text = f'{{"{kind}": [{{"name": "{name}", "module": "{module}", "namespace": null}}]}}'
    (found,) = kinds.meant(resources_file.parse(text))
    group = kinds.group_of(found, (*RESOURCES.values(), STREAMS))
    assert (found.kind, found.name, group, found.part) == expected


def test_an_object_that_is_recorded_twice_is_recorded_once() -> None:
    project = Record("Project", "p", namespace="p", entry="Project[0]", test_name="t")
    namespace = Record("Namespace", "p", entry="Namespace[0]")
    for told in ((project, namespace), (namespace, project)):
        (found,) = kinds.meant(told)
        assert (found.kind, found.namespace, found.test_name) == ("Namespace", None, "t")
    tag, stream = Record("ImageStreamTag", "s:t", "n"), Record("ImageStream", "s", "n")
    for told in ((tag, stream), (stream, tag)):
        (found,) = kinds.meant(told)
        assert (found.kind, found.part) == ("ImageStream", False)


def seen(resource: Resource, shown: Obj, name: str = "") -> Obj:
    """The object as this kind shows it."""
    return replace(shown, resource=resource, name=name or shown.name)


class Twice(Memory):
    """A cluster that shows some objects twice."""

    def __init__(self, catalog: Catalog, *objects: Obj) -> None:
        super().__init__(())
        self.catalog, self.all = catalog, list(objects)

    def discover(self) -> Catalog:
        return self.catalog

    @property
    def objects(self) -> dict[str, Obj]:  # type: ignore[override]
        return {f"{o.address}": o for o in self.all}

    @objects.setter
    def objects(self, _value: object) -> None:
        pass

    def delete(self, target: Obj) -> bool:
        self.writes.append(target.address)
        self.all = [o for o in self.all if o.uid != target.uid and o.namespace != target.name]
        return True


def reading(cluster: Twice, known: Session) -> Found:
    return find(cluster, known, cluster.catalog)  # type: ignore[arg-type]


def test_a_tag_of_somebody_elses_stream_takes_no_stream() -> None:
    """The stream is younger than the session, yet only the tag in it is known to be the session's."""
    known = session(*kinds.meant([Record("ImageStreamTag", "s:t", "shared-vms", entry="ImageStreamTag[0]")]))
    stream = replace(obj("Secret", "s", "shared-vms"), resource=STREAMS)
    ours = replace(obj("Secret", f"{PREFIX}-s", "shared-vms"), resource=STREAMS)
    mine = session(*kinds.meant([Record("ImageStreamTag", f"{PREFIX}-s:t", "shared-vms", entry="ImageStreamTag[0]")]))
    namespace = obj("Namespace", "shared-vms")
    catalog = Catalog((*RESOURCES.values(), STREAMS))
    for told, target, expected in ((known, stream, Status.REFUSED), (mine, ours, Status.OWNED)):
        decided = {o.uid: made for o, made in reading(Twice(catalog, namespace, target), told).decided}
        assert decided[target.uid].status is expected


# -- views that no table knows ----------------------------------------------------------------------------------

FIRST = Catalog((UNHEARD, *RESOURCES.values()))
LAST = Catalog((*RESOURCES.values(), UNHEARD))


@pytest.mark.parametrize("catalog", [FIRST, LAST], ids=["view first", "view last"])
def test_two_kinds_that_show_one_uid_show_one_object(catalog: Catalog) -> None:
    binding = obj("RoleBinding", "run", PREFIX)
    cluster = Twice(catalog, obj("Namespace", PREFIX), binding, seen(UNHEARD, binding), obj("Secret", "s", PREFIX))
    found = reading(cluster, session())
    assert [o.address for o, _made in found.owned if o.uid == binding.uid] == [binding.address]
    quick = Limits(stall=0.02, total=1, settle=0.01)
    for phase in (order.VMS, order.RESOURCES, order.NAMESPACES):
        delete.run(cluster, session(), quick, False, phase=phase, wait=False)  # type: ignore[arg-type]
    assert not [address for address in cluster.writes if address.startswith("grants.")]
    assert cluster.writes[-1].startswith("namespaces/")
    terms = verify.Terms(quiet_interval=0, total=1, openshift_only=True)
    assert verify.verify(cluster, session(), terms)["verdict"] == "clean"  # type: ignore[arg-type]


@pytest.mark.parametrize("catalog", [FIRST, LAST], ids=["view first", "view last"])
def test_a_record_of_such_a_view_is_one_of_its_object(catalog: Catalog) -> None:
    known = session(record("Grant", "run", "shared-vms"), record("RoleBinding", "other", "shared-vms"))
    binding = obj("RoleBinding", "run", "shared-vms")
    cluster = Twice(catalog, obj("Namespace", "shared-vms"), binding, seen(UNHEARD, binding))
    found = reading(cluster, known)
    ((target, made),) = found.owned
    assert target.address == binding.address
    assert made.ours
    assert [r.name for r in found.absent] == ["other"]


def test_what_the_rules_know_wins_then_what_can_be_watched() -> None:
    binding, secret = obj("RoleBinding", "r", "n"), obj("Secret", "s", "n")
    thing = Resource("a.example.com", "v1", "things", "Thing", True, NO_WATCH | {"watch"})
    pairs = [
        (binding, seen(UNHEARD, binding)),
        (secret, seen(UNHEARD, secret)),
        (seen(thing, secret), seen(UNHEARD, secret)),
    ]
    for store, view in pairs:
        assert second_views.one(store, view) is store
        assert second_views.one(view, store) is store
    assert second_views.one(binding, replace(binding, labels={"new": "yes"})).labels
