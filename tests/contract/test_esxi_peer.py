# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ESXi host of the lab, held against clients that are not ours: the suite's calls by paramiko, and asyncssh."""

from __future__ import annotations

import asyncio

import asyncssh
import pytest

from tests.contract.esxi_hosts import KEY, SUITES, add, lets_in, put, text
from tests.lab.esxi import suite
from tests.lab.esxi.peer import PASSWORD, USER, Peer

LOGIN = {"host": "127.0.0.1", "username": USER, "password": PASSWORD, "public_key": KEY.public}


@pytest.fixture(autouse=True)
def at_its_port(esxi: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "PORT", esxi.port)


def test_what_the_suite_does_there(esxi: Peer) -> None:
    assert not lets_in(esxi, KEY)
    suite.install_ssh_key_on_esxi(**LOGIN, datastore_name="ds1")
    assert (text(esxi), esxi.file.stat().st_mode & 0o777, lets_in(esxi, KEY)) == (f"{SUITES}\n", 0o600, True)
    suite.install_ssh_key_on_esxi(**LOGIN, datastore_name="ds1")
    assert text(esxi) == f"{SUITES}\n"
    put(esxi, "# mine\n")
    add(esxi, SUITES)
    suite.remove_ssh_key_from_esxi(**LOGIN)
    assert (text(esxi), lets_in(esxi, KEY)) == ("# mine\n", False)
    assert [one.split()[0] for one in esxi.seen()["commands"]] == ["mkdir", "mv", "mkdir", "mv"]


def test_no_other_command_and_no_other_user(esxi: Peer) -> None:
    async def asked() -> tuple[int | None, bool]:
        known = {"port": esxi.port, "known_hosts": None, "password": PASSWORD, "client_keys": None}
        async with asyncssh.connect("127.0.0.1", username=USER, **known) as link:
            code = (await link.run("rm -rf /etc")).exit_status
        try:
            await asyncssh.connect("127.0.0.1", username="dcui", **known)
        except asyncssh.PermissionDenied:
            return code, False
        return code, True

    assert asyncio.run(asked()) == (1, False)


def test_a_wrong_password_and_a_locked_host(esxi: Peer) -> None:
    with pytest.raises(Exception, match="Authentication failed"):
        suite.remove_ssh_key_from_esxi(**{**LOGIN, "password": "x"})
    esxi.faults(locked=True)
    with pytest.raises(Exception, match="Authentication failed"):
        suite.remove_ssh_key_from_esxi(**LOGIN)
    assert (esxi.seen()["passwords"], esxi.seen()["logins"]) == (2, [])


def test_a_file_that_nobody_may_write(esxi: Peer) -> None:
    put(esxi, "# mine\n")
    esxi.faults(readonly=True)
    with pytest.raises(RuntimeError, match="PermissionError"):
        suite.install_ssh_key_on_esxi(**LOGIN, datastore_name="ds1")
    assert text(esxi) == "# mine\n"
