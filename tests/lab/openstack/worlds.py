# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sessions of mtv-api-tests and migrations of Forklift leave in a project, made through the services themselves.

    cloud = Project(peer); clone = cloud.clone("auto-ab12-rhel8-9fzk"); …; cloud.empty()

Names: mtv-api-tests C(libs/providers/openstack.py), providers.md 3.1; Forklift C(adapter/openstack/common.go),
forklift.md 2.3. States that no member can reach are set by the administrator, or where he cannot either, in the
database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from openstack import exceptions

from tests.lab.openstack import seed
from tests.lab.openstack.peer import Peer


@cache
def _client(port: int, user: str) -> Any:
    """Logging in and asking each service for its versions takes longer than most of what a test does."""
    return seed.connect(port, user)


@dataclass(frozen=True)
class Clone:
    """One clone and what belongs to it: ids. name: as the provider has it, the last 63 characters."""

    name: str
    server: str = ""
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    image: str = ""
    snapshots: tuple[str, ...] = ()


@dataclass
class Project:
    """One project of a peer, as its user sees it."""

    peer: Peer
    user: str = "ci"
    sdk: Any = field(init=False)

    def __post_init__(self) -> None:
        self.sdk = _client(self.peer.port, self.user)

    def clone(
        self, name: str, *, boot_volume: bool = False, data: int = 0, own_volumes: int = 0, ports: int = 0
    ) -> Clone:
        """A server as the suite makes one. boot_volume, data: with volumes that the suite names; own_volumes: made by
        Nova, without a name; ports: made before the server."""
        name = name[-63:]
        made = [self.volume(f"{name}-boot-vol")] if boot_volume else []
        made += [self.volume(f"{name}-data-vol-{number}") for number in range(1, data + 1)]
        network = self.sdk.network.find_network(seed.NETWORK).id
        doors = tuple(self.sdk.network.create_port(network_id=network).id for _number in range(ports))
        disks = [_disk(ident, order) for order, ident in enumerate(made)]
        disks += [_blank_disk() for _number in range(own_volumes)]
        server = self.sdk.compute.create_server(
            name=name,
            flavor_id=seed.FLAVOR,
            networks=[{"port": door} for door in doors] or "none",
            **({} if boot_volume else {"image_id": self.base_image()}),
            **({"block_device_mapping": self._with_root(boot_volume, disks)} if disks else {}),
        )
        self.sdk.compute.wait_for_server(server, interval=0.2, wait=300)
        attached = tuple(v.id for v in self.sdk.block_storage.volumes() if self._is_at(v, server.id))
        return Clone(name, server.id, attached, doors)

    @staticmethod
    def _is_at(volume: Any, server: str) -> bool:
        return any(one["server_id"] == server for one in volume.attachments)

    def _with_root(self, boot_volume: bool, disks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if boot_volume:
            return disks
        root = {"uuid": self.base_image(), "source_type": "image", "destination_type": "local", "boot_index": 0}
        return [root | {"delete_on_termination": True}, *(disk | {"boot_index": -1} for disk in disks)]

    def base_image(self) -> str:
        """What servers are made from; nobody's leftover."""
        known = next(self.sdk.image.images(name="base-image"), None)
        return str(known.id) if known is not None else self.image("base-image")

    def image(self, name: str, *, is_protected: bool = False, is_hidden: bool = False) -> str:
        made = self.sdk.image.create_image(
            name=name, data=b"x" * 64, disk_format="raw", container_format="bare", is_protected=is_protected
        )
        if is_hidden:
            self.sdk.image.update_image(made.id, os_hidden=True)
        return str(made.id)

    def volume(self, name: str | None = None, **more: Any) -> str:
        made = self.sdk.block_storage.create_volume(name=name, size=1, **more)
        self.sdk.block_storage.wait_for_status(made, "available", ["error"], 0.2, 180)
        self.sdk.block_storage.set_volume_bootable_status(made, True)
        return str(made.id)

    def snapshot(self, volume: str, name: str) -> str:
        made = self.sdk.block_storage.create_snapshot(volume_id=volume, name=name, is_forced=True)
        self.sdk.block_storage.wait_for_status(made, "available", ["error"], 0.2, 180)
        return str(made.id)

    def attach(self, server: str, volume: str) -> None:
        self.sdk.compute.create_volume_attachment(server, volume_id=volume)
        known = self.sdk.block_storage.get_volume(volume)
        self.sdk.block_storage.wait_for_status(known, "in-use", ["error"], 0.2, 180)

    def migrated(self, server: str, volume: str) -> dict[str, str]:
        """What Forklift leaves when a migration of this server is canceled midway."""
        base = f"forklift-migration-vm-{server}"
        return {
            "image": self.image(base),
            "disk image": self.image(f"{base}-volume-{volume}"),
            "snapshot": self.snapshot(volume, f"snapshot for {base}"),
            "volume": self.volume(f"volume created from {base}"),
        }

    # States

    def lock(self, server: str) -> None:
        _client(self.peer.port, "admin").compute.lock_server(server)

    def set_volume(self, volume: str, status: str) -> None:
        _client(self.peer.port, "admin").block_storage.reset_volume_status(volume, status, None, None)

    def set_snapshot(self, snapshot: str, status: str) -> None:
        _client(self.peer.port, "admin").block_storage.reset_snapshot_status(snapshot, status)

    def set_server(self, server: str, **columns: Any) -> None:
        """disable_terminate, vm_state and task_state have no call that sets them."""
        self._write("nova_cell1", "instances", "uuid", server, columns)

    def set_volume_row(self, volume: str, **columns: Any) -> None:
        """States that Cinder does not let an administrator set, for it knows better."""
        self._write("cinder", "volumes", "id", volume, columns)

    def ends_with_server(self, volume: str) -> None:
        """As one that was attached with delete_on_termination."""
        self._write("nova_cell1", "block_device_mapping", "volume_id", volume, {"delete_on_termination": 1})

    def shelve(self, server: str, *volumes: str) -> None:
        """Away from its host. Cinder forgets its volumes, as clouds have been seen to do."""
        self.sdk.compute.shelve_server(server)
        known = self.sdk.compute.get_server(server)
        self.sdk.compute.wait_for_server(known, "SHELVED_OFFLOADED", interval=0.2, wait=60)
        for volume in volumes:
            self._write("cinder", "volume_attachment", "volume_id", volume, {"deleted": 1, "attach_status": "detached"})
            self.set_volume_row(volume, status="available", attach_status="detached")

    def set_created(self, kind: str, ident: str, created: str) -> None:
        """created: as services write it, with six digits behind the seconds. Texts are compared: of a time without them
        Nova would find each page of its list to be followed by itself, a thousand times for each list."""
        created = created if "." in created else f"{created}.000000"
        place = {
            "Server": ("nova_cell1", "instances", "uuid"),
            "Volume": ("cinder", "volumes", "id"),
            "Snapshot": ("cinder", "snapshots", "id"),
        }[kind]
        self._write(*place, ident, {"created_at": created})

    def _write(self, name: str, table: str, key: str, ident: str, columns: Mapping[str, Any]) -> None:
        database = sqlite3.connect(self.peer.state / "db" / f"{name}.sqlite", timeout=30)
        with database:
            changes = ", ".join(f"{column} = ?" for column in columns)
            database.execute(f"update {table} set {changes} where {key} = ?", (*columns.values(), ident))
        database.close()

    # All of it

    def everything(self) -> dict[str, tuple[str, str]]:
        """id -> kind and name of what the project holds, as its user is told."""
        return {
            one.id: (kind, one.name or "") for kind, listed in self._lists().items() for one in listed()
        }  # fmt: skip

    def _lists(self) -> dict[str, Callable[[], Any]]:
        project = self.sdk.current_project_id
        return {
            "Server": self.sdk.compute.servers,
            "Volume": self.sdk.block_storage.volumes,
            "Snapshot": self.sdk.block_storage.snapshots,
            "Image": lambda: [
                *self.sdk.image.images(owner=project),
                *self.sdk.image.images(owner=project, is_hidden=True),
            ],
            "Port": lambda: self.sdk.network.ports(project_id=project),
        }

    def empty(self, patience: float = 180.0) -> None:
        """Remove everything from the project, whatever state a test has left it in."""
        admin = _client(self.peer.port, "admin")
        ends = time.monotonic() + patience
        while left := {ident: one for ident, one in self.everything().items() if one[1] != "base-image"}:
            if time.monotonic() > ends:
                raise TimeoutError(f"{self.user} still has {left}")
            for kind in ("Server", "Snapshot", "Volume", "Image", "Port"):
                _sweep(admin, kind, [ident for ident, one in left.items() if one[0] == kind])
            time.sleep(0.2)


def _sweep(admin: Any, kind: str, idents: Sequence[str]) -> None:
    """Delete these as the administrator, who may delete what is locked. What is refused comes again in a moment."""
    delete = {
        "Server": admin.compute.delete_server,
        "Snapshot": admin.block_storage.delete_snapshot,
        "Volume": admin.block_storage.delete_volume,
        "Image": admin.image.delete_image,
        "Port": admin.network.delete_port,
    }[kind]
    for ident in idents:
        try:
            if kind == "Image":
                admin.image.update_image(ident, is_protected=False)
            if kind == "Snapshot":
                _settle(admin.block_storage.get_snapshot(ident), admin.block_storage.reset_snapshot_status)
            if kind == "Volume":
                _settle(
                    admin.block_storage.get_volume(ident),
                    lambda one, status: admin.block_storage.reset_volume_status(one, status, None, None),
                )
            delete(ident)
        except exceptions.HttpException:
            continue


def _settle(one: Any, reset: Callable[[Any, str], Any]) -> None:
    if one.status.startswith("error_"):
        reset(one, "error")


def _disk(volume: str, order: int) -> dict[str, Any]:
    """The suite asks for its volumes to go with the server."""
    return {
        "uuid": volume,
        "source_type": "volume",
        "destination_type": "volume",
        "boot_index": 0 if order == 0 else -1,
        "delete_on_termination": True,
    }


def _blank_disk() -> dict[str, Any]:
    """As Nova makes one of a source's mapping, which does not go with the server."""
    return {
        "source_type": "blank",
        "destination_type": "volume",
        "volume_size": 1,
        "boot_index": -1,
        "delete_on_termination": False,
    }
