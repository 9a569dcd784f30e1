# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module for all types of providers through its real main(), on sites that are only here."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import NO_ANSWER, REFUSED, ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Loaded, Seen
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.modules import provider_clones

KINDS = {"vsphere": "VirtualMachine", "ovirt": "Vm", "openstack": "Server"}
LISTS = ("deleted", "absent", "refused", "remaining", "unreadable")


class Site:
    """A provider with a clone of the session and a neighbour's; failing: raised by that call; before: called at the
    beginning of each."""

    def __init__(self, kind: str, **more: Any) -> None:
        self.kind, self.calls, self.server = kind, 0, f"{kind}-id"
        self.remotes = {name: self.remote(name) for name in ("auto-ci01-rhel8-9fzk", "auto-ci010-rhel8")}
        self.failing: dict[str, Exception] = more.get("failing", {})
        self.before: Callable[[str], None] = more.get("before", lambda _call: None)
        self.connection = Connection(kind, kind, "h")
        self.opened = 0

    def remote(self, name: str, **more: Any) -> Remote:
        return Remote(self.kind, self.kind, "h", KINDS[self.kind], id=name, name=name, place=f"/{name}", **more)

    def _call(self, name: str) -> None:
        self.calls += 1
        self.before(name)
        if name in self.failing:
            raise self.failing[name]

    def look(self, _session: Session) -> Seen:
        self._call("look")
        met = tuple(replace(one, provider=self.connection.key) for one in self.remotes.values())
        return Seen(met, dict.fromkeys((KINDS[self.kind], "Snapshot"), len(met)))

    def remove(self, targets: Sequence[Remote], _limits: Limits) -> Mapping[str, Cause]:
        self._call("remove")
        for one in targets:
            del self.remotes[one.name]
        return {}

    def why(self, _one: Remote) -> Cause:
        return Cause("x", "y", "z")

    @contextmanager
    def enter(self, connection: Connection, **_more: Any) -> Iterator[Site]:
        self.connection = connection
        self.opened += 1
        self._call("open")
        yield self


class Worlds:
    """Providers of every type, in a providers file."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.sites = {kind: Site(kind) for kind in KINDS}
        self.loaded: list[str] = []
        self._folder, self._capfd = folder, capfd
        faked = {kind: replace(one, load=self._load(kind)) for kind, one in provider_clones.PROVIDERS.items()}
        monkeypatch.setattr(provider_clones, "PROVIDERS", faked)
        self.record: dict[str, Any] = {kind: [{"name": "auto-ci01-rhel8-9fzk"}] for kind in KINDS}
        entry = {"fqdn": "h", "api_url": "https://h/v3", "username": "u", "password": "hush-hush", "project_name": "p"}
        self.providers: dict[str, Any] = {kind: {"type": kind, **entry} for kind in KINDS}

    def _load(self, kind: str) -> Callable[[], Loaded]:
        def load() -> Loaded:
            self.loaded.append(kind)
            return Loaded(None, object, self.sites[kind].enter)

        return load

    def run(self, **options: Any) -> dict[str, Any]:
        given = {"session_prefix": "auto-ci01", "data_collector_path": str(self._folder), "fail_on_remaining": False}
        for name, content in (("resources", self.record), ("providers", self.providers)):
            file = self._folder / f"{name}.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            given[f"{name}_file"] = str(file)
        with patch_module_args({**given, **options}), pytest.raises(SystemExit):
            provider_clones.main()
        out = self._capfd.readouterr().out
        assert "hush" not in out
        found: dict[str, Any] = json.loads(out)
        return found

    def there(self) -> dict[str, int]:
        """Clones of the session that are left, by type; neighbours always are."""
        assert all("auto-ci010-rhel8" in site.remotes for site in self.sites.values())
        return {kind: len(site.remotes) - 1 for kind, site in self.sites.items()}


@pytest.fixture
def worlds(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Worlds:
    for name in ("VMWARE_HOST", "OVIRT_URL", "OVIRT_HOSTNAME", "OVIRT_INI_PATH", "OS_CLOUD", "OS_AUTH_URL"):
        monkeypatch.delenv(name, raising=False)
    return Worlds(tmp_path, capfd, monkeypatch)


def _types(entries: list[dict[str, Any]]) -> list[str]:
    return sorted(entry["api_version"] for entry in entries)


def test_all_types_in_one_result_as_check_mode_says_and_then_unchanged(worlds: Worlds) -> None:
    checked = worlds.run(_ansible_check_mode=True, keep_note=True)
    assert worlds.there() == {"vsphere": 1, "ovirt": 1, "openstack": 1}
    assert not list(worlds._folder.glob("*teardown*"))
    done = worlds.run(keep_note=True, _ansible_diff=True)
    assert done["changed"] and worlds.there() == {"vsphere": 0, "ovirt": 0, "openstack": 0}
    assert {entry["uid"] for entry in done["deleted"]} == {entry["uid"] for entry in checked["deleted"]}
    assert _types(done["deleted"]) == sorted(KINDS)
    assert done["diff"]["before"].count("\n") == 3 and done["diff"]["after"] == ""
    assert done["requests"] == sum(site.calls for site in worlds.sites.values())
    again = worlds.run(keep_note=True)
    assert not again["changed"] and _types(again["absent"]) == [""] * 3 and not again["deleted"]


def test_the_note_has_what_was_deleted_on_every_type(worlds: Worlds) -> None:
    worlds.run(keep_note=True)
    (note,) = [path for path in worlds._folder.iterdir() if "auto-ci01" in path.name]
    text = note.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"{kind}-id/" not in text] == []


def _broken(kind: str) -> list[tuple[str, str, Exception]]:
    silent, refused = ApiError("silent", reason=NO_ANSWER), ApiError("wrong password", status=401, reason=REFUSED)
    return [(kind, "open", silent), (kind, "open", refused), (kind, "look", silent), (kind, "remove", silent)]


@pytest.mark.parametrize(("kind", "call", "error"), [case for kind in KINDS for case in _broken(kind)])
def test_a_broken_provider_stops_no_other(worlds: Worlds, kind: str, call: str, error: ApiError) -> None:
    worlds.sites[kind].failing[call] = error
    done = worlds.run()
    assert worlds.there() == {one: int(one == kind) for one in KINDS}
    assert _types(done["deleted"]) == sorted(set(KINDS) - {kind})
    if call == "remove":
        assert _types(done["remaining"]) == [kind]
        return
    (told,) = done["unreadable"]
    assert told["provider"] == kind and error.msg in told["error"]
    later = worlds.run(unopened=done["unreadable"])
    assert worlds.sites[kind].opened == (1 if call == "open" else 2)
    assert error.msg in later["unreadable"][0]["error"] and worlds.run()["changed"] is False


def test_a_library_that_is_missing_stops_no_other(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = replace(provider_clones.PROVIDERS["ovirt"], load=lambda: Loaded("no module", object, lambda _c: None))  # type: ignore[arg-type,return-value]
    monkeypatch.setitem(provider_clones.PROVIDERS, "ovirt", lost)
    done = worlds.run()
    assert worlds.there() == {"vsphere": 0, "ovirt": 1, "openstack": 0}
    assert "ovirt-engine-sdk-python" in done["unreadable"][0]["error"]


def test_what_is_slow_on_one_type_holds_up_no_other(worlds: Worlds) -> None:
    """The vCenter answers only once the other two have nothing left."""
    gone = {kind: threading.Event() for kind in ("ovirt", "openstack")}

    def told(kind: str) -> Callable[[str], None]:
        return lambda call: gone[kind].set() if call == "remove" else None

    for kind in gone:
        worlds.sites[kind].before = told(kind)

    def wait(_call: str) -> None:
        for event in gone.values():
            event.wait(20)

    worlds.sites["vsphere"].before = wait
    done = worlds.run()
    assert all(event.is_set() for event in gone.values())
    assert worlds.there() == dict.fromkeys(KINDS, 0) and not done["unreadable"]


def test_a_note_that_cannot_be_written_fails_and_tells_what_others_did(
    worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be written nothing is deleted; elsewhere it was."""
    add = notes_file.add

    def once(folder: str, session: Session, items: list[dict[str, Any]]) -> None:
        if items[0]["api_version"] == "ovirt":
            folder = "/proc/nowhere"
        add(folder, session, items)

    monkeypatch.setattr(notes_file, "add", once)
    done = worlds.run(keep_note=True)
    assert done["failed"] and "cannot be written" in done["msg"]
    assert worlds.there() == {"vsphere": 0, "ovirt": 1, "openstack": 0}
    assert _types(done["deleted"]) == ["openstack", "vsphere"]


def test_a_type_that_the_session_used_and_nobody_configured(worlds: Worlds) -> None:
    """Also beside an entry of no known type, which may be anything."""
    del worlds.providers["ovirt"]
    worlds.providers["odd"] = {"type": "kvm"}
    done = worlds.run(fail_on_remaining=True)
    assert done["failed"] and "no provider of that type is configured" in done["msg"]
    assert sorted(entry["provider"] for entry in done["unreadable"]) == ["odd", "ovirt"]
    assert worlds.loaded == ["openstack", "vsphere"] and worlds.there()["ovirt"] == 1


def test_only_the_types_that_are_wanted(worlds: Worlds) -> None:
    done = worlds.run(types=["ovirt"])
    assert worlds.loaded == ["ovirt"] and _types(done["deleted"]) == ["ovirt"] and done["unreadable"] == []
    assert worlds.there() == {"vsphere": 1, "ovirt": 0, "openstack": 1}
    assert worlds.run(types=[])["deleted"] == []
    assert "kvm" in worlds.run(types=["kvm"])["msg"]


def test_snapshots_of_cinder_stay_and_those_of_forklift_go(worlds: Worlds) -> None:
    """Each is a Snapshot without an owner; those of Cinder come later, for they may hold volumes of clones."""
    for kind in ("vsphere", "openstack"):
        made = replace(worlds.sites[kind].remote("auto-ci01-snap", proof="on a VM of a Plan"), kind="Snapshot")
        worlds.sites[kind].remotes[made.name] = made
    done = worlds.run(forklift_snapshots=True)
    assert [entry["api_version"] for entry in done["deleted"] if entry["kind"] == "Snapshot"] == ["vsphere"]
    assert worlds.there() == {"vsphere": 0, "ovirt": 0, "openstack": 1}


def test_options_instead_of_the_file(worlds: Worlds) -> None:
    """Each type for itself; a wrong one is told, and stops no other."""
    own = {"hostname": "other.example", "username": "u", "password": "hush-hush"}
    done = worlds.run(vsphere=own, ovirt={"url": "https://h", "username": "u"})
    assert {entry["provider"] for entry in done["deleted"]} == {"vsphere (options)", "openstack"}
    assert "password is missing" in done["unreadable"][0]["error"]
    assert "port is 0" in worlds.run(vsphere={**own, "port": 0})["msg"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "libraries"),
    [
        ({"vsphere": {"hostname": "127.0.0.1:1", "username": "u", "password": "p"}}, {"pyVmomi"}),
        ({"ovirt": {"url": "https://127.0.0.1:1", "username": "u", "password": "p"}}, {"ovirtsdk4"}),
        ({}, set()),
    ],
    ids=["vsphere", "ovirt", "none"],
)
def test_only_the_library_of_what_is_configured_is_loaded(options: dict[str, Any], libraries: set[str]) -> None:
    given = {**options, "session_prefix": "auto-ci01", "resources_file": "", "fail_on_remaining": False}
    program = f"""
import sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.modules import provider_clones
with patch_module_args({given!r}):
    try:
        provider_clones.main()
    except SystemExit:
        libraries = ("pyVmomi", "ovirtsdk4", "openstack", "kubernetes")
        print([name for name in libraries if name in sys.modules], file=sys.stderr)
"""
    unset = {"VMWARE_HOST", "OVIRT_URL", "OVIRT_HOSTNAME", "OVIRT_INI_PATH", "OS_CLOUD", "OS_AUTH_URL"}
    clean = {name: value for name, value in os.environ.items() if name not in unset}
    ran = subprocess.run([sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(ran.stderr.strip().splitlines()[-1])) == libraries
