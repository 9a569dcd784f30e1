# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys that a suite puts on ESXi hosts: noted by their fingerprint, told until the suite has taken them away."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    INTENT,
    MADE,
    Change,
    Field,
    forbidden_change,
    parse,
)
from mtv_record import esxi_host
from mtv_record.recorder import Recorder
from mtv_record.wrapper import wrap

BLOB = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))).decode()
KEY = f"ssh-ed25519 {BLOB} somebody@somewhere"
# By ssh-keygen -l of this key.
SHA256 = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"
LOGIN = {"username": "root", "password": "not-to-be-shown"}


class Host:
    """What the suite's functions do on a host, which is asked by nobody here."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.keys: list[str] = []
        self.errors: list[BaseException] = []

    def install_ssh_key_on_esxi(
        self, host: str, username: str, password: str, public_key: str, datastore_name: str
    ) -> str:
        """Install it."""
        assert username and password and datastore_name
        self.asked.append(f"install on {host}")
        self.keys.append(public_key)
        for error in self.errors:
            raise error
        return "installed"

    def remove_ssh_key_from_esxi(self, host: str, username: str, password: str, public_key: str) -> None:
        assert username and password
        self.asked.append(f"remove from {host}")
        self.keys.append(public_key)
        for error in self.errors:
            raise error


class Suite:
    """The module of these functions, and a conftest that has imported them by their names."""

    def __init__(self, recorder: Recorder, host: Host, conftest: ModuleType) -> None:
        self.recorder, self.host, self.conftest = recorder, host, conftest

    def install(self, host: str = "ESX1.example.com", key: str = KEY) -> Any:
        return self.conftest.install_ssh_key_on_esxi(host=host, public_key=key, datastore_name="ds1", **LOGIN)

    def remove(self, host: str = "esx1.example.com", key: str = KEY) -> None:
        self.conftest.remove_ssh_key_from_esxi(host=host, public_key=key, **LOGIN)

    def text(self) -> str:
        assert self.recorder.folder is not None
        return "".join(file.read_text("utf-8") for file in self.recorder.folder.iterdir() if file.is_file())

    def ledger(self) -> tuple[Change, ...]:
        assert self.recorder.folder is not None
        return parse((self.recorder.folder / "resources.undo.json").read_text(encoding="utf-8"))


def unseen(*_asked: Any) -> esxi_host.Seen:
    raise esxi_host.UnseenError("no answer")


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    monkeypatch.setattr(esxi_host, "look", unseen)
    host, modules = Host(), [ModuleType("utilities.esxi"), ModuleType("the_conftest")]
    plain = {name: getattr(host, name) for name in ("install_ssh_key_on_esxi", "remove_ssh_key_from_esxi")}
    for module in modules:
        vars(module).update(plain)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    recorder = Recorder(tmp_path / "x", "run")
    recorder.prefix = "auto-ab12"
    undone = wrap(recorder)
    assert (len(undone), wrap(recorder)) == (4, [])
    yield Suite(recorder, host, modules[1])
    for one in undone:
        one()
    assert all(vars(module)[name] is plain[name] for module in modules for name in plain)


def test_it_is_noted_before_by_its_fingerprint_and_nothing_else_of_it(suite: Suite) -> None:
    suite.host.errors.append(OSError("cut off"))
    with pytest.raises(OSError, match="cut off"):
        suite.install()
    (one,) = suite.ledger()
    assert (one.state, one.name, one.session, one.fields) == (INTENT, "esx1.example.com", "auto-ab12", ())
    assert one.uid == f"esx1.example.com:22/{SHA256}" and one.withheld
    assert BLOB not in suite.text() and "not-to-be-shown" not in suite.text() and "somebody@" not in suite.text()


def test_when_the_suite_has_taken_it_away_it_is_in_the_ledger_no_more(suite: Suite) -> None:
    assert suite.install() == "installed"
    assert suite.install("[fd00::1]".strip("[]")) == "installed"
    assert [(one.state, one.uid.partition("/")[0]) for one in suite.ledger()] == [
        (MADE, "esx1.example.com:22"),
        (MADE, "[fd00::1]:22"),
    ]
    suite.host.errors.append(OSError("cut off"))
    with pytest.raises(OSError, match="cut off"):
        suite.remove()
    assert len(suite.ledger()) == 2
    suite.host.errors.clear()
    suite.remove()
    assert [one.name for one in suite.ledger()] == ["fd00::1"]
    assert suite.host.asked.count("remove from esx1.example.com") == 2
    assert set(suite.host.keys) == {KEY}


def test_one_of_another_session_stays_in_it(suite: Suite) -> None:
    suite.install()
    suite.recorder.prefix = "auto-zz99"
    suite.remove()
    assert [one.session for one in suite.ledger()] == ["auto-ab12"]


@pytest.mark.parametrize("key", ["", "ssh-ed25519", "ssh-ed25519 no-base64!", None])
def test_what_is_no_key_is_told_and_left_to_the_suite(suite: Suite, key: Any) -> None:
    assert suite.install(key=key) == "installed"
    assert len(suite.recorder.troubles) == 1 and "not recorded" in suite.recorder.troubles[0]


def test_nobody_has_looked_and_nothing_leads_there(suite: Suite) -> None:
    suite.install()
    (one,) = suite.ledger()
    (seen,) = undo.look([], {}, [], [one])
    told = undo.unread_item(seen)
    assert seen.unread and not seen.settled
    assert SHA256 in told["error"] and "esx1.example.com" in told["error"] and "vm_change" in told["error"]
    assert undo.pinned([one]) == {}
    forged = replace(one, withheld="", fields=(Field("/authorized_key", "absent", "present"),))
    assert "never changed" in forbidden_change(forged)
    assert undo.look([], {}, [], [forged])[0].unread


# -- a host that could be looked at ---------------------------------------------------------------------------------

HOST = "ab" * 32
LINE = (
    'command="python /vmfs/volumes/ds1/secure-vmkfstools-wrapper.py",no-port-forwarding,no-agent-forwarding,'
    f"no-X11-forwarding {KEY}"
)


class Looks:
    """What the host shows."""

    def __init__(self, file: str = "") -> None:
        self.host, self.file, self.asked = HOST, file, []  # type: ignore[var-annotated]

    def __call__(self, host: str, port: int, login: tuple[str, str] | None = None) -> esxi_host.Seen:
        self.asked.append((host, port, login))
        return esxi_host.Seen(self.host, None if login is None else self.file)


@pytest.fixture
def looks(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> Looks:  # noqa: ARG001 - after it
    made = Looks("# mine\n")
    monkeypatch.setattr(esxi_host, "look", made)
    return made


def test_a_note_has_the_host_and_a_hash_of_the_line(suite: Suite, looks: Looks) -> None:
    suite.install()
    (one,) = suite.ledger()
    hashed = f"sha256:{hashlib.sha256(LINE.encode()).hexdigest()}"
    assert (one.uid, one.place, one.withheld) == (f"{HOST}/{SHA256}", "esx1.example.com:22", "")
    assert one.fields == (Field("/line", after=hashed),) and forbidden_change(one) == ""
    assert looks.asked == [("esx1.example.com", 22, ("root", "not-to-be-shown"))]
    assert undo.pinned([one]) == {"esx1.example.com:22": frozenset({HOST})}
    assert BLOB not in suite.text() and "not-to-be-shown" not in suite.text()


def test_what_is_there_already_is_not_noted(suite: Suite, looks: Looks) -> None:
    looks.file = f"# mine\n{KEY}\n"
    suite.install()
    assert suite.recorder.folder is not None and not list(suite.recorder.folder.glob("*.undo.json"))
    looks.file = f"ssh-ed25519 {BLOB} another comment\n"  # the suite looks for its text, and adds a line
    suite.install()
    assert [one.withheld for one in suite.ledger()] == [""]


def test_a_key_of_two_lines_is_noted_without_its_line(suite: Suite, looks: Looks) -> None:
    suite.install(key=f"{KEY}\n{KEY}")
    assert [(one.uid, bool(one.withheld)) for one in suite.ledger()] == [(f"esx1.example.com:22/{SHA256}", True)]
    suite.install(key=f"{KEY}\n")
    assert suite.ledger()[1].fields == (Field("/line", after=f"sha256:{hashlib.sha256(LINE.encode()).hexdigest()}"),)
    suite.install(key=f"{KEY}\ud800")
    assert [bool(one.withheld) for one in suite.ledger()] == [True, False, True]
    assert len(looks.asked) == 1


@pytest.mark.parametrize(("host", "left"), [(HOST, 0), ("cd" * 32, 1), ("", 1)])
def test_only_the_host_that_it_was_put_on_is_believed(suite: Suite, looks: Looks, host: str, left: int) -> None:
    suite.install()
    looks.host = host
    suite.remove()
    assert len(suite.ledger()) == left
    assert looks.asked[1:] == [("esx1.example.com", 22, None)]


def test_where_nothing_is_noted_nobody_is_asked(suite: Suite, looks: Looks) -> None:
    suite.remove()
    assert looks.asked == []


def test_a_host_that_cannot_be_looked_at_keeps_its_note(suite: Suite, looks: Looks, monkeypatch: Any) -> None:
    suite.install()
    monkeypatch.setattr(esxi_host, "look", unseen)
    suite.remove()
    assert len(suite.ledger()) == 1 and len(looks.asked) == 1
    assert "could not be looked at" in suite.recorder.troubles[0]
