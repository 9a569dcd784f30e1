# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controllers of an OpenShift put into every namespace, and what a project request puts into its own.

Sources: openshift-controller-manager (26d20fe) pkg/authorization/defaultrolebindings/project_policy.go,
pkg/cmd/controller/serviceaccount.go, pkg/internalregistry/controllers/service_account_controller.go;
openshift-apiserver (56aa2d9) pkg/project/apiserver/registry/projectrequest/delegated/{delegated,sample_template}.go.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import Any

import aiohttp

from tests.lab.openshift.store import RefusedError
from tests.lab.openshift.upstream import Upstream, User
from tests.lab.openshift.views import RBAC

Obj = dict[str, Any]
_ACCOUNTS = ("builder", "deployer", "default")
_BINDINGS = {
    "system:image-pullers": ("system:image-puller", {"kind": "Group", "apiGroup": RBAC, "name": "{group}"}),
    "system:image-builders": ("system:image-builder", {"kind": "ServiceAccount", "name": "builder"}),
    "system:deployers": ("system:deployer", {"kind": "ServiceAccount", "name": "deployer"}),
}
_REFERENCE = "openshift.io/internal-registry-pull-secret-ref"
_WATCHED = ("/api/v1/namespaces", "/api/v1/serviceaccounts", f"/apis/{RBAC}/v1/rolebindings")
_FORBIDDEN = ("openshift", "kubernetes", "kube")


async def furnish(upstream: Upstream, namespace: str) -> None:
    """Make what is missing of it."""
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    for name in _ACCOUNTS:
        if name != "default":  # kube-controller-manager makes that one
            await upstream.make(accounts, {"metadata": {"name": name}})
    for name, (role, subject) in _BINDINGS.items():
        place = {"namespace": namespace} if subject["kind"] == "ServiceAccount" else {}
        who = {**subject, "name": subject["name"].format(group=f"system:serviceaccounts:{namespace}"), **place}
        note = {"openshift.io/description": "It is auto-managed by a controller; remove subjects to disable."}
        await upstream.make(
            f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings",
            {"metadata": {"name": name, "annotations": note}, "roleRef": _role(role), "subjects": [who]},
        )
    service_ca = {"metadata": {"name": "openshift-service-ca.crt"}, "data": {"service-ca.crt": "of the lab"}}
    await upstream.make(f"/api/v1/namespaces/{namespace}/configmaps", service_ca)
    for account in (await upstream.ask("GET", accounts))["items"]:
        await _pull_secret(upstream, account["metadata"])


def _role(name: str) -> Obj:
    return {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}


async def _pull_secret(upstream: Upstream, account: Obj) -> None:
    """The account is told of it first, so that it gets one alone."""
    if account["name"] not in _ACCOUNTS or _REFERENCE in account.get("annotations", {}):
        return
    name = f"{account['name']}-dockercfg-{secrets.token_hex(3)[:5]}"
    owner = {"apiVersion": "v1", "kind": "ServiceAccount", "name": account["name"], "uid": account["uid"]}
    written = {"openshift.io/internal-registry-auth-token.service-account": account["name"]}
    path = f"/api/v1/namespaces/{account['namespace']}"
    told = {"metadata": {**account, "annotations": {**account.get("annotations", {}), _REFERENCE: name}}}
    await upstream.ask("PUT", f"{path}/serviceaccounts/{account['name']}", told)
    await upstream.make(
        f"{path}/secrets",
        {
            "metadata": {"name": name, "annotations": written, "ownerReferences": [owner]},
            "type": "kubernetes.io/dockercfg",
            "data": {".dockercfg": base64.b64encode(b"{}").decode()},
        },
    )


async def keep_furnished(upstream: Upstream) -> None:
    """For ever: what somebody removes comes back while the namespace lives."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    watches = (_look(upstream, path, queue) for path in _WATCHED)
    await asyncio.gather(*watches, *(_work(upstream, queue) for _worker in range(4)))


async def _look(upstream: Upstream, path: str, queue: asyncio.Queue[str]) -> None:
    while True:
        try:
            async for event in upstream.watch(path):
                meta = event["object"].get("metadata") or {}
                if _lacks(path, event["type"], meta):
                    queue.put_nowait(meta.get("namespace") or meta["name"])
        except (aiohttp.ClientError, ValueError):
            await asyncio.sleep(0.2)


def _lacks(path: str, event: str, meta: Obj) -> bool:
    """Whether something is to be made now: for a new namespace or account, or for what was taken away."""
    if path.endswith("namespaces"):
        return event == "ADDED"
    bare = path.endswith("serviceaccounts") and meta.get("name") in _ACCOUNTS
    return event == "DELETED" or (bare and _REFERENCE not in meta.get("annotations", {}))


async def _work(upstream: Upstream, queue: asyncio.Queue[str]) -> None:
    while True:
        name = await queue.get()
        try:
            if (await upstream.ask("GET", f"/api/v1/namespaces/{name}"))["status"]["phase"] == "Active":
                await furnish(upstream, name)
        except (aiohttp.ClientError, RefusedError) as exc:
            if isinstance(exc, RefusedError) and exc.code == 409:  # somebody wrote at the same moment
                queue.put_nowait(name)


async def request(upstream: Upstream, user: User, asked: Obj) -> Obj:
    """A project, and who asked for it as its admin."""
    name = str((asked.get("metadata") or {}).get("name") or "")
    if name in _FORBIDDEN or name.startswith(tuple(f"{word}-" for word in _FORBIDDEN)):
        message = f'project.project.openshift.io "{name}" is forbidden: cannot request a project with the name "{name}"'
        raise RefusedError(403, "Forbidden", message, name)
    notes = {
        "openshift.io/description": asked.get("description", ""),
        "openshift.io/display-name": asked.get("displayName", ""),
        "openshift.io/requester": user.name,
    }
    try:
        made = await upstream.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name, "annotations": notes}})
    except RefusedError as exc:
        if exc.reason != "AlreadyExists":
            raise
        message = f'project.project.openshift.io "{name}" already exists'
        raise RefusedError(409, "AlreadyExists", message, name) from exc
    subject = {"kind": "User", "apiGroup": RBAC, "name": user.name}
    await upstream.ask(
        "POST",
        f"/apis/{RBAC}/v1/namespaces/{name}/rolebindings",
        {"metadata": {"name": "admin"}, "roleRef": _role("admin"), "subjects": [subject]},
    )
    return made
