# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys that a suite has put on an ESXi host: noted by the plugin for pytest, looked at again, and taken away."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._errors import StoppedError
from ansible_collections.mtv.teardown.plugins.module_utils._esxi import client
from ansible_collections.mtv.teardown.plugins.module_utils._provider import undo
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import HolderTarget
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import NOTHING, Change, Field, parse
from ansible_collections.mtv.teardown.plugins.module_utils._run import providers
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Undone
from ansible_collections.mtv.teardown.tests.unit.plugins import mutations
from mtv_record import esxi as plugin
from mtv_record import esxi_host
from mtv_record.recorder import Recorder
from mtv_record.wrapper import wrap

from tests.contract.ansible_runs import Playbooks, Run
from tests.contract.esxi_hosts import DATASTORE, KEY, OTHER, SUITES, THEIRS, add, hashed, lets_in, put, suites, text
from tests.contract.vm_changes import causes, put_back
from tests.lab.controlplane import CHECKOUT, Lab
from tests.lab.esxi import suite as suite_code
from tests.lab.esxi.peer import PASSWORD, USER, Peer

LOGIN = {"host": "127.0.0.1", "username": USER, "password": PASSWORD, "public_key": KEY.public}


class Suite:
    """The suite's functions on this host, with the plugin around them."""

    def __init__(self, host: Peer, recorder: Recorder, module: ModuleType) -> None:
        self.host, self.recorder, self.module = host, recorder, module

    def install(self, **changes: Any) -> None:
        self.module.install_ssh_key_on_esxi(**{**LOGIN, "datastore_name": DATASTORE, **changes})

    def remove(self) -> None:
        self.module.remove_ssh_key_from_esxi(**LOGIN)

    def ledger(self) -> list[Change]:
        assert self.recorder.folder is not None
        file = self.recorder.folder / "resources.undo.json"
        return list(parse(file.read_text("utf-8"))) if file.exists() else []

    def targets(self, changes: list[Change] | None = None, **login: Any) -> list[HolderTarget]:
        """As modules have them by their options."""
        options = {"providers_file": None, "esxi": {**self.host.login, **login}}
        return providers.holders(self.ledger() if changes is None else changes, options)

    def undo(self, **more: Any) -> Undone:
        return put_back(self.targets(), self.ledger(), **more)

    def looked(self) -> list[str]:
        """What a look that changes nothing tells of each."""
        targets = self.targets()
        with undo.opened(targets) as (sites, failed):
            return [one.judged.outcome.value for one in undo.look(sites, failed, targets, self.ledger())]


@pytest.fixture
def suite(esxi: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    module = ModuleType("utilities.esxi")
    for name in ("install_ssh_key_on_esxi", "remove_ssh_key_from_esxi"):
        setattr(module, name, getattr(suite_code, name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(suite_code, "PORT", esxi.port)
    monkeypatch.setattr(plugin, "PORT", esxi.port)
    recorder = Recorder(tmp_path / "x", "run")
    recorder.prefix = "auto-ab12"
    undone = wrap(recorder)
    put(esxi, THEIRS)
    yield Suite(esxi, recorder, module)
    for one in undone:
        one()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Toward who is silent on purpose."""
    monkeypatch.setattr(client.Patience, "__init__", _briefly(client.Patience.__init__))
    monkeypatch.setattr(esxi_host, "_STEP", 1.0)


def _briefly(plain: Any) -> Any:
    def made(self: Any, **given: Any) -> None:
        plain(self, **{**given, "step": 1.0, "pause": 0.1})

    return made


def errors(done: Undone) -> str:
    """Of the one key of which nobody knows."""
    (told,) = done.result.unreadable
    assert done.settled == [] and done.result.done == done.result.remaining == []
    assert PASSWORD not in json.dumps(done.result.unreadable)
    return str(told["error"])


# -- what is noted --------------------------------------------------------------------------------------------------


def test_a_key_is_noted_by_its_host_and_its_line(suite: Suite) -> None:
    suite.install()
    (one,) = suite.ledger()
    assert (one.uid, one.place) == (f"{suite.host.keys['self'][0]}/{KEY.fingerprint}", suite.host.place)
    assert (one.fields, one.withheld) == ((Field("/line", NOTHING, hashed(SUITES)),), "")
    assert text(suite.host) == f"{THEIRS}{SUITES}\n"
    assert suite.recorder.troubles == []


def test_a_key_that_was_there_before_is_not_noted_and_lives(suite: Suite) -> None:
    add(suite.host, SUITES)
    suite.install()
    assert suite.ledger() == [] and lets_in(suite.host, KEY)


def test_what_the_suite_takes_away_itself_is_struck_but_not_by_the_name_of_another_host(suite: Suite) -> None:
    suite.install()
    suite.host.shown("other")
    suite.remove()
    assert len(suite.ledger()) == 1
    suite.host.shown("self")
    suite.remove()
    assert (suite.ledger(), text(suite.host)) == ([], THEIRS)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["locked", "cut", "silent", "no paramiko"])
def test_a_host_that_could_not_be_looked_at_is_noted_as_before(
    suite: Suite, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "silent":
        suite.host.shown("")
        monkeypatch.setattr(esxi_host, "_ALL", 2.0)
    elif how == "no paramiko":
        monkeypatch.setitem(sys.modules, "paramiko", None)
    else:
        suite.host.faults(**({"locked": True} if how == "locked" else {"cut": "read"}))
    monkeypatch.setattr(suite.module.install_ssh_key_on_esxi, "__wrapped__", None)
    change = plugin._change(
        suite.recorder, {**LOGIN, "datastore_name": DATASTORE, "digest": b"\1" * 32, "fingerprint": KEY.fingerprint}
    )
    assert change is not None and change.withheld and not change.fields
    assert change.uid == f"{suite.host.place}/{KEY.fingerprint}"
    assert len(suite.recorder.troubles) == 1 and PASSWORD not in suite.recorder.troubles[0]


# -- looked at, and taken away --------------------------------------------------------------------------------------


@pytest.mark.parametrize("interactive", [False, True])
def test_its_line_goes_and_every_other_one_stays(suite: Suite, interactive: bool) -> None:
    suite.install()
    suite.host.file.chmod(0o1600)  # ESXi keeps over a boot what has this bit
    suite.host.faults(interactive=interactive)
    assert lets_in(suite.host, KEY) and lets_in(suite.host, OTHER)
    assert suite.looked() == ["to-undo"]
    wrote = suite.host.seen()["writes"]

    predicted = suite.undo(check_mode=True)
    assert (suite.host.seen()["writes"], text(suite.host)) == (wrote, f"{THEIRS}{SUITES}\n")
    announced: list[Any] = []
    done = suite.undo(told=announced)
    assert (done.result.remaining, done.result.unreadable) == ([], [])
    assert done.result.done == predicted.result.done == announced
    assert (predicted.settled, done.settled) == ([], [suite.ledger()[0].id])
    assert (done.before, done.after) == (predicted.before, predicted.after)
    assert (text(suite.host), suite.host.file.stat().st_mode & 0o7777) == (THEIRS, 0o1600)
    assert sorted(one.name for one in suite.host.file.parent.iterdir()) == [suite.host.file.name]
    assert not lets_in(suite.host, KEY) and lets_in(suite.host, OTHER)

    wrote = suite.host.seen()["writes"]
    again = suite.undo()
    assert (again.settled, again.result.done) == (done.settled, [])
    assert (suite.host.seen()["writes"], suite.looked()) == (wrote, ["as-before"])
    assert suite.host.seen()["commands"] == suite.host.seen()["commands"][:2]  # the suite's own


def test_a_file_that_is_not_there_has_no_keys(suite: Suite) -> None:
    suite.install()
    suite.host.file.unlink()
    assert suite.undo().settled == [suite.ledger()[0].id]
    assert not suite.host.file.exists()


@pytest.mark.parametrize(
    "content",
    [
        f"{THEIRS}{SUITES}\n{SUITES}\n",
        f"{THEIRS}{SUITES}\n{KEY.public}\n",
        f"{THEIRS}{suites(KEY.public, 'ds2')}\n",
        f"{THEIRS}{SUITES} \n",
        f"{THEIRS}{SUITES}\r\n",
        f"{THEIRS}no-pty {KEY.public}",
    ],
    ids=["twice", "with another line", "of another datastore", "with a blank", "with another end", "other options"],
)
def test_what_is_not_as_the_session_left_it_stays(suite: Suite, content: str) -> None:
    suite.install()
    put(suite.host, content)
    wrote = suite.host.seen()["writes"]
    predicted, done = suite.undo(check_mode=True), suite.undo()
    assert (causes(done), done.settled, done.result.remaining) == (["changed-since"], [], predicted.result.remaining)
    assert (text(suite.host), suite.host.seen()["writes"]) == (content, wrote)


def test_a_ledger_leads_to_no_other_line(suite: Suite) -> None:
    """Neither to one that the suite does not write, nor to anything that is written."""
    suite.install()
    (one,) = suite.ledger()
    mine = replace(
        one,
        uid=f"{suite.host.keys['self'][0]}/{OTHER.fingerprint}",
        fields=(Field("/line", NOTHING, hashed(OTHER.public)),),
    )
    before = text(suite.host)
    assert causes(put_back(suite.targets([mine]), [mine])) == ["changed-since"]
    forged = replace(one, id=f"{one.id}0", fields=(Field("/line", hashed(OTHER.public), hashed(SUITES)),))
    assert suite.targets([forged]) == []
    assert causes(put_back(suite.targets([one]), [one, forged])) == ["never-undone"]
    assert text(suite.host) == before


# -- who is asked ---------------------------------------------------------------------------------------------------


def test_another_host_at_the_address_is_told_nothing(suite: Suite) -> None:
    suite.install()
    suite.host.shown("other")
    passwords = suite.host.seen()["passwords"]
    told = errors(suite.undo())
    assert "another host now" in told and KEY.fingerprint in told and "vm_change" in told
    assert suite.host.seen()["passwords"] == passwords


def test_a_host_is_known_by_each_of_its_keys(suite: Suite) -> None:
    """Which of them it shows depends on the version of the library."""
    suite.install()
    (one,) = suite.ledger()
    other = replace(one, uid=f"{suite.host.keys['self'][1]}/{KEY.fingerprint}")
    assert put_back(suite.targets([other]), [other]).settled == [one.id]
    assert text(suite.host) == THEIRS


def test_a_note_leads_to_no_host_that_is_not_configured(suite: Suite) -> None:
    suite.install()
    met = suite.host.seen()["connections"]
    changes = [replace(one, place="127.0.0.1:1") for one in suite.ledger()]
    assert suite.targets(changes) == suite.targets(hostname="") == suite.targets(hostname="localhost") == []
    assert "give the log-in of that host" in errors(put_back([], changes))
    assert suite.host.seen()["connections"] == met
    old = [replace(one, uid=f"127.0.0.1:443/{KEY.fingerprint}", withheld="x", fields=()) for one in changes]
    assert suite.targets(old) == []
    assert "give the log-in" not in errors(put_back([], old))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["locked", "hangs up", "wrong", "silent", "unreachable", "no library"])
def test_a_host_that_lets_nobody_in_is_named(suite: Suite, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.install()
    changes, before, login = suite.ledger(), text(suite.host), {}
    if how in ("locked", "hangs up"):
        suite.host.faults(locked=True, hangs_up=how == "hangs up")
    elif how == "wrong":
        login = {"password": "not-the-password"}
    elif how == "silent":
        suite.host.shown("")
    elif how == "unreachable":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            login = {"port": free.getsockname()[1]}
        changes = [replace(one, place=f"127.0.0.1:{login['port']}") for one in changes]
    else:
        monkeypatch.setattr(client, "IMPORT_ERROR", "ImportError: no paramiko")
    passwords = suite.host.seen()["passwords"]
    done = put_back(suite.targets(changes, **login), changes)
    told = errors(done)
    wanted = {"locked": "refused the log-in of root", "wrong": "refused the log-in", "no library": "paramiko"}
    assert wanted.get(how, "ESXi host 127.0.0.1") in told and KEY.fingerprint in told
    assert "not-the-password" not in told
    reasons = dict.fromkeys(("locked", "hangs up", "wrong"), "LoginRefused")
    reasons |= dict.fromkeys(("silent", "unreachable"), "NoAnswer")
    assert done.result.unreadable[0].get("reason") == reasons.get(how)
    assert suite.host.seen()["passwords"] - passwords == (1 if reasons.get(how) == "LoginRefused" else 0)
    assert text(suite.host) == before


def test_preflight_tells_of_a_host_that_cannot_be_reached(suite: Suite) -> None:
    suite.install()
    assert undo.missing_rights(suite.targets(), suite.ledger()) == ([], [])
    suite.host.faults(locked=True)
    missing, (unchecked,) = undo.missing_rights(suite.targets(), suite.ledger())
    assert (missing, unchecked["provider"], unchecked["reason"]) == ([], "esxi (options)", "LoginRefused")


# -- while somebody else is there, and when something breaks ----------------------------------------------------------


def test_what_somebody_adds_between_our_reading_and_our_writing_lives(suite: Suite) -> None:
    suite.install()
    line = "# added meanwhile"
    for reading in (1, 2, 3):
        put(suite.host, f"{THEIRS}{SUITES}\n")
        suite.host.faults(edit=line, edit_after=reading)
        done = suite.undo()
        assert (len(done.result.done), text(suite.host)) == (1, f"{THEIRS}{line}\n"), reading
        assert len(list(suite.host.file.parent.iterdir())) == 1


def test_a_file_that_may_not_be_written(suite: Suite) -> None:
    suite.install()
    suite.host.faults(readonly=True)
    done = suite.undo()
    assert (causes(done), done.settled) == (["forbidden"], [])
    assert (text(suite.host), len(list(suite.host.file.parent.iterdir()))) == (f"{THEIRS}{SUITES}\n", 1)


@pytest.mark.parametrize("odd", ["a link", "a folder", "too large", "not to be read"])
def test_what_is_no_plain_file_is_left_alone(suite: Suite, odd: str) -> None:
    suite.install()
    file = suite.host.file
    changes, content = suite.ledger(), file.read_bytes()
    file.unlink()
    if odd == "a link":
        (file.parent / "elsewhere").write_bytes(content)
        file.symlink_to("elsewhere")
    elif odd == "a folder":
        file.mkdir()
    elif odd == "too large":
        file.write_bytes(content + b"#\n" * client.MOST_BYTES)
    else:
        file.write_bytes(content)
        suite.host.faults(unreadable=True)
    wrote = suite.host.seen()["writes"]
    assert "ESXi host 127.0.0.1" in errors(put_back(suite.targets(), changes))
    assert suite.host.seen()["writes"] == wrote
    if odd == "a folder":
        file.rmdir()


@pytest.mark.parametrize("moment", ["read", "rename", "renamed"])
def test_a_connection_that_breaks_is_no_answer_and_the_file_is_whole(suite: Suite, moment: str) -> None:
    suite.install()
    suite.host.faults(cut=moment)
    done = suite.undo()
    if moment == "read":
        assert "ESXi host 127.0.0.1" in errors(done)
    elif moment == "rename":
        assert (causes(done), done.settled) == (["provider-fails"], [])
    else:
        assert len(done.settled) == 1
    assert text(suite.host) == (THEIRS if moment == "renamed" else f"{THEIRS}{SUITES}\n")
    assert len(list(suite.host.file.parent.iterdir())) == 1
    assert len(suite.undo().settled) == 1 and text(suite.host) == THEIRS


def test_nothing_is_written_once_the_lease_is_lost(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.install()
    wrote = suite.host.seen()["writes"]
    monkeypatch.setattr(_limits, "_stopped", "another run has taken it over")
    with pytest.raises(StoppedError, match="taken it over"):
        suite.undo()
    assert (suite.host.seen()["writes"], text(suite.host)) == (wrote, f"{THEIRS}{SUITES}\n")


# -- a whole run ----------------------------------------------------------------------------------------------------

TESTS = """
import os
import signal

import pytest
from mtv_record import esxi

esxi.PORT = int(os.environ["SUITE_ESXI_PORT"])
from utilities.esxi import install_ssh_key_on_esxi, remove_ssh_key_from_esxi

LOGIN = {"host": "127.0.0.1", "username": "root", "password": os.environ["SUITE_PASSWORD"]}
LOGIN["public_key"] = os.environ["SUITE_KEY"]


@pytest.fixture
def key(mtv_record):
    mtv_record.begin(os.environ["SUITE_SESSION"])
    install_ssh_key_on_esxi(**LOGIN, datastore_name=os.environ["SUITE_DATASTORE"])
    yield
    remove_ssh_key_from_esxi(**LOGIN)


def test_copy_offload(key):
    os.kill(os.getpid(), signal.SIGKILL)
"""


class Killed:
    """A suite that has put its key there, and was killed in its test."""

    def __init__(self, lab: Lab, folder: Path, prefix: str, host: Peer) -> None:
        self.host, self.prefix, self.playbooks = host, prefix, Playbooks(lab, folder)
        (folder / "utilities").mkdir()
        (folder / "utilities" / "esxi.py").write_text(Path(suite_code.__file__).read_text("utf-8"), encoding="utf-8")
        (folder / "test_keys.py").write_text(TESTS, encoding="utf-8")
        self.folder = folder / ".data-collector"
        self.ledger = self.folder / "resources.undo.json"
        put(host, THEIRS)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
            "PYTHONPATH": str(CHECKOUT / "extensions" / "pytest"),
            "SUITE_SESSION": prefix,
            "SUITE_ESXI_PORT": str(host.port),
            "SUITE_PASSWORD": PASSWORD,
            "SUITE_KEY": KEY.public,
            "SUITE_DATASTORE": DATASTORE,
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mtv_record.plugin", "-p", "no:cacheprovider"]
        command += ["-c", os.devnull, "--rootdir", ".", "--mtv-record-path", ".data-collector", "test_keys.py"]
        done = subprocess.run(
            command, cwd=folder, env=environment, text=True, check=False, timeout=300,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stdout
        record = {"Namespace": [{"name": prefix, "namespace": None}]}
        (self.folder / "resources.json").write_text(json.dumps(record), encoding="utf-8")
        reached = {"esxi_host": host.place, "esxi_user": USER, "esxi_password": PASSWORD}
        entry = {"type": "vsphere", "fqdn": "127.0.0.1:1", "username": "me", "password": "vcenter-secret"}
        self.providers = folder / "providers.json"
        self.providers.write_text(json.dumps({"vc": {**entry, "copyoffload": reached}}), encoding="utf-8")

    def run(self, playbook: str, *arguments: str, **more: Any) -> Run:
        given = {"resources_file": str(self.folder / "resources.json"), "providers_file": str(self.providers)}
        done = self.playbooks.run(playbook, *arguments, mtv_teardown_quiet_interval=0, **{**given, **more})
        assert PASSWORD not in done.output
        return done

    def result(self, playbook: str = "teardown") -> dict[str, Any]:
        file = self.folder / f"{playbook}-{self.prefix}.result.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        assert mutations.program().audit(found).findings == []
        assert PASSWORD not in json.dumps(found)
        return found

    def states(self) -> list[str]:
        return [one.state for one in parse(self.ledger.read_text("utf-8"))]


@pytest.fixture
def killed(lab: Lab, tmp_path: Path, prefix: str, esxi: Peer) -> Killed:
    return Killed(lab, tmp_path, prefix, esxi)


def test_a_whole_teardown_takes_the_key_away_and_says_so(killed: Killed) -> None:
    there = f"{THEIRS}{SUITES}\n"
    assert (text(killed.host), lets_in(killed.host, KEY), killed.states()) == (there, True, ["made"])
    predicted = killed.run("teardown", "--check", "--diff")
    assert (predicted.code, text(killed.host), killed.states()) == (0, there, ["made"]), predicted.output
    assert f'-AuthorizedKey 127.0.0.1 /line: "{hashed(SUITES)}"' in predicted.output
    assert len(killed.host.seen()["writes"]) == 2  # the suite's own

    done = killed.run("teardown")
    assert done.code == 0, done.output
    assert (text(killed.host), lets_in(killed.host, KEY), lets_in(killed.host, OTHER)) == (THEIRS, False, True)
    result = killed.result()
    (told,) = result["changes"]
    assert result["verdict"] == "clean" and "CLEAN" in done.output
    assert (told["kind"], told["name"], told["outcome"], told["provider"], bool(told["undone"])) == (
        "AuthorizedKey",
        "127.0.0.1",
        "as-before",
        "vc (ESXi)",
        True,
    )
    assert killed.states() == ["settled"]
    wrote = killed.host.seen()["writes"]
    again = killed.run("teardown")
    assert again.code == 0 and "changed=0" in again.output, again.output
    assert (killed.host.seen()["writes"], text(killed.host)) == (wrote, THEIRS)


def test_a_key_that_stays_and_one_that_nobody_could_look_at_are_told(killed: Killed) -> None:
    there = f"{THEIRS}{SUITES}\n"
    verified = killed.run("verify")
    seen = killed.result("verify")
    assert (verified.code, seen["verdict"]) == (2, "leftovers"), verified.output
    assert [(one["kind"], one["cause"]) for one in seen["leftovers"]] == [("AuthorizedKey", "not-undone")]

    killed.host.faults(locked=True)
    passwords = killed.host.seen()["passwords"]
    done = killed.run("teardown")
    result = killed.result()
    assert (done.code, result["verdict"], text(killed.host)) == (2, "unverified", there), done.output
    (told,) = [one for one in result["unreadable"] if one["kind"] == "AuthorizedKey"]
    assert "refused the log-in of root" in told["error"] and KEY.fingerprint in told["error"]
    assert "ESXi host 127.0.0.1" in done.output
    assert killed.host.seen()["passwords"] == passwords + 1  # what was refused is not sent again
