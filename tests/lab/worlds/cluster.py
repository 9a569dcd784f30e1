# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole cluster as it is: every object of every kind that can be listed and deleted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.lab.operator.api import Api

Entry = dict[str, Any]
# CDI's populator marks a claim and the prime that is filled for it; the claim's owner is no claim.
_PRIME = "cdi.kubevirt.io/storage.populator.kind"
# These come and go by themselves.
_VOLATILE = ("events", "leases", "endpoints", "endpointslices")


async def _collections(api: Api) -> list[tuple[str, str, str, bool]]:
    """(path, apiVersion, kind, namespaced) of what there is, each group in its preferred version."""
    groups = (await api.request("GET", "/apis"))["groups"]
    versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
    bases = ["/api/v1", *(f"/apis/{version}" for version in versions[1:])]
    answers = await asyncio.gather(*(api.request("GET", base) for base in bases))
    return [
        (f"{base}/{resource['name']}", version, resource["kind"], resource["namespaced"])
        for base, version, answer in zip(bases, versions, answers, strict=True)
        for resource in answer["resources"]
        if "/" not in resource["name"]
        and {"list", "delete"} <= set(resource["verbs"])
        and resource["name"] not in _VOLATILE
    ]


async def snapshot(api: Api) -> dict[str, Entry]:
    """Every object by its uid: ``{apiVersion, kind, namespace, name, uid, path, resourceVersion}``."""
    collections = await _collections(api)
    answers = await asyncio.gather(*(api.request("GET", path) for path, *_rest in collections))
    found = {}
    for (path, version, kind, namespaced), answer in zip(collections, answers, strict=True):
        base, plural = path.rsplit("/", 1)
        for item in answer["items"]:
            metadata = item["metadata"]
            inside = f"/namespaces/{metadata['namespace']}" if namespaced else ""
            found[metadata["uid"]] = {
                "apiVersion": version,
                "kind": kind,
                "namespace": metadata.get("namespace"),
                "name": metadata["name"],
                "uid": metadata["uid"],
                "path": f"{base}{inside}/{plural}/{metadata['name']}",
                "resourceVersion": metadata["resourceVersion"],
            }
    items = [item for answer in answers for item in answer["items"]]
    bound = {one["metadata"]["uid"] for one in items if (one.get("status") or {}).get("phase") == "Bound"}
    for item in items:
        if _goes(item, found, bound):
            found[item["metadata"]["uid"]]["goes"] = True
    return found


def _goes(item: Entry, there: dict[str, Entry], bound: set[str]) -> bool:
    """What a controller will delete, though it may take it 15 s, and more on a busy machine: what only had owners that
    are gone, a volume with policy Delete whose claim is gone, a prime of CDI whose volume its claim has got. What is
    being deleted may be held on purpose."""
    owners = item["metadata"].get("ownerReferences") or []
    if _PRIME in (item["metadata"].get("annotations") or {}) and any(owner["uid"] in bound for owner in owners):
        return True
    if owners and not any(owner["uid"] in there for owner in owners) and "deletionTimestamp" not in item["metadata"]:
        return True
    spec = item.get("spec")
    if not isinstance(spec, dict) or spec.get("persistentVolumeReclaimPolicy") != "Delete":
        return False
    claim = spec.get("claimRef") or {}
    return bool(claim.get("uid")) and claim["uid"] not in there


async def settled(api: Api, missing: Callable[[], Awaitable[list[str]]], limit: float = 240) -> dict[str, Entry]:
    """Wait until nothing is missing and nothing moved for a second; return the cluster as it then is."""
    deadline = time.monotonic() + limit
    before: dict[str, Entry] = {}
    while True:
        gaps = await missing()
        now = await snapshot(api)
        gaps += [f"{entry['kind']} {entry['name']} is not gone" for entry in now.values() if "goes" in entry]
        if not gaps and now == before:
            return now
        if time.monotonic() > deadline:
            moved = [f"{e['kind']} {e['name']} is changing" for uid, e in now.items() if before.get(uid) != e]
            raise TimeoutError(f"the world is not settled after {limit:.0f} s: {'; '.join((gaps + moved)[:8])}")
        before = now
        await asyncio.sleep(0.3 if gaps else 1.0)
