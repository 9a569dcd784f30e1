# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every peer holds before a test comes: projects, users, the catalogue, flavors, a volume type, a network."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import openstack
from openstack import exceptions

from tests.lab.openstack.settings import PASSWORD, url

NETWORK, FLAVOR = "shared", "1"
# project: (user, roles). admin and its project come with Keystone.
USERS = {
    "service": ("svc", ("admin", "service")),
    "ci": ("ci", ("member", "reader")),
    "other": ("other", ("member", "reader")),
}
# service: (type, project that serves it, path)
CATALOGUE = {
    "placement": ("placement", "placement", ""),
    "glance": ("image", "glance", ""),
    "neutron": ("network", "neutron", ""),
    "nova": ("compute", "nova", "/v2.1"),
    "cinderv3": ("volumev3", "cinder", "/v3/%(project_id)s"),
    "cinder": ("block-storage", "cinder", "/v3/%(project_id)s"),
}


def connect(port: int, user: str, project: str = "") -> Any:
    return openstack.connect(
        load_envvars=False,
        load_yaml_config=False,
        auth={
            "auth_url": f"{url(port, 'keystone')}/v3",
            "username": user,
            "password": PASSWORD,
            "project_name": project or user,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        region_name="RegionOne",
    )


def identity(port: int) -> None:
    """Before the other services start: they log in as svc."""
    keystone = connect(port, "admin").identity
    roles = {role.name: role for role in keystone.roles()}
    roles.setdefault("service", None)
    if roles["service"] is None:
        roles["service"] = keystone.create_role(name="service")
    for project, (user, names) in USERS.items():
        made = keystone.create_project(name=project, domain_id="default")
        who = keystone.create_user(name=user, password=PASSWORD, domain_id="default")
        for name in names:
            keystone.assign_project_role_to_user(made, who, roles[name])
    for name, (kind, project, path) in CATALOGUE.items():
        service = keystone.create_service(name=name, type=kind)
        keystone.create_endpoint(
            service_id=service.id, interface="public", region_id="RegionOne", url=url(port, project) + path
        )
        keystone.create_endpoint(
            service_id=service.id, interface="internal", region_id="RegionOne", url=url(port, project) + path
        )


def cloud(port: int, state: Path) -> None:
    """Once all services answer."""
    admin = connect(port, "admin")
    admin.compute.create_flavor(name="m1.nano", ram=128, vcpus=1, disk=1, id=FLAVOR)
    admin.block_storage.create_type(name="fake")
    _agent(state / "db" / "neutron.sqlite")
    network = admin.network.create_network(name=NETWORK, is_shared=True)
    admin.network.create_subnet(
        name=NETWORK, network_id=network.id, ip_version=4, cidr="10.99.0.0/16", enable_dhcp=False
    )


def _agent(path: Path) -> None:
    """An Open vSwitch agent that never dies, so that ports are bound on our only host; upstream's would need a real
    Open vSwitch."""
    row = {
        "id": str(uuid.uuid4()),
        "agent_type": "Open vSwitch agent",
        "binary": "neutron-openvswitch-agent",
        "topic": "N/A",
        "host": "lab",
        "admin_state_up": 1,
        "created_at": "2026-01-01 00:00:00",
        "started_at": "2026-01-01 00:00:00",
        "heartbeat_timestamp": "2099-01-01 00:00:00",
        "configurations": json.dumps({"bridge_mappings": {}, "tunnel_types": [], "datapath_type": "system"}),
        "load": 0,
    }
    database = sqlite3.connect(path, timeout=60)
    with database:
        places = ",".join("?" * len(row))
        database.execute(f"insert into agents ({','.join(row)}) values ({places})", tuple(row.values()))
    database.close()


def not_ready(port: int) -> str:
    """Say which part is not there yet, or nothing."""
    admin = connect(port, "admin")
    try:
        nova = {one.binary: one.state for one in admin.compute.services()}
        cinder = {one.binary: one.state for one in admin.block_storage.services()}
        wanted = {**dict.fromkeys(("nova-compute", "nova-conductor", "nova-scheduler"), nova)}
        wanted |= dict.fromkeys(("cinder-scheduler", "cinder-volume"), cinder)
        down = [name for name, seen in wanted.items() if seen.get(name) != "up"]
        if not list(admin.compute.hypervisors()):
            down.append("hypervisor")
        list(admin.network.networks())
        list(admin.image.images())
    except exceptions.SDKException as exc:
        return str(exc)
    return ", ".join(down)


def wait_ready(port: int, patience: float = 300.0) -> None:
    ends = time.monotonic() + patience
    while told := not_ready(port):
        if time.monotonic() > ends:
            raise TimeoutError(f"not ready after {patience:.0f} s: {told}")
        time.sleep(0.3)
