# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is about to be deleted on a source provider is noted first: a run may be cut off at any moment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Seen, Target
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes as journal
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session

PREFIX = "auto-ab12"
UID = "11111111-1111-4111-8111-111111111111"
LEFT = "vc/DatastoreFile/[ds] luns/x.vmdk"


class Killed(BaseException):
    """What no code catches."""


def machine(name: str, **more: Any) -> Remote:
    return Remote("vsphere", "source", "vc.example", "VirtualMachine", name, name, uid=f"uuid-{name}", **more)


class Server:
    """A Site with these VMs; it is cut off as soon as it is asked to remove one."""

    def __init__(self, *remotes: Remote) -> None:
        self.remotes, self.asked, self.server, self.calls = remotes, 0, "vc", 0
        self.connection = Connection("vsphere", "source", "vc.example")

    def look(self, _session: Session) -> Seen:
        return Seen(self.remotes, {"VirtualMachine": len(self.remotes)})

    def remove(self, _targets: Sequence[Remote], _limits: Limits) -> Mapping[str, Cause]:
        self.asked += 1
        raise Killed

    def why(self, _one: Remote) -> Cause:
        return Cause("x", "y", "z")

    @contextmanager
    def opened(self, _connection: Connection) -> Iterator[Server]:
        yield self


def remove(server: Server, folder: Path, check_mode: bool = False) -> None:
    def note(items: Sequence[Mapping[str, Any]]) -> None:
        assert server.asked == 0
        notes_file.add(str(folder), Session(PREFIX), items)

    target = Target(server.connection, server.opened)
    teardown.remove([target], Session(PREFIX), Limits(1, 1), check_mode, note=note)


def noted(folder: Path) -> Session:
    path = folder / journal.file_name(PREFIX)
    assert path.stat().st_mode & 0o777 == 0o600 and list(folder.iterdir()) == [path]
    return journal.with_journal(Session(PREFIX), notes_file.read(str(path)) or "", str(path))


def test_a_run_that_is_cut_off_while_it_deletes_leaves_a_note(tmp_path: Path) -> None:
    clone = machine("auto-ab12-x", leaves=("DatastoreFile/[ds] luns/x.vmdk",))
    others = machine("auto-ab12-y", kept="a disk of somebody", leaves=("DatastoreFile/[ds] luns/y.vmdk",))
    server = Server(clone, others, machine("auto-ab123-z"))
    folder = tmp_path / "not" / "there"
    remove(server, folder, check_mode=True)
    assert not folder.exists()
    with pytest.raises(Killed):
        remove(server, folder)
    found = noted(folder)
    assert set(found.lineage) == {"vc/uuid-auto-ab12-x", LEFT}
    assert found.note.endswith(".session.json (of a run that came to no verdict)")


@pytest.mark.parametrize("verdict", ["leftovers", "unverified"])
def test_a_note_of_a_run_with_a_verdict_says_nothing_more(verdict: str) -> None:
    text = json.dumps(journal.entry(Session(PREFIX), verdict))
    assert journal.with_journal(Session(PREFIX), text, "note").note == "note"


def test_nothing_of_the_session_nothing_noted(tmp_path: Path) -> None:
    remove(Server(machine("auto-ab123-z")), tmp_path)
    assert list(tmp_path.iterdir()) == []


def item(uid: str) -> dict[str, Any]:
    one = {"kind": "Server", "api_version": "openstack", "namespace": None, "name": "auto-ab12-s", "uid": uid}
    return {**one, "evidence": "name", "test_name": "", "provider": "os", "host": "cloud"}


def test_what_a_session_only_changed_is_never_noted_as_its_own() -> None:
    """Or the next run would delete it."""
    changed = {**item("cloud/base"), "evidence": "ledger", "name": "base-rhel8"}
    session = journal.with_items(Session(PREFIX), [item("cloud/a"), changed])
    assert (set(session.lineage), set(session.traces)) == ({"cloud/a"}, {"cloud/a"})
    told = journal.after(Session(PREFIX), {"leftovers": [changed], "verdict": "leftovers"})
    assert "base" not in json.dumps(told["content"])


def test_a_note_keeps_what_other_phases_noted_and_the_keys_of_its_session(tmp_path: Path) -> None:
    session = Session(PREFIX, plans=(Key("auto-ab12-p", "n", UID, "t"),), started="2026-01-01T00:00:00Z")
    notes_file.add(str(tmp_path), session, [item("cloud/a")])
    notes_file.add(str(tmp_path), session, [item("cloud/b")])
    found = noted(tmp_path)
    assert (set(found.lineage), found.plans, found.started) == ({"cloud/a", "cloud/b"}, session.plans, session.started)


def test_of_an_earlier_session_with_that_prefix_only_what_is_on_providers_stays(tmp_path: Path) -> None:
    path = tmp_path / journal.file_name(PREFIX)
    old = Session(PREFIX, plans=(Key("auto-ab12-old", "n", UID),), identities={"namespaces//auto-ab12": UID})
    path.write_text(json.dumps(journal.entry(journal.with_items(old, [item("cloud/old")]), "leftovers")))
    path.chmod(0o600)
    notes_file.add(str(tmp_path), Session(PREFIX), [item("cloud/new")])
    found = noted(tmp_path)
    assert (set(found.lineage), found.plans, found.identities) == ({"cloud/old", "cloud/new"}, (), {})


def test_where_no_note_can_be_nothing_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(machine("auto-ab12-x"))
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=r"cannot be written.*nothing was deleted"):
        remove(server, tmp_path / "file" / "folder")
    path = tmp_path / journal.file_name(PREFIX)
    path.write_text("[]")
    path.chmod(0o666)
    with pytest.raises(RecordError, match="cannot be trusted"):
        remove(server, tmp_path)
    path.write_text(json.dumps(journal.entry(Session(PREFIX))))
    path.chmod(0o600)
    before = path.read_bytes()
    full = SimpleNamespace(**{**vars(os), "replace": _full})
    monkeypatch.setattr(_text_file, "os", full)
    with pytest.raises(RecordError, match="No space left"):
        remove(server, tmp_path)
    assert (server.asked, path.read_bytes()) == (0, before)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file", path]


def _full(_made: str, _path: str) -> None:
    raise OSError(28, "No space left on device")
