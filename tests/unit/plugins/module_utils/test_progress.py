# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process writes about its waits, and that no wait depends on it."""

from __future__ import annotations

import importlib
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _progress, _secrets, _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import awaited
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.ledger import Ledger
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, Resource
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import awaited as vms
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._together import together
from ansible_collections.mtv.teardown.plugins.plugin_utils import _progress as lines

SECRET = Resource("", "v1", "secrets", "Secret", True)


def obj(name: str, **more: Any) -> Obj:
    return Obj(SECRET, name, f"u-{name}", "auto-ab12", **more)


@pytest.fixture(autouse=True)
def nobody_has_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_limits, "_interrupted", threading.Event())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(_progress.CHANNEL, str(tmp_path))
    monkeypatch.setattr(_progress, "_PAUSE", 0.01)
    monkeypatch.setattr(_progress, "_LAST_WORD", 120.0)  # the machine may be busy
    return tmp_path


def told(folder: Path) -> dict[str, Any]:
    [file] = folder.glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def waits_until(folder: Path, holds: Any) -> dict[str, Any]:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        if list(folder.glob("*.json")) and holds(told(folder)):
            return told(folder)
        time.sleep(0.01)
    raise AssertionError(told(folder))


def left(*objects: Obj) -> _progress.Tell:
    clock = Clock(Limits())
    return lambda: _progress.wait("to go", awaited.things(objects, Ledger()), clock)


def test_without_the_callback_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_progress.CHANNEL, raising=False)
    before = threading.active_count()

    def never() -> Any:
        raise AssertionError("nobody asks")

    with _progress.channel("plans"), _progress.waiting(never):
        _progress.about(never)
        assert threading.active_count() == before


def test_a_wait_is_told_while_it_lasts(folder: Path) -> None:
    with _progress.channel("mtv.teardown.plans"):
        _progress.about(lambda: awaited.things([obj("a")], Ledger()), session="auto-ab12")
        with _progress.waiting(left(obj("a", finalizers=("example.com/held",), deleting="2026-01-01T10:00:00Z"))):
            now = waits_until(folder, lambda one: one["waits"])
            assert (now["module"], now["session"], now["pid"], now["over"]) == (
                "mtv.teardown.plans",
                "auto-ab12",
                os.getpid(),
                False,
            )
            assert now["waits"][0]["left"] == now["asked"]["left"] == {"Secret": 1}
            assert now["waits"][0]["things"] == [
                {
                    "kind": "Secret",
                    "namespace": "auto-ab12",
                    "name": "a",
                    "provider": "",
                    "uid": "u-a",
                    "since": "2026-01-01T10:00:00Z",
                    "held": "example.com/held",
                }
            ]
            assert 170 < now["waits"][0]["ends"] - time.time() <= 181
            assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    now = told(folder)
    assert (now["over"], now["waits"], now["asked"]["left"]) == (True, [], {"Secret": 1})
    assert len(list(folder.iterdir())) == 1


def test_one_that_is_interrupted_stays_told(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt), _progress.channel("plans"), _progress.waiting(left(obj("a"))):
        _limits.interrupt()
        raise KeyboardInterrupt
    assert (told(folder)["over"], told(folder)["waits"][0]["left"]) == (True, {"Secret": 1})


def test_one_that_fails_does_not(folder: Path) -> None:
    with pytest.raises(LookupError), _progress.channel("plans"), _progress.waiting(left(obj("a"))):
        raise LookupError
    assert (told(folder)["over"], told(folder)["waits"]) == (True, [])


def test_a_look_tells_how_far_it_is(folder: Path) -> None:
    lists = [{"api_version": "v1", "kind": "Secret", "namespace": "of-another-look"}]
    with _progress.channel("plans"):
        with _progress.waiting(_progress.reading(lists)):
            pass
        with _progress.waiting(_progress.reading(lists)):
            lists += [{"api_version": "v1", "kind": kind, "namespace": place} for kind in "ab" for place in ("x", None)]
            now = waits_until(folder, lambda one: one["waits"] and one["waits"][0]["lists"])
    assert now["waits"] == [{"what": "look", "number": 2, "lists": 4, "kinds": 2, "namespaces": 1}]


def test_secrets_are_not_told(folder: Path) -> None:
    _secrets.keep("hunter22")
    with _progress.channel("plans"), _progress.waiting(left(obj("a", finalizers=("x/hunter22",)))):
        waits_until(folder, lambda one: one["waits"])
        raw = next(folder.glob("*.json")).read_text(encoding="utf-8")
    assert "hunter22" not in raw and "x/***" in raw


def test_ten_thousand_are_counted_and_fifty_named(folder: Path) -> None:
    ledger = Ledger()
    many = [obj(f"s-{n:05d}") for n in range(10_000)]
    for number, one in enumerate(many):
        ledger.to_go[one.uid] = one
        ledger.asked[one.uid] = f"2026-01-01T10:00:{59 - number % 60:02d}Z"
        if number % 2:
            ledger.gone[one.uid] = "2026-01-01T10:01:00Z"
    with _progress.channel("plans"):
        _progress.about(lambda: awaited.outstanding(ledger))
        with _progress.waiting(lambda: _progress.wait("to go", awaited.things(many, ledger), Clock(Limits()))):
            now = waits_until(folder, lambda one: one["waits"])
    assert (now["waits"][0]["left"], now["asked"]["left"]) == ({"Secret": 10_000}, {"Secret": 5_000})
    assert [len(now["waits"][0]["things"]), len(now["asked"]["things"])] == [50, 50]
    assert now["waits"][0]["things"][0]["since"] == "2026-01-01T10:00:00Z"
    assert lines.state_of(json.dumps(now).encode()) is not None
    assert next(folder.glob("*.json")).stat().st_size < 100_000


def test_the_folder_goes_away_under_it(folder: Path) -> None:
    with _progress.channel("plans"), _progress.waiting(left(obj("a"))):
        waits_until(folder, lambda one: one["waits"])
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        time.sleep(0.1)
    assert not folder.exists()


@pytest.mark.parametrize("channel", ["", "/nowhere/at/all", "/dev/null", "\u00e9" * 400, "/proc/self/mem"])
def test_a_channel_that_is_none(channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_progress.CHANNEL, channel)
    with _progress.channel("plans"), _progress.waiting(left(obj("a"))):
        pass


@pytest.mark.parametrize("wrong", [OSError(28, "No space left on device"), RuntimeError("changed"), ValueError()])
def test_what_goes_wrong_there_is_no_matter_of_the_module(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    tried = threading.Event()

    def fails(*_args: Any) -> None:
        tried.set()
        raise wrong

    monkeypatch.setattr(_text_file, "replace", fails)
    with _progress.channel("plans"), _progress.waiting(left(obj("a"))):
        assert tried.wait(30)
    assert list(folder.iterdir()) == []


def test_a_disk_that_hangs_holds_up_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, free = threading.Event(), threading.Event()

    def hang(*_args: Any) -> None:
        hangs.set()
        free.wait(60)

    monkeypatch.setattr(_text_file, "replace", hang)
    monkeypatch.setattr(_progress, "_LAST_WORD", 0.1)
    began = time.monotonic()
    with _progress.channel("plans"), _progress.waiting(left(obj("a"))):
        assert hangs.wait(30)
        with _progress.waiting(left(obj("b"))):
            pass
    assert time.monotonic() - began < 30
    free.set()
    assert list(folder.iterdir()) == []


CONDITIONS = [
    {"type": "NamespaceDeletionContentFailure", "status": "False", "message": "All content successfully deleted"},
    {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "example.com/held in 2 resource instances"},
]


@pytest.mark.parametrize(
    ("one", "held"),
    [
        (obj("a"), ""),
        (obj("a", finalizers=("x/y", "z")), "x/y, z"),
        (obj("a", body={"status": {"conditions": CONDITIONS}}), ""),
        (
            Obj(
                Resource("", "v1", "namespaces", "Namespace", False),
                "n",
                "u",
                finalizers=(),
                body={"status": {"conditions": CONDITIONS}},
            ),
            "example.com/held in 2 resource instances",
        ),
        (
            obj(
                "a", body={"status": {"conditions": [{"type": "NoProvider", "category": "Critical", "status": "True"}]}}
            ),
            "condition NoProvider",
        ),
    ],
)
def test_what_holds_it_as_far_as_that_was_read(one: Obj, held: str) -> None:
    assert awaited.things([one], Ledger())[0]["held"] == held


# Modules, through their real main()


def run(name: str, capfd: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    module = importlib.import_module(f"ansible_collections.mtv.teardown.plugins.modules.{name}")
    with patch_module_args({"session_prefix": "auto-ci01", **options}), pytest.raises(SystemExit):
        module.main()
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return {name: value for name, value in found.items() if name != "times"}


@pytest.mark.parametrize("name", ["vsphere_clones", "ovirt_clones", "openstack_clones", "provider_clones"])
def test_a_module_answers_the_same_with_and_without_it(
    name: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("VMWARE_HOST", "OVIRT_URL", "OVIRT_HOSTNAME", "OS_CLOUD", "OS_AUTH_URL"):
        monkeypatch.delenv(variable, raising=False)
    watched = run(name, capfd)
    assert (told(folder)["session"], told(folder)["over"], told(folder)["waits"]) == ("auto-ci01", True, [])
    monkeypatch.setenv(_progress.CHANNEL, "/nowhere/at/all")
    assert run(name, capfd) == watched
    monkeypatch.delenv(_progress.CHANNEL)
    assert run(name, capfd) == watched
    assert len(list(folder.iterdir())) == 1


def test_the_password_of_a_provider_is_not_told(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands: here in what a server says."""

    def remove(*_args: Any, **_more: Any) -> Result:
        things = [_progress.thing("VirtualMachine", "auto-ci01-x", held="login of ci with hunter22 failed")]
        with _progress.waiting(lambda: _progress.wait("to go", things, Clock(Limits()))):
            waits_until(folder, lambda one: one["waits"])
            raw = next(folder.glob("*.json")).read_text(encoding="utf-8")
            assert "auto-ci01-x" in raw and "hunter22" not in raw
        return Result()

    monkeypatch.setattr(teardown, "remove", remove)
    given = {"hostname": "h.example.com", "username": "ci", "password": "hunter22"}
    assert not run("vsphere_clones", capfd, **given).get("failed")
    assert "hunter22" not in next(folder.glob("*.json")).read_text(encoding="utf-8")


def test_what_a_phase_leaves_is_its_last_word(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"kind": "VirtualMachine", "namespace": None, "name": "x", "uid": "u", "provider": "vc", "reason": "locked"}
    entry = {**kept, "api_version": "vsphere", "evidence": "name", "error": "", "cause": "locked"}
    never_asked = {**entry, "uid": "v", "name": "y"}
    result = Result(remaining=[entry, never_asked], done=[{**entry, "uid": "w"}], asked={"u": "2026-01-01T10:00:00Z"})
    monkeypatch.setattr(teardown, "remove", lambda *_args, **_more: result)
    run("vsphere_clones", capfd, hostname="h", username="ci", password="hunter22", fail_on_remaining=False)
    now = told(folder)
    assert (now["done"], now["asked"]["left"], [one["held"] for one in now["asked"]["things"]]) == (
        "deleted",
        {"VirtualMachine": 1},
        ["locked"],
    )


# Ctrl-C


def test_an_interrupt_ends_the_waits_of_all_threads_and_nothing_more_is_begun(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with two vCenters, of which each is waited for by a thread of its own."""
    begun, ended, later, flag = threading.Barrier(3), [], [], _limits._interrupted

    def wait(name: str) -> None:
        clock = Clock(Limits())
        with _progress.waiting(
            lambda: _progress.wait("to go", [_progress.thing("Vm", name, since="2026-01-01")], clock)
        ):
            begun.wait(30)
            while clock.left() > 0:
                time.sleep(0.01)
            ended.append(name)

    def remove(*_args: Any, **_more: Any) -> Result:
        together(wait, ["a", "b"], 2)
        return Result()

    def interrupt() -> None:
        begun.wait(30)
        while not flag.is_set():  # one that comes right before a lock is waited for is not seen in there
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            time.sleep(0.5)

    monkeypatch.setattr(teardown, "remove", remove)
    monkeypatch.setattr(signal, "default_int_handler", signal.getsignal(signal.SIGINT))
    threading.Thread(target=interrupt, daemon=True).start()
    module = importlib.import_module("ansible_collections.mtv.teardown.plugins.modules.vsphere_clones")
    given = {"session_prefix": "auto-ci01", "hostname": "h", "username": "ci", "password": "hunter22"}
    with patch_module_args(given), pytest.raises(KeyboardInterrupt):
        module.main()
    ends = time.monotonic() + 30  # a signal may come while a thread is being made, which is then not joined
    while len(ended) < 2 and time.monotonic() < ends:
        time.sleep(0.01)
    assert sorted(ended) == ["a", "b"]
    with pytest.raises(KeyboardInterrupt):
        together(later.append, ["a"], 1)
    with pytest.raises(KeyboardInterrupt):
        together(later.append, ["a", "b"], 2)
    assert later == []
    said = lines.last_words([lines.state_of(json.dumps(told(folder)).encode()) or lines.State("")], [], time.time())
    assert said[0] == "Cut off. 2 asked for and not seen done (2 Vm):"


def test_a_vm_that_is_put_back(folder: Path) -> None:
    vm = Remote("vsphere", "vsphere-8", "h", "VirtualMachine", "vm-1", "base-rhel8", uid="u1")
    with _progress.channel("undo"):
        with vms.changed(vm, Clock(Limits())) as says:
            waits_until(folder, lambda now: now["waits"])
            says("PowerOffVM_Task running")
            now = waits_until(folder, lambda now: now["waits"][0]["things"][0]["held"])
            since = now["waits"][0]["things"][0]["since"]
            assert since and now["waits"][0]["left"] == {"VirtualMachine": 1}
            state = lines.state_of(json.dumps(now).encode())
            assert state is not None
            [line] = lines.lines([state], time.time())
            assert line.startswith(
                "1 left to be changed (1 VirtualMachine); slowest VirtualMachine base-rhel8 on vsphere-8"
            )
            assert "held by PowerOffVM_Task running; gives up in" in line
            # Of a run that is cut off now it is what nobody has seen done.
            assert "to be changed, asked" in "\n".join(lines.last_words([state], ["ansible-playbook"], time.time()))
        waits_until(folder, lambda now: not now["waits"])
