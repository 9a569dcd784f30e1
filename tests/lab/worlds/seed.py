# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seed a world: other people's things first, then what a session leaves; then write down which is which."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.lab.controlplane import Lab
from tests.lab.operator.api import Api, ApiError
from tests.lab.operator.conversion import DEEP, RUNNING
from tests.lab.operator.kinds import Obj, manifest
from tests.lab.operator.status import TERMINAL, has
from tests.lab.vcenter import peer
from tests.lab.worlds import bulk, bystanders, inspected, suite
from tests.lab.worlds.cluster import Entry, settled
from tests.lab.worlds.suite import Session
from tests.lab.worlds.table import OTHER_TEAM, SHARED, WORLDS, World

# Creation times have whole seconds: the session must be seen to be younger.
_AGE = 2.1
# Forklift shares these between sessions and never deletes them (2.2): a teardown leaves them, too.
_SHARED_RBAC = re.compile(r"populator(-(pvc|lease|pv)-reader(-binding)?)?")
_RBAC_KINDS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


async def _make(api: Api, objects: list[Obj]) -> None:
    """Create these; what refers to others comes after them. One that is there already is kept."""
    last = ("Migration", "Conversion")
    steps = [[o for o in objects if o["kind"] == "Namespace"], [], [o for o in objects if o["kind"] in last]]
    steps[1] = [o for o in objects if o["kind"] not in ("Namespace", *last)]
    for step in steps:
        await asyncio.gather(*(api.ensure(obj) for obj in step))


def _not_ended(sessions: list[Session], migrations: dict[tuple[str, str], Obj]) -> list[str]:
    """Migrations that have not come to where their world wants them."""
    gaps = []
    for session in sessions:
        for obj in session.objects:
            if obj["kind"] == "Migration":
                metadata = obj["metadata"]
                live = migrations.get((metadata["namespace"], metadata["name"]))
                runs = "running" in metadata["annotations"].values()
                if not has(live, *(("Running",) if runs else TERMINAL)):
                    gaps.append(f"Migration {metadata['name']} is not {'running' if runs else 'at its end'}")
    return gaps


def _idle(conversions: list[Obj]) -> list[str]:
    """Inspections whose pod does not run yet."""
    return [
        f"Conversion {one['metadata']['name']} is not at its pod"
        for one in conversions
        if one["spec"]["type"] == DEEP and (one.get("status") or {}).get("stage") != RUNNING
    ]


async def _wait(api: Api, sessions: list[Session]) -> dict[str, Entry]:
    async def missing() -> list[str]:
        found, _version = await api.list("Migration")
        live = {(m["metadata"]["namespace"], m["metadata"]["name"]): m for m in found}
        wanted = {o["metadata"]["name"] for s in sessions for o in s.objects if o["kind"] == "Conversion"}
        conversions, _version = await api.list("Conversion")
        return _not_ended(sessions, live) + _idle([c for c in conversions if c["metadata"]["name"] in wanted])

    return await settled(api, missing)


async def _bystanders(api: Api, session: Session) -> dict[str, Entry]:
    longer = bystanders.longer_session(session.prefix)
    longer.objects += bystanders.inspections(session)
    await _make(api, [manifest("Namespace", OTHER_TEAM), manifest("Namespace", SHARED)])
    volume, volume_claim = bystanders.released()
    others = [*bystanders.shared(session.prefix), *bystanders.same_names(session), *bystanders.storage_arrays(session)]
    await asyncio.gather(_make(api, longer.objects), _make(api, others), _release(api, volume, volume_claim))
    found = await _wait(api, [longer])
    await asyncio.sleep(_AGE)
    return found


async def _release(api: Api, volume: Obj, volume_claim: Obj) -> None:
    """Leave a volume in phase Released: bind its claim and delete it."""
    name = volume["metadata"]["name"]
    if await api.get("PersistentVolume", None, name) is not None:
        return
    await api.ensure(volume)
    made = await api.ensure(volume_claim)
    for phase in ("Bound", "Released"):
        deadline = time.monotonic() + 120
        while ((await api.get("PersistentVolume", None, name)) or {}).get("status", {}).get("phase") != phase:
            if time.monotonic() > deadline:
                raise TimeoutError(f"PersistentVolume {name} is not {phase}")
            await asyncio.sleep(0.1)
        await api.delete(made)


def _stays(entry: Entry, prefix: str) -> bool:
    """Whether it is Forklift's own; what stands in a namespace of the session goes with that."""
    shared = entry["kind"] in _RBAC_KINDS and _SHARED_RBAC.fullmatch(entry["name"]) is not None
    return shared and entry["namespace"] != prefix


def describe(name: str, session: Session, before: dict[str, Entry], after: dict[str, Entry]) -> dict[str, Any]:
    """What world.json holds: everything that was there before is a bystander, everything new is the session's."""

    def bare(entry: Entry) -> Entry:
        return {key: value for key, value in entry.items() if key != "resourceVersion"}

    new = [bare(entry) for uid, entry in after.items() if uid not in before]
    return {
        "world": name,
        "prefix": session.prefix,
        "namespaces": [entry["name"] for entry in new if entry["kind"] == "Namespace"],
        "bystanders": [bare(entry) for entry in before.values()],
        "session": [entry for entry in new if not _stays(entry, session.prefix)],
        "stays": [entry for entry in new if _stays(entry, session.prefix)],
    }


async def _seed(
    kubeconfig: Path,
    name: str,
    world: World,
    session: Session,
    written: str,
    center: peer.VCenter | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    async with Api(kubeconfig) as api:
        if await api.get("Namespace", None, session.prefix) is not None:
            raise FileExistsError(f"there is a namespace {session.prefix} already: take another prefix")
        say("other people's things")
        before = await _bystanders(api, session)
        snapshots = inspected.look(center)
        say(f"what session {session.prefix} left: {world.text}")
        if world.live:
            await _make(api, session.objects)
        after = await _wait(api, [session] if world.live else [])
        if written == "old":
            target = world.target or session.prefix
            pods = [e["name"] for e in after.values() if e["kind"] == "Pod" and e["namespace"] == target]
            suite.old_entries(session, world, sorted(pods))
    result = describe(name, session, before, after)
    if center is not None:
        result["snapshots"] = inspected.describe(center, snapshots, inspected.look(center))
    return result


def seed(
    lab: Lab,
    name: str,
    prefix: str,
    out: Path,
    *,
    written: str | None = None,
    size: int = 0,
    center: peer.VCenter | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Seed a world in a lab and write resources.json and world.json into ``out``; return world.json's content.

    ``written``: which suite writes the record, ``old`` or ``new``; the world's own default otherwise.
    ``size``: the number of objects of world ``bulk``. ``center``: the vCenter that has its base VMs.
    FileExistsError: the prefix is in use in this lab.
    """
    world = WORLDS[name]
    source = inspected.source_of(center, world) if center else suite.NOWHERE
    session = bulk.build(prefix, size) if name == "bulk" else suite.build(name, world, prefix, source)
    begun = time.monotonic()
    try:
        result = asyncio.run(_seed(lab.admin_kubeconfig, name, world, session, written or world.suite, center, say))
    except ApiError as error:
        raise RuntimeError(f"the lab refused something of world {name}: {error}") from error
    out.mkdir(parents=True, exist_ok=True)
    for file, content in (("resources.json", session.record), ("world.json", result)):
        (out / file).write_text(json.dumps(content, indent=2), encoding="utf-8")
    counts = f"{len(result['session'])} objects of the session, {len(result['bystanders'])} of others"
    say(f"seeded in {time.monotonic() - begun:.1f} s: {counts}")
    return result
