# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's REST API, version 4, as far as VMs are found and removed. Rules: providers.md 2.2; C(E:) is
C(oVirt/ovirt-engine), C(backend/manager/modules/restapi/jaxrs/src/main/java/org/ovirt/engine/api/restapi)."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterable

from aiohttp import web

from tests.lab.engine import faults, rules, search, shapes
from tests.lab.engine.sso import Sessions
from tests.lab.engine.world import BLANK, Disk, User, Vm, World

# The collections that are only listed and read: path -> (element of the list, element of one).
_NAMED = {
    "clusters": ("clusters", "cluster"),
    "hosts": ("hosts", "host"),
    "storagedomains": ("storage_domains", "storage_domain"),
}


class Engine:
    """calls: (method, path with query) of every request but those of the control port; rules: what goes wrong."""

    def __init__(self) -> None:
        self.world = World()
        self.sessions = Sessions(self.world)
        self.rules: list[faults.Rule] = []
        self.calls: deque[tuple[str, str]] = deque(maxlen=100_000)

    def application(self) -> web.Application:
        made = web.Application(middlewares=[self._middleware])
        root = shapes.ROOT
        made.add_routes(
            [
                web.post("/ovirt-engine/sso/oauth/token", self.sessions.token),
                web.post("/ovirt-engine/sso/oauth/token-http-auth", self.sessions.ticket),
                web.post("/ovirt-engine/services/sso-logout", self.sessions.logout),
                web.get(root, self._api),
                web.get(f"{root}/vms", self._vms),
                web.post(f"{root}/vms", self._add_vm),
                web.get(f"{root}/vms/{{id}}", self._vm),
                web.put(f"{root}/vms/{{id}}", self._update_vm),
                web.delete(f"{root}/vms/{{id}}", self._remove_vm),
                web.post(f"{root}/vms/{{id}}/{{action:start|stop|shutdown}}", self._act),
                web.get(f"{root}/vms/{{id}}/diskattachments", self._attachments),
                web.get(f"{root}/vms/{{id}}/snapshots", self._snapshots),
                web.get(
                    f"{root}/vms/{{id}}/{{part:nics|cdroms|tags|permissions|numanodes|hostdevices}}", self._nothing
                ),
                web.get(f"{root}/disks", self._disks),
                web.get(f"{root}/disks/{{id}}", self._disk),
                web.delete(f"{root}/disks/{{id}}", self._remove_disk),
                web.get(f"{root}/templates", self._templates),
                web.get(f"{root}/templates/{{id}}", self._template),
                web.get(f"{root}/users/{{id}}/permissions", self._permissions),
                web.get(f"{root}/roles/{{id}}/permits", self._permits),
                web.get(f"{root}/events", self._events),
                web.get(f"{root}/jobs/{{id}}", self._job),
                web.get(f"{root}/{{kind:clusters|hosts|storagedomains}}", self._named_list),
                web.get(f"{root}/{{kind:clusters|hosts|storagedomains}}/{{id}}", self._named_one),
            ]
        )
        return made

    @web.middleware
    async def _middleware(self, request: web.Request, handler: faults.Handler) -> web.StreamResponse:
        self.calls.append((request.method, request.path_qs))
        for rule in self.rules:
            if rule.takes(request.method, request.path_qs):
                return await faults.answer(rule, request, self._guarded(handler))
        return await self._guarded(handler)(request)

    def _guarded(self, handler: faults.Handler) -> faults.Handler:
        """Refusals as faults; 404 without a body (E:resource/BaseBackendResource.java, handleError)."""

        async def call(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except rules.RefusedError as refusal:
                return _xml(shapes.fault(refusal.detail), refusal.status)
            except search.SearchError as bad:
                return _xml(shapes.fault(str(bad), "Query execution failed"), 400)
            except web.HTTPNotFound:
                return web.Response(status=404)
            except web.HTTPUnauthorized as exc:
                return exc

        return call

    def _user(self, request: web.Request) -> User:
        return self.sessions.of(request).user

    def _visible(self, user: User) -> Iterable[Vm]:
        """Queries of users who are no administrators are filtered by their permissions (E:resource, isFiltered)."""
        if user.admin:
            return self.world.vms.values()
        return [self.world.vms[one] for one in (*user.sees, *user.acts) if one in self.world.vms]

    def _found(self, request: web.Request, user: User) -> Vm:
        vm = self.world.vms.get(request.match_info["id"])
        if vm is None or not (user.admin or vm.id in (*user.sees, *user.acts)):
            raise web.HTTPNotFound
        return vm

    async def _api(self, request: web.Request) -> web.Response:
        user = self._user(request)
        return _xml(shapes.api(self.world, user, self.sessions.user_id(user)))

    async def _vms(self, request: web.Request) -> web.Response:
        seen = search.select(list(self._visible(self._user(request))), request.query, _value_of_vm)
        follow, whole = _follow(request), _flag(request, "all_content")
        return _xml(shapes.document("vms", (shapes.vm(self.world, one, follow, whole) for one in seen)))

    async def _vm(self, request: web.Request) -> web.Response:
        vm = self._found(request, self._user(request))
        return _xml(shapes.HEAD + shapes.vm(self.world, vm, _follow(request), _flag(request, "all_content")))

    async def _add_vm(self, request: web.Request) -> web.Response:
        """E:resource/BackendVmsResource.java, add: 201 with the VM, which is locked while its disks are made."""
        user = self._user(request)
        vm = rules.add(self.world, user, shapes.read_vm(await request.text()))
        return _xml(shapes.HEAD + shapes.vm(self.world, vm, frozenset()), 201)

    async def _update_vm(self, request: web.Request) -> web.Response:
        user = self._user(request)
        vm = self._found(request, user)
        rules.update(self.world, user, vm, shapes.read_vm(await request.text()))
        return _xml(shapes.HEAD + shapes.vm(self.world, vm, frozenset()))

    async def _remove_vm(self, request: web.Request) -> web.Response:
        """E:resource/BackendResource.java, performAction: async or Expect makes it 202 with an empty body. The VM is
        read first, so a second DELETE is 404."""
        user = self._user(request)
        vm = self._found(request, user)
        rules.may_change(user, vm, "delete_vm")
        force, detach = _flag(request, "force"), _flag(request, "detach_only")
        rules.check_removal(self.world, vm, force=force, detach_only=detach)
        rules.remove(self.world, vm, detach_only=detach)
        if _flag(request, "async") or request.headers.get("Expect") == "202-accepted":
            return web.Response(status=202)
        return _xml(shapes.action(str(uuid.uuid4())))

    async def _act(self, request: web.Request) -> web.Response:
        user = self._user(request)
        vm = self._found(request, user)
        if request.match_info["action"] == "start":
            rules.may_change(user, vm, "run_vm")
            rules.start(self.world, vm)
        else:
            rules.may_change(user, vm, "stop_vm")
            rules.stop(self.world, vm, force=_flag(request, "force"))
        return _xml(shapes.action(), 202 if _flag(request, "async") else 200)

    async def _attachments(self, request: web.Request) -> web.Response:
        vm = self._found(request, self._user(request))
        whole = "disk" in _follow(request)
        return _xml(shapes.document("disk_attachments", shapes.attachments(self.world, vm, whole)))

    async def _snapshots(self, request: web.Request) -> web.Response:
        vm = self._found(request, self._user(request))
        return _xml(shapes.document("snapshots", (shapes.snapshot(vm, one) for one in vm.snapshots)))

    async def _nothing(self, request: web.Request) -> web.Response:
        self._found(request, self._user(request))
        part = request.match_info["part"]
        return _xml(shapes.document({"numanodes": "vm_numa_nodes", "hostdevices": "host_devices"}.get(part, part), ()))

    def _visible_disks(self, user: User) -> list[Disk]:
        if user.admin:
            return list(self.world.disks.values())
        ids = [disk_id for vm in self._visible(user) for disk_id in vm.disks]
        return [self.world.disks[one] for one in dict.fromkeys(ids) if one in self.world.disks]

    async def _disks(self, request: web.Request) -> web.Response:
        seen = search.select(self._visible_disks(self._user(request)), request.query, _value_of_disk)
        return _xml(shapes.document("disks", (shapes.disk(self.world, one) for one in seen)))

    def _found_disk(self, request: web.Request, user: User) -> Disk:
        disk = self.world.disks.get(request.match_info["id"])
        if disk is None or not (user.admin or disk in self._visible_disks(user)):
            raise web.HTTPNotFound
        return disk

    async def _disk(self, request: web.Request) -> web.Response:
        return _xml(shapes.HEAD + shapes.disk(self.world, self._found_disk(request, self._user(request)), alone=True))

    async def _remove_disk(self, request: web.Request) -> web.Response:
        user = self._user(request)
        disk = self._found_disk(request, user)
        if not (user.admin and "delete_disk" in user.permits):
            raise rules.RefusedError("User is not authorized to perform this action.", 403)
        rules.remove_disk(self.world, disk)
        return _xml(shapes.action())

    async def _permissions(self, request: web.Request) -> web.Response:
        """E:resource/BackendAssignedPermissionsResource.java; of oneself alone."""
        user = self._user(request)
        if request.match_info["id"] != self.sessions.user_id(user):
            raise web.HTTPNotFound
        made = (
            shapes.permission(self.sessions.user_id(user), _role_id(user, name), vm_id)
            for name, (_permits, vms) in user.roles().items()
            for vm_id in vms or [""]
        )
        return _xml(shapes.document("permissions", made))

    async def _permits(self, request: web.Request) -> web.Response:
        self._user(request)
        known = {_role_id(u, name): role for u in self.world.users.values() for name, role in u.roles().items()}
        if request.match_info["id"] not in known:
            raise web.HTTPNotFound
        permits, _vms = known[request.match_info["id"]]
        return _xml(shapes.document("permits", (shapes.permit(request.match_info["id"], one) for one in permits)))

    async def _templates(self, request: web.Request) -> web.Response:
        self._user(request)
        made = (shapes.template(one, name) for one, name in self.world.templates.items())
        return _xml(shapes.document("templates", made))

    async def _template(self, request: web.Request) -> web.Response:
        self._user(request)
        ident = request.match_info["id"]
        known = {BLANK: "Blank", **self.world.templates}
        if ident not in known:
            raise web.HTTPNotFound
        return _xml(shapes.HEAD + shapes.template(ident, known[ident]))

    async def _events(self, request: web.Request) -> web.Response:
        self._user(request)
        return _xml(shapes.document("events", (shapes.event(*one) for one in reversed(self.world.events))))

    async def _job(self, request: web.Request) -> web.Response:
        self._user(request)
        return _xml(shapes.HEAD + shapes.job(request.match_info["id"]))

    def _named(self, kind: str) -> dict[str, str]:
        """id -> XML of one."""
        world, element = self.world, _NAMED[kind][1]
        if kind == "storagedomains":
            made = {one: (name, world.domains[name]) for name, one in world.domain_ids.items()}
        else:
            made = {one: (name, "") for name, one in (world.clusters if kind == "clusters" else world.hosts).items()}
        return {one: shapes.named(element, kind, one, *told) for one, told in made.items()}

    async def _named_list(self, request: web.Request) -> web.Response:
        self._user(request)
        kind = request.match_info["kind"]
        return _xml(shapes.document(_NAMED[kind][0], self._named(kind).values()))

    async def _named_one(self, request: web.Request) -> web.Response:
        self._user(request)
        found = self._named(request.match_info["kind"]).get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        return _xml(shapes.HEAD + found)


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, body=text.encode(), content_type="application/xml", charset="utf-8")


def _role_id(user: User, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"role {name} of {user.name}"))


def _flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"


def _follow(request: web.Request) -> frozenset[str]:
    return frozenset(part.strip() for part in request.query.get("follow", "").split(",") if part.strip())


def _value(fields: dict[str, str]) -> Callable[[object, str], str]:
    return lambda one, name: str(getattr(one, fields.get(name, name), ""))


_value_of_vm = _value({"alias": "name"})
_value_of_disk = _value({"name": "alias", "description": ""})
