# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object that teardowns keep on the cluster for themselves (lasting.py), on the API server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import Http
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError


class LastingObject:
    """By its name, of one kind. api: where the kind is served, such as C(/api/v1)."""

    def __init__(self, http: Http, api: str, plural: str, namespace: str, name: str) -> None:
        self.http, self.namespace, self.name = http, namespace, name
        self._base = f"{api}/namespaces/{quote(namespace, safe='')}/{plural}"
        self._path = f"{self._base}/{quote(name, safe='')}"

    def get(self) -> Any:
        """Its body; None when the server says that just this one is not there."""
        try:
            return self.http.json("GET", self._path)
        except ApiError as exc:
            if exc.reason == "NotFound" and self.is_missing(exc):
                return None
            raise

    def create(self, item: Mapping[str, Any]) -> Any:
        return self.http.json("POST", self._base, body=item)

    def put(self, item: Mapping[str, Any]) -> Any:
        """The uid and resourceVersion in it are preconditions."""
        return self.http.json("PUT", self._path, body=item)

    def delete(self, uid: str, version: str) -> None:
        """Exactly this one, as it was read."""
        conditions = {"uid": uid, "resourceVersion": version}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}
        self.http.json("DELETE", self._path, body=body)

    def is_missing(self, error: ApiError) -> bool:
        """Whether that says that it is not there, and not that its namespace or its kind is not."""
        return error.status == 404 and error.name == self.name

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
