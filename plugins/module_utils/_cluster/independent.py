# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists objects with the client of kubernetes.core alone: its connection, its discovery, its requests. What our own
client overlooks is not overlooked here for the same reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NoConnectionError

# Seconds to connect, and between two pieces of an answer: that client has no limit of its own.
_PATIENCE = (10, 120)
_TOLD = ("name", "namespace", "uid")


def lists(connection: Mapping[str, Any], scopes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each scope (api_version, kind, namespace) its item, and api_found and resources, or failed and msg, as
    kubernetes.core.k8s_info answers in a loop; of each object metadata with name, namespace and uid alone.
    NoConnectionError when there is no way to the cluster."""
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core

    try:
        client = core.get_api_client(**{name: value for name, value in connection.items() if value is not None})
    except Exception as exc:  # whatever a file, a program or a server makes of it
        raise NoConnectionError(f"kubernetes.core has no connection to a cluster: {_secrets.one_line(exc)}") from exc
    return [{"item": dict(scope), **_list(client, scope)} for scope in scopes]


def _list(client: Any, scope: Mapping[str, Any]) -> dict[str, Any]:
    from kubernetes.dynamic.exceptions import ResourceNotFoundError

    kind, version = str(scope["kind"]), str(scope["api_version"])
    unknown = {"api_found": False, "resources": [], "msg": f"it knows no {kind} of {version}"}
    try:
        resource = client.resource(kind, version)
        if resource.group_version != version:  # it takes v1 for any group's
            return unknown
        answer = client.get(resource, namespace=scope.get("namespace") or None, _request_timeout=_PATIENCE)
        whole = answer.to_dict()
        if (whole.get("metadata") or {}).get("continue"):
            return {"failed": True, "msg": "the server sends a part of the list, without having been asked for one"}
        items = whole["items"] or []
        told = [{"metadata": {name: one["metadata"].get(name) for name in _TOLD}} for one in items]
    except ResourceNotFoundError:
        return unknown
    except Exception as exc:  # noqa: BLE001 - one kind that it does not get hides no other; what is no list was not read
        answered = getattr(exc, "status", None)  # with it come headers and a traceback
        why = f"{answered} {getattr(exc, 'reason', '')}" if answered else exc
        return {"failed": True, "msg": f"{type(exc).__name__}: {_secrets.one_line(why)}"}
    return {"api_found": True, "resources": told}
