# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on which finalizers hold what is deleted, with a clock of its own and JSON patches as a real one takes them;
and the result of a run that took some off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers
from ansible_collections.mtv.teardown.tests.unit.plugins import results
from ansible_collections.mtv.teardown.tests.unit.plugins.odd_server import KINDS, OWN, SHARED, _item

HELD, OTHER = "example.com/held", "example.com/other"
PVC, VM = "kubernetes.io/pvc-protection", "kubevirt.io/virtualMachineControllerFinalize"
WORD = [{"name": HELD, "guarded_is_gone": True}]
AT_ONCE = {"default": 1, "VirtualMachine": 1, "Pod": 1}
# By the server's clock, which need not be ours.
NOW = 1767312000.0
LONG_AGO = "2026-01-01T12:40:00Z"
NEIGHBOUR = "auto-ab12x"


def stamp(seconds: float) -> str:
    """So many seconds after now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + seconds))


def hung(kind: str, name: str, *held: str, number: int = 50, namespace: str = OWN, **more: Any) -> dict[str, Any]:
    deleting = more.pop("deleting", LONG_AGO)
    return _item(number, kind, name, namespace, finalizers=list(held), deleting=deleting, **more)


class HoldingServer(results.LivingServer):
    """All of a patch is done or nothing, and nothing at all when it has passed. before: is called ahead of each patch,
    as somebody who was faster."""

    def __init__(self, items: list[Any]) -> None:
        super().__init__(items)
        self.before: Callable[[], None] = lambda: None
        self.clock: Callable[[], float | None] = lambda: NOW
        self.patches: list[tuple[str, Any]] = []
        for one in items:
            one["metadata"]["resourceVersion"] = "1"

    def request(self, method: str, url: str, body: str | None = None, **how: Any) -> Any:
        answer, now = super().request(method, url, body, **how), self.clock()
        answer.headers = {} if now is None else {"Date": formatdate(now, usegmt=True)}
        return answer

    def _answer(self, method: str, path: str, query: dict[str, list[str]], body: str | None) -> tuple[int, bytes]:
        if path.endswith("selfsubjectreviews"):
            return 201, json.dumps({"status": {"userInfo": {"username": "ci-teardown"}}}).encode()
        if method != "PATCH":
            return super()._answer(method, path, query, body)
        change = json.loads(body or "")
        self.patches.append((path, change))
        self.before()
        one = next((item for item in self.items if path_of(item) == path), None)
        if one is None:
            return status(404, "NotFound", path.rsplit("/", 1)[1])
        held, tests = one["metadata"]["finalizers"], [step for step in change if step["op"] == "test"]
        if any(_value(one, step["path"]) != step["value"] for step in tests):
            return status(422, "Invalid")
        (removal,) = [step for step in change if step["op"] != "test"]
        assert removal["op"] == "remove" and removal["path"].startswith("/metadata/finalizers/")
        del held[int(removal["path"].rsplit("/", 1)[1])]
        self.touch(one, "mtv.teardown")
        if not held and one["metadata"].get("deletionTimestamp"):
            self._delete(one["metadata"]["uid"])
        return 200, json.dumps(one).encode()

    def _delete(self, uid: str) -> None:
        """A namespace stays while something in it does."""
        one = next((item for item in self.items if item["metadata"]["uid"] == uid), None)
        meta = one["metadata"] if one is not None else {}
        fresh = not meta.get("deletionTimestamp")
        if one is not None and one["kind"] == "Namespace":
            for inner in [i["metadata"]["uid"] for i in self.items if i["metadata"].get("namespace") == meta["name"]]:
                self._delete(inner)
            if any(item["metadata"].get("namespace") == meta["name"] for item in self.items):
                meta.setdefault("deletionTimestamp", stamp(0))
                return
        super()._delete(uid)
        if fresh and meta.get("deletionTimestamp"):
            meta["deletionTimestamp"] = stamp(0)

    def touch(self, one: Any, by: str = "somebody") -> None:
        """A write, as the server notes it."""
        meta = one["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)
        meta.setdefault("managedFields", []).append({"manager": by, "time": LONG_AGO if by == "somebody" else stamp(0)})

    def named(self, name: str) -> Any:
        return next((one for one in self.items if one["metadata"]["name"] == name), None)


def status(code: int, reason: str, name: str = "") -> tuple[int, bytes]:
    told = {"kind": "Status", "reason": reason, "message": reason, "code": code, "details": {"name": name}}
    return code, json.dumps(told).encode()


def path_of(one: Any) -> str:
    resource, meta = KINDS[one["kind"]], one["metadata"]
    base = f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.api_version}"
    place = f"/namespaces/{meta['namespace']}" if meta.get("namespace") else ""
    return f"{base}{place}/{resource.plural}/{meta['name']}"


def _value(one: Any, pointer: str) -> Any:
    value: Any = one
    for key in pointer.strip("/").split("/"):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except LookupError:
            return None
    return value


def served(*items: dict[str, Any]) -> HoldingServer:
    """A session's namespace, and neighbours who have objects that look the same and must keep what they have."""
    neighbours = [
        _item(900, "Namespace", NEIGHBOUR),
        hung("Secret", "auto-ab12-theirs", HELD, PVC, number=901, namespace=NEIGHBOUR),
        hung("PersistentVolumeClaim", "auto-ab12-theirs", PVC, HELD, number=902, namespace=SHARED),
    ]
    return HoldingServer([_item(1, "Namespace", OWN, status={"phase": "Active"}), *items, *neighbours])


def untouched(server: HoldingServer) -> bool:
    """Whether the neighbours have what they had."""
    theirs = [one for one in server.items if one["metadata"]["name"] == "auto-ab12-theirs"]
    kept = {(one["kind"], *one["metadata"]["finalizers"]) for one in theirs}
    asked = [path for path, _change in server.patches if NEIGHBOUR in path or SHARED in path]
    return kept == {("Secret", HELD, PVC), ("PersistentVolumeClaim", PVC, HELD)} and not asked


def whole_run() -> dict[str, Any]:
    """Of two finalizers that were named one came off."""
    server = served(hung("Secret", "left", HELD), hung("ConfigMap", "kept", OTHER, number=51))
    result = results.run(server, removal=finalizers.of([*WORD, OTHER], AT_ONCE))
    assert untouched(server)
    return result
