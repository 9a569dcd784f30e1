# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases of a new peer: made once by the services' own commands, then copied for every peer of this cache."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.build import BuildError, Say
from tests.lab.openstack import settings

HERE = Path(__file__).resolve().parent
# Neutron's migrations do not run on SQLite: make the tables of its models, as its own tests do.
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
    say("making the databases, once: about 20 s on 2 cores")
    for begun in (state / "db").iterdir():  # by a start that failed
        begun.unlink()
    with ThreadPoolExecutor(2) as pool:
        for lane in [pool.submit(_first_lane, state, venv, port), pool.submit(_second_lane, state, venv)]:
            lane.result()
    say(f"made the databases in {time.monotonic() - start:.0f} s")


def _first_lane(state: Path, venv: Path, port: int) -> None:
    keystone = ["keystone-manage", "--config-file", f"{state}/etc/keystone.conf"]
    _run(state, venv, [*keystone, "db_sync"])
    _keys(state)
    address = f"{settings.url(port, 'keystone')}/v3"
    interfaces = [f"--bootstrap-{name}-url={address}" for name in ("public", "internal", "admin")]
    secret = ["--bootstrap-password", settings.PASSWORD, "--bootstrap-region-id", "RegionOne"]
    _run(state, venv, [*keystone, "bootstrap", *secret, *interfaces])
    _run(state, venv, ["placement-manage", "--config-file", f"{state}/etc/placement.conf", "db", "sync"])
    _run(state, venv, ["glance-manage", "--config-file", f"{state}/etc/glance-api.conf", "db_sync"])
    _run(state, venv, ["cinder-manage", "--config-file", f"{state}/etc/cinder.conf", "db", "sync"])


def _second_lane(state: Path, venv: Path) -> None:
    nova = ["nova-manage", "--config-file", f"{state}/etc/nova.conf"]
    _run(state, venv, [*nova, "api_db", "sync"])
    _cells(state)
    _run(state, venv, [*nova, "db", "sync"])
    _run(state, venv, ["python", "-c", _NEUTRON, settings.database(state, "neutron")])


# What follows are commands of Keystone and Nova, too, that take five seconds each to start, for a row or a file.


def _keys(state: Path) -> None:
    """Two keys each, as fernet_setup and credential_setup make them."""
    for folder in settings.PRIVATE_FOLDERS:
        for number in ("0", "1"):
            path = state / folder / number
            path.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
            path.chmod(0o600)


def _cells(state: Path) -> None:
    """map_cell0, create_cell and, for our one host, discover_hosts."""
    cells = (
        (1, str(uuid.UUID(int=0)), "cell0", "none:///", settings.database(state, "nova_cell0")),
        (2, str(uuid.uuid4()), "cell1", "fake://", settings.database(state, "nova_cell1")),
    )
    database = sqlite3.connect(state / "db" / "nova_api.sqlite")
    with database:
        database.executemany(
            "insert into cell_mappings (id, uuid, name, transport_url, database_connection, disabled)"
            " values (?, ?, ?, ?, ?, 0)",
            cells,
        )
        database.execute("insert into host_mappings (id, cell_id, host) values (1, 2, 'lab')")
    database.close()


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
