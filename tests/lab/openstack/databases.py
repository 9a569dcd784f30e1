# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases of a new peer: made once by the services' own commands, then copied for every peer of this cache."""

from __future__ import annotations

import getpass
import grp
import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.build import BuildError, Say
from tests.lab.openstack import settings

HERE = Path(__file__).resolve().parent
# Neutron's migrations do not run on SQLite: make the tables of its models, as its own tests do, and say they are new.
_NEUTRON = """
import sys, sqlalchemy
from neutron.db.migration.models import head
head.get_metadata().create_all(sqlalchemy.create_engine(sys.argv[1]))
"""
_KEPT = ("db", "fernet-keys", "credential-keys", "nova")


def golden(venv: Path) -> Path:
    """Where the databases of a new peer are kept. They depend on what makes them."""
    digest = hashlib.sha256()
    for name in ("databases.py", "seed.py", "settings.py", "requirements.lock"):
        digest.update((HERE / name).read_bytes())
    return venv / f"golden-{digest.hexdigest()[:12]}"


def create(state: Path, venv: Path, port: int, say: Say) -> None:
    """Empty databases with every table; Keystone has its admin."""
    start = time.monotonic()
    say("making the databases, once: 1 to 2 min on 2 cores")
    with ThreadPoolExecutor(2) as pool:
        for lane in [pool.submit(_first_lane, state, venv, port), pool.submit(_second_lane, state, venv)]:
            lane.result()
    say(f"made the databases in {time.monotonic() - start:.0f} s")


def _first_lane(state: Path, venv: Path, port: int) -> None:
    keystone = ["keystone-manage", "--config-file", f"{state}/etc/keystone.conf"]
    owner = ["--keystone-user", getpass.getuser(), "--keystone-group", grp.getgrgid(os.getgid()).gr_name]
    _run(state, venv, [*keystone, "db_sync"])
    _run(state, venv, [*keystone, "fernet_setup", *owner])
    _run(state, venv, [*keystone, "credential_setup", *owner])
    address = f"{settings.url(port, 'keystone')}/v3"
    interfaces = [f"--bootstrap-{name}-url={address}" for name in ("public", "internal", "admin")]
    secret = ["--bootstrap-password", settings.PASSWORD, "--bootstrap-region-id", "RegionOne"]
    _run(state, venv, [*keystone, "bootstrap", *secret, *interfaces])
    _run(state, venv, ["placement-manage", "--config-file", f"{state}/etc/placement.conf", "db", "sync"])
    _run(state, venv, ["glance-manage", "--config-file", f"{state}/etc/glance-api.conf", "db_sync"])
    _run(state, venv, ["cinder-manage", "--config-file", f"{state}/etc/cinder.conf", "db", "sync"])


def _second_lane(state: Path, venv: Path) -> None:
    _run(state, venv, [*_nova(state), "api_db", "sync"])
    zero, one = (settings.database(state, f"nova_{cell}") for cell in ("cell0", "cell1"))
    _run(state, venv, [*_nova(state), "cell_v2", "map_cell0", "--database_connection", zero])
    _run(state, venv, [*_nova(state), "db", "sync"])
    cell = ["create_cell", "--name", "cell1", "--transport-url", "fake://", "--database_connection", one]
    _run(state, venv, [*_nova(state), "cell_v2", *cell])
    _run(state, venv, ["python", "-c", _NEUTRON, settings.database(state, "neutron")])
    files = ["--config-file", f"{state}/etc/neutron.conf", "--config-file", f"{state}/etc/plugins/ml2/ml2_conf.ini"]
    _run(state, venv, ["neutron-db-manage", *files, "stamp", "heads"])


def map_hosts(state: Path, venv: Path) -> None:
    """Nova's scheduler only knows a compute host once this has been said."""
    _run(state, venv, [*_nova(state), "cell_v2", "discover_hosts"])


def _nova(state: Path) -> list[str]:
    return ["nova-manage", "--config-file", f"{state}/etc/nova.conf"]


def _run(state: Path, venv: Path, command: Sequence[str]) -> None:
    environment = {**os.environ, "OS_NOVA_DISABLE_EVENTLET_PATCHING": "1"}
    start = time.monotonic()
    with (state / "log" / "init.log").open("ab") as log:
        done = subprocess.run(
            [str(venv / "bin" / command[0]), *command[1:]],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
        )  # fmt: skip
        log.write(f"lab: {time.monotonic() - start:.1f} s {command[0]} {command[3:5]}\n".encode())
    if done.returncode:
        raise BuildError(f"{command[0]} failed, see {state}/log/init.log")


def keep(state: Path, target: Path, port: int) -> None:
    """Copy the databases of a peer that runs. SQLite's own backup sees each of them whole."""
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in _KEPT:
        shutil.copytree(state / name, unfinished / name, ignore=shutil.ignore_patterns("*.sqlite*"))
    for path in (state / "db").glob("*.sqlite"):
        source, copy = sqlite3.connect(path, timeout=60), sqlite3.connect(unfinished / "db" / path.name)
        source.backup(copy)
        source.close()
        copy.close()
    (unfinished / "port").write_text(str(port), encoding="ascii")
    (unfinished / "state").write_text(str(state), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)


def put(source: Path, state: Path, port: int) -> None:
    """A copy for another peer: its ports and its folder stand in two of the databases."""
    for name in _KEPT:
        shutil.rmtree(state / name, ignore_errors=True)
        shutil.copytree(source / name, state / name)
    before = int((source / "port").read_text(encoding="ascii"))
    moved = [(settings.url(before, name), settings.url(port, name)) for name in settings.PROJECTS]
    # Both ends with a slash or the end of the text, so that 150 is not taken for the start of 15000.
    _replace(state / "db" / "keystone.sqlite", "endpoint", "url", moved)
    folders = [((source / "state").read_text(encoding="utf-8"), str(state))]
    _replace(state / "db" / "nova_api.sqlite", "cell_mappings", "database_connection", folders)


def _replace(path: Path, table: str, column: str, changes: Sequence[tuple[str, str]]) -> None:
    database = sqlite3.connect(path)
    with database:
        for row, text in database.execute(f"select rowid, {column} from {table}").fetchall():
            for old, new in changes:
                if text == old or text.startswith(f"{old}/") or f"{old}/" in text:
                    database.execute(f"update {table} set {column} = ? where rowid = ?", (text.replace(old, new), row))
                    break
    database.close()
