# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the services: their own defaults, but for what loopback, SQLite and one process each need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PASSWORD = "secret"
# In the order of their ports.
PROJECTS = ("keystone", "placement", "glance", "neutron", "nova", "cinder")
FOLDERS = ("db", "log", "locks", "images", "staging", "tasks", "nova", "cinder", "neutron", "tmp", "etc/plugins/ml2")
PRIVATE_FOLDERS = ("fernet-keys", "credential-keys")
POLICIES = ("nova", "cinder", "glance", "neutron")

Section = Mapping[str, object]


def url(port: int, project: str) -> str:
    return f"http://127.0.0.1:{port + PROJECTS.index(project)}"


def write(state: Path, venv: Path, port: int) -> None:
    """Write every file of configuration below state."""
    for folder in FOLDERS:
        (state / folder).mkdir(parents=True, exist_ok=True)
    for folder in PRIVATE_FOLDERS:
        (state / folder).mkdir(mode=0o700, exist_ok=True)
    files = {
        "keystone.conf": _keystone(state, port),
        "placement.conf": _placement(state, port),
        "glance-api.conf": _glance(state, venv, port),
        "neutron.conf": _neutron(state, venv, port),
        "plugins/ml2/ml2_conf.ini": _ml2(),
        "nova.conf": _nova(state, port),
        "cinder.conf": _cinder(state, venv, port),
    }
    for name, sections in files.items():
        lines = []
        for section, values in sections.items():
            lines += [f"[{section}]", *(f"{key} = {value}" for key, value in values.items())]
        (state / "etc" / name).write_text("\n".join(lines) + "\n", encoding="ascii")
    # Nova alone looks for this in its folder of configuration.
    paste = (venv / "etc/nova/api-paste.ini").read_text(encoding="utf-8")
    (state / "etc/api-paste.ini").write_text(paste, encoding="utf-8")
    for project in POLICIES:
        (state / f"etc/{project}-policy.yaml").write_text("{}\n", encoding="ascii")


def _user(port: int) -> dict[str, object]:
    """How a service logs in at Keystone."""
    return {
        "auth_url": f"{url(port, 'keystone')}/v3",
        "www_authenticate_uri": f"{url(port, 'keystone')}/v3",
        "auth_type": "password",
        "username": "svc",
        "password": PASSWORD,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": "RegionOne",
        "service_token_roles": "service",
        "service_token_roles_required": "true",
    }


def database(state: Path, name: str) -> str:
    return f"sqlite:///{state}/db/{name}.sqlite"


def _common(state: Path, project: str) -> dict[str, Section]:
    return {"DEFAULT": {"log_file": state / f"log/{project}.log"}, "oslo_concurrency": {"lock_path": state / "locks"}}


def _policy(state: Path, project: str) -> dict[str, Section]:
    """Read again by the service when it changes: so a test takes a right away."""
    return {"oslo_policy": {"policy_file": state / f"etc/{project}-policy.yaml"}}


def _keystone(state: Path, port: int) -> dict[str, Section]:
    return {
        "DEFAULT": {"log_file": state / "log/keystone.log", "public_endpoint": url(port, "keystone")},
        "database": {"connection": database(state, "keystone")},
        "token": {"provider": "fernet", "expiration": 86400},
        "fernet_tokens": {"key_repository": state / "fernet-keys"},
        # Nobody asks for a receipt here, but without keys for them Keystone does not start.
        "fernet_receipts": {"key_repository": state / "fernet-keys"},
        "credential": {"key_repository": state / "credential-keys"},
        # The cheapest there is, for passwords that are no secret.
        "identity": {"password_hash_rounds": 4},
        "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
    }


def _placement(state: Path, port: int) -> dict[str, Section]:
    return {
        "DEFAULT": {"log_file": state / "log/placement.log"},
        "placement_database": {"connection": database(state, "placement")},
        "api": {"auth_strategy": "keystone"},
        "keystone_authtoken": _user(port),
    }


def _glance(state: Path, venv: Path, port: int) -> dict[str, Section]:
    common = _common(state, "glance")
    return {
        **common,
        **_policy(state, "glance"),
        "DEFAULT": {
            **common["DEFAULT"],
            "enabled_backends": "files:file",
            "enabled_import_methods": "[glance-direct]",
            "worker_self_reference_url": url(port, "glance"),
        },
        "database": {"connection": database(state, "glance")},
        "glance_store": {"default_backend": "files"},
        "files": {"filesystem_store_datadir": state / "images"},
        "os_glance_staging_store": {"filesystem_store_datadir": state / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": state / "tasks"},
        "paste_deploy": {"flavor": "keystone", "config_file": venv / "etc/glance/glance-api-paste.ini"},
        "keystone_authtoken": _user(port),
    }


def _neutron(state: Path, venv: Path, port: int) -> dict[str, Section]:
    common = _common(state, "neutron")
    return {
        **common,
        **_policy(state, "neutron"),
        "DEFAULT": {
            **common["DEFAULT"],
            "host": "lab",
            "state_path": state / "neutron",
            "api_paste_config": venv / "etc/neutron/api-paste.ini",
            "transport_url": "fake://",
            "auth_strategy": "keystone",
            "core_plugin": "ml2",
            "service_plugins": "router",
            "notify_nova_on_port_status_changes": "false",
            "notify_nova_on_port_data_changes": "false",
            "agent_down_time": 2000000,
            "dhcp_agent_notification": "false",
        },
        "database": {"connection": database(state, "neutron")},
        "keystone_authtoken": _user(port),
    }


def _ml2() -> dict[str, Section]:
    return {
        "ml2": {"type_drivers": "local,flat", "tenant_network_types": "local", "mechanism_drivers": "openvswitch"},
        "ml2_type_flat": {"flat_networks": "*"},
        "securitygroup": {"enable_security_group": "true"},
    }


def _nova(state: Path, port: int) -> dict[str, Section]:
    common, user = _common(state, "nova"), _user(port)
    return {
        **common,
        **_policy(state, "nova"),
        "DEFAULT": {
            **common["DEFAULT"],
            "host": "lab",
            "my_ip": "127.0.0.1",
            "state_path": state / "nova",
            "tempdir": state / "tmp",
            "transport_url": "fake://",
            "compute_driver": "fake.FakeDriver",
            "instance_name_template": "instance-%08x",
            "vif_plugging_is_fatal": "false",
            "vif_plugging_timeout": 0,
        },
        "api": {"auth_strategy": "keystone", "response_validation": "ignore"},
        "api_database": {"connection": database(state, "nova_api")},
        "database": {"connection": database(state, "nova_cell1")},
        "conductor": {"workers": 1},
        "scheduler": {"workers": 1},
        "quota": {"instances": 500, "cores": 2000, "ram": 5000000},
        "wsgi": {"api_paste_config": state / "etc/api-paste.ini"},
        **dict.fromkeys(("keystone_authtoken", "placement", "neutron", "glance"), user),
        "cinder": {**user, "catalog_info": "volumev3:cinderv3:publicURL"},
        "service_user": {**user, "send_service_user_token": "true"},
    }


def _cinder(state: Path, venv: Path, port: int) -> dict[str, Section]:
    common, user = _common(state, "cinder"), _user(port)
    return {
        **common,
        **_policy(state, "cinder"),
        "DEFAULT": {
            **common["DEFAULT"],
            "host": "lab",
            "my_ip": "127.0.0.1",
            "state_path": state / "cinder",
            "transport_url": "fake://",
            "auth_strategy": "keystone",
            "api_paste_config": venv / "etc/cinder/api-paste.ini",
            "resource_query_filters_file": venv / "etc/cinder/resource_filters.json",
            "enabled_backends": "fake",
            "default_volume_type": "fake",
            "glance_api_servers": url(port, "glance"),
            "quota_volumes": 500,
            "quota_snapshots": 500,
            "quota_gigabytes": 50000,
        },
        "fake": {
            "volume_driver": "cinder.tests.fake_driver.FakeLoggingVolumeDriver",
            "volume_backend_name": "fake",
        },
        "database": {"connection": database(state, "cinder")},
        "coordination": {"backend_url": f"file://{state}/cinder/coordination"},
        "keystone_authtoken": user,
        "nova": user,
        "service_user": {**user, "send_service_user_token": "true"},
    }
