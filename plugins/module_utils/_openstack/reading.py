# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a project of OpenStack holds that may be a session's: from the cloud's own words to Remote objects. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._openstack.answers import ATTACHED
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.names import (
    clone_of,
    is_named_after,
    migrated_server,
)
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix as prefixes
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

Items = Mapping[str, Mapping[str, Any]]
OLDER = "attached to the clone, but older than it and not named after it"
UNDATED = "attached to the clone and not named after it, and nothing tells which of them is older"
NAMED = "attached to the clone, but named neither after it nor by Nova"
OTHERS = "attached to the clone, but made by another user"


def zoned(created: str) -> str:
    """RFC 3339: Cinder leaves the zone out, which is always UTC."""
    text = created.replace(" ", "T")
    return text if not text or re.search(r"(Z|[+-]\d\d:\d\d)\Z", text) else f"{text}Z"


def is_before(created: str, other: str) -> bool:
    """ValueError when one of them is not told: then it proves nothing."""
    try:
        return datetime.fromisoformat(created) < datetime.fromisoformat(other)
    except TypeError as exc:  # one has a zone, one has none
        raise ValueError(f"{created} and {other} cannot be compared") from exc


def facts_of(kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """What may hold it, in the words of causes."""
    facts: dict[str, Any] = {"status": item.get("status")}
    if kind == "Server":
        facts |= {
            "task_state": item.get("OS-EXT-STS:task_state"),
            "locked": item.get("locked"),
            "host": item.get("OS-EXT-SRV-ATTR:host") or item.get("hostId"),
            "fault": (item.get("fault") or {}).get("message"),
        }
    if kind == "Volume":
        facts["servers"] = tuple(str(a.get("server_id")) for a in item.get("attachments") or ())
    if kind == "Snapshot":
        facts["volume"] = item.get("volume_id")
    if kind == "Image":
        facts["protected"] = item.get("protected")
    return {name: value for name, value in facts.items() if value}


def _attached(found: Mapping[str, Items]) -> dict[str, list[str]]:
    """Id of a volume -> ids of the servers that have it. Cinder does not tell of a server that is shelved away, Nova
    not of one that is just being attached."""
    told: dict[str, list[str]] = {}
    for ident, item in found.get("Volume", {}).items():
        told[ident] = [str(each.get("server_id")) for each in item.get("attachments") or ()]
    for server, item in found.get("Server", {}).items():
        for each in item.get(ATTACHED) or ():
            servers = told.setdefault(str(each.get("id")), [])
            servers += [server] if server not in servers else []
    return told


@dataclass(slots=True)
class Reading:
    """One reading, kind by kind. found: kind -> everything of it that was listed, by id."""

    session: Session
    connection: Connection
    place: str
    found: Mapping[str, Items]
    remotes: dict[str, Remote] = field(default_factory=dict)
    _planned: Mapping[str, str] = field(init=False)
    _recorded_ids: Collection[str] = field(init=False)
    _attached: Mapping[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._planned = ownership.planned(self.session, self.connection.host)
        self._recorded_ids = {r.id for r in self.session.records if r.on_provider and r.id}
        self._attached = _attached(self.found)

    def all(self) -> tuple[Remote, ...]:
        """Owners before what is a part of them."""
        for kind, take in (
            ("Server", self._server),
            ("Volume", self._volume),
            ("Snapshot", self._snapshot),
            ("Image", self._image),
            ("Port", self._port),
        ):
            for ident, item in self.found.get(kind, {}).items():
                made = take(self._remote(kind, ident, item), item)
                if made is not None:
                    self.remotes[ident] = made
        return tuple(self.remotes.values())

    def _remote(self, kind: str, ident: str, item: Mapping[str, Any]) -> Remote:
        return Remote(
            type="openstack",
            provider=self.connection.key,
            host=self.connection.host,
            kind=kind,
            id=ident,
            name=str(item.get("name") or ""),
            uid=ident,
            place=self.place,
            created=zoned(str(item.get("created") or item.get("created_at") or "")),
            facts=facts_of(kind, item),
        )

    def _is_known(self, ident: str) -> bool:
        """By its id: an earlier run noted it, a Plan names it, or the record does."""
        return ident in self.session.lineage or ident in self._recorded_ids

    def _server(self, one: Remote, item: Mapping[str, Any]) -> Remote | None:
        known = one.id in self._planned or self._is_known(one.id)
        if not known and not ownership.may_be(self.session, "openstack", one.name):
            return None
        return replace(one, kept=self._goes_with(one, item))

    def _goes_with(self, server: Remote, item: Mapping[str, Any]) -> str:
        """What Nova would delete with this server, and is not the clone's own. What nobody could look at is not."""
        hangs = [str(each.get("id")) for each in item.get(ATTACHED) or ()]
        if hangs and "Volume" not in self.found:
            return f"its volumes could not be read, and nobody would find them without it ({', '.join(hangs)})"
        ends = [str(each.get("id")) for each in item.get(ATTACHED) or () if each.get("delete_on_termination")]
        volumes = ((ident, self.found["Volume"].get(ident)) for ident in ends)
        told = [
            f"Volume {volume.get('name') or ident} ({ident}) would be deleted with it, and is {why}"
            for ident, volume in volumes
            if volume is not None
            and (why := self._held_by(ident, {server.id}) or self._not_its_own(volume, server, item))
        ]
        return "; ".join(told)

    def _volume(self, one: Remote, item: Mapping[str, Any]) -> Remote | None:
        attached = self._attached.get(one.id, [])
        one = replace(one, facts={**one.facts, **({"servers": tuple(attached)} if attached else {})})
        owner = next((self.remotes[ident] for ident in attached if ident in self.remotes), None)
        kept = self._held_by(one.id, self.remotes.keys())
        if owner is not None:
            kept = kept or self._not_its_own(item, owner, self.found.get("Server", {}).get(owner.id, {}))
            return replace(one, owner=owner.identity, relation=f"attached to Server {owner.name}", kept=kept)
        return self._by_name(replace(one, kept=kept))

    def _held_by(self, volume: str, ours: Collection[str]) -> str:
        if "Server" not in self.found:  # Cinder does not tell of one that is shelved away
            return "servers could not be read, and one of somebody may have it"
        servers = self.found["Server"]
        strangers = [ident for ident in self._attached.get(volume, ()) if ident not in ours and ident in servers]
        names = ", ".join(f"{servers[ident].get('name')} ({ident})" for ident in strangers)
        return f"attached to Server {names}, which is not the session's" if names else ""

    def _not_its_own(self, item: Mapping[str, Any], owner: Remote, server: Mapping[str, Any]) -> str:
        """What the suite makes has a name after the clone, what Nova makes has none, or the server's id. Who made it
        before the clone was there had something else in mind."""
        name, created = str(item.get("name") or ""), zoned(str(item.get("created_at") or ""))
        if self._is_named_after(name, owner.name):
            return ""
        try:
            if is_before(created, owner.created):
                return OLDER
        except ValueError:
            return UNDATED
        if name and not name.startswith(owner.id):
            return NAMED
        users = {str(each.get("user_id")) for each in (item, server) if each.get("user_id")}
        return OTHERS if len(users) > 1 else ""

    def _is_named_after(self, name: str, clone: str) -> bool:
        """By whoever had the clone's name whole, or by the session."""
        whole = clone_of(self.session, "Volume", name)
        is_whole = bool(whole) and whole[-prefixes.CUT_LENGTH :] == clone
        return is_whole or is_named_after(name, clone) or prefixes.matches(self.session.prefix, name)

    def _snapshot(self, one: Remote, item: Mapping[str, Any]) -> Remote | None:
        one = replace(one, kept=self._image_of(one))
        volume = self.remotes.get(str(item.get("volume_id")))
        if volume is not None:
            one = replace(one, kept=one.kept or self._of_whom(one, volume))
            return replace(one, owner=volume.identity, relation=f"snapshot of Volume {volume.name or volume.id}")
        made = self._by_name(one)
        if made is None or migrated_server("Snapshot", one.name):  # Forklift gives its volumes names
            return made
        trace = self._last_trace_of(made)
        return replace(made, kept=made.kept or trace)

    def _last_trace_of(self, snapshot: Remote) -> str:
        """Nova makes the volumes of a clone from this snapshot, and gives them no name. Once their server has gone
        nothing else tells of them: they are met by it, it stays as long as they do, and nobody can tell whose they are.
        """
        if "Volume" not in self.found:
            return "volumes could not be read, and one may be made of it that nobody would find without it"
        made = {i: v for i, v in self.found["Volume"].items() if str(v.get("snapshot_id")) == snapshot.id}
        alone = [i for i, v in made.items() if not (v.get("name") or self._attached.get(i) or i in self.remotes)]
        for ident in alone:
            one = self._remote("Volume", ident, made[ident])
            relation = f"made of Snapshot {snapshot.name}"
            self.remotes[ident] = replace(one, owner=snapshot.identity, relation=relation)
        told = ", ".join(alone)
        return f"Volume {told} is made of it, and the server for which it was has gone: nobody can tell" if told else ""

    def _of_whom(self, snapshot: Remote, volume: Remote) -> str:
        """Whoever may use a volume may make one, and it holds the volume."""
        server = self.remotes.get(volume.owner)
        names = [one.name for one in (volume, server) if one is not None and one.name]
        is_own = self._by_name(snapshot) is not None or any(self._is_named_after(snapshot.name, name) for name in names)
        return "" if is_own else "made of a volume of the session, and nothing shows that the session made it"

    def _image_of(self, snapshot: Remote) -> str:
        """An image of a server with volumes holds nothing: it refers to their snapshots, and is lost with them."""
        if self._by_name(snapshot) is None and "Image" not in self.found:
            return "images could not be read, and one may be made of it"
        made = [
            f"{item.get('name') or 'without a name'} ({ident})"
            for ident, item in self.found.get("Image", {}).items()
            if snapshot.id in str(item.get("block_device_mapping") or "")
            and self._by_name(self._remote("Image", ident, item)) is None
        ]
        return f"image {', '.join(made)} is made of it, and is not the session's" if made else ""

    def _image(self, one: Remote, _item: Mapping[str, Any]) -> Remote | None:
        return self._by_name(one)

    def _port(self, one: Remote, item: Mapping[str, Any]) -> Remote | None:
        owner = self.remotes.get(str(item.get("device_id") or ""))
        if owner is None or owner.kind != "Server":
            return self._noted_port(one, str(item.get("device_id") or "")) if self._is_known(one.id) else None
        # Ports that Nova makes have no name; one that a person has named is that person's.
        kept = self._not_its_own({**item, "user_id": ""}, owner, {}) if one.name else ""
        return replace(one, owner=owner.identity, relation=f"device of Server {owner.name}", kept=kept)

    def _noted_port(self, one: Remote, device: str) -> Remote:
        """Its server was the session's, and may have gone; another one may have it now."""
        is_free = not device or device in self.session.lineage
        return one if is_free else replace(one, kept=f"in use by {device}, which is not the session's")

    def _by_name(self, one: Remote) -> Remote | None:
        """By the name of a clone, or by the id of the server that Forklift has migrated."""
        server = migrated_server(one.kind, one.name)
        if server:
            return self._of_forklift(one, server)
        clone = clone_of(self.session, one.kind, one.name)
        if clone and (self._is_known(one.id) or ownership.may_be(self.session, "openstack", clone)):
            return replace(one, named=clone)
        return one if self._is_known(one.id) else None

    def _of_forklift(self, one: Remote, server: str) -> Remote | None:
        """The server may have gone: then its id is known from the Plan, or an earlier run has noted it."""
        relation = f"made by Forklift to migrate Server {server}"
        if server in self.remotes or server in self.session.lineage:
            return replace(one, owner=server, relation=relation)
        if server in self._planned and server not in self.found.get("Server", {}):
            return replace(one, named=self._planned[server])
        return one if self._is_known(one.id) else None
