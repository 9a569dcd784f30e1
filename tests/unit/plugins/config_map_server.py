# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace with ConfigMaps, as an API server keeps them: uids, versions, preconditions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError

NAMESPACE = "ci"
BASE = f"/api/v1/namespaces/{NAMESPACE}/configmaps"


class Server:
    """there: name -> ConfigMap; asked: each request; meanwhile: what others do before each write, one by one; broken:
    what a method is answered."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.meanwhile: list[Callable[[], None]] = []
        self.broken: dict[str, ApiError] = {}
        self._number = 0

    def pause(self, _attempt: int) -> None:
        """Nobody waits here."""

    @property
    def writes(self) -> list[str]:
        return [one for one in self.asked if not one.startswith("GET")]

    def put(self, item: Mapping[str, Any], uid: str = "") -> dict[str, Any]:
        """Whoever writes this."""
        self._number += 1
        kept: dict[str, Any] = copy.deepcopy(dict(item))
        kept["metadata"] |= {"uid": uid or f"uid-{self._number}", "resourceVersion": str(self._number)}
        self.there[kept["metadata"]["name"]] = kept
        return copy.deepcopy(kept)

    def json(self, method: str, path: str, body: Any = None) -> Mapping[str, Any]:
        self.asked.append(f"{method} {path.removeprefix(BASE)}")
        if method != "GET" and self.meanwhile:
            self.meanwhile.pop(0)()
        if method in self.broken:
            raise self.broken[method]
        name = body["metadata"]["name"] if method == "POST" else path.rpartition("/")[2]
        now = self.there.get(name)
        if method == "POST":
            if now is not None:
                raise ApiError("409 AlreadyExists", 409, "AlreadyExists", name)
            return self.put(body)
        if now is None:
            raise ApiError("404 NotFound", 404, "NotFound", name)
        if method == "GET":
            return copy.deepcopy(now)
        meta = body["metadata"] if method == "PUT" else body["preconditions"]
        if any(meta[key] != now["metadata"][key] for key in ("uid", "resourceVersion")):
            raise ApiError("409 Conflict", 409, "Conflict", name)
        return self.put(body, meta["uid"]) if method == "PUT" else self.there.pop(name)
