# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease while a module works: nothing is changed without it, whoever asks; and what the module says then."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.mtv.teardown.plugins.module_utils import _limits
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import lease_store
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import Http
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, StoppedError
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import client as openstack
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt import client as ovirt
from ansible_collections.mtv.teardown.plugins.module_utils._run import holding
from ansible_collections.mtv.teardown.plugins.module_utils._run import module as _module
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import client as vsphere

LEASE = {"namespace": "ci", "name": "mtv-teardown-auto-ab12", "uid": "u1", "holder": "me", "duration": 60}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process of its own."""
    monkeypatch.setattr(_limits, "_interrupted", threading.Event())
    monkeypatch.setattr(_limits, "_stopped", "")
    monkeypatch.setattr(_limits, "_until", _limits._until)
    monkeypatch.setattr(_limits, "_late", "")


def no_request(*_args: Any, **_more: Any) -> Any:
    raise AssertionError("it was sent")


def of_the_cluster(method: str) -> Callable[[], Any]:
    configuration = SimpleNamespace(host="http://h", verify_ssl=True, auth_settings=dict)
    return lambda: Http(configuration, SimpleNamespace(request=no_request), {}).json(method, "/api/v1/x", body={})


def of_a_vcenter() -> Any:
    return vsphere._permitted(no_request)()


def of_an_engine() -> Any:
    engine = object.__new__(ovirt.Engine)
    engine.call = lambda method, *_args, **_more: method(None)  # type: ignore[method-assign]
    return engine._change(no_request)


def of_a_cloud(method: str, path: str) -> Callable[[], Any]:
    adapter = openstack._Counting(SimpleNamespace(count=no_request))  # type: ignore[arg-type]
    return lambda: adapter.send(SimpleNamespace(method=method, url=f"http://cloud{path}"))


WRITES = {
    "delete": of_the_cluster("DELETE"),
    "patch": of_the_cluster("PATCH"),
    "vcenter": of_a_vcenter,
    "engine": of_an_engine,
    "cloud": of_a_cloud("DELETE", "/volumes/1"),
    "bin": of_a_cloud("POST", "/servers/1/action"),
}


@pytest.mark.parametrize("write", WRITES)
def test_no_write_is_sent_without_it(write: str) -> None:
    with pytest.raises(AssertionError, match="it was sent"):
        WRITES[write]()
    _limits.may_change_until(_limits.now() + 60)
    with pytest.raises(AssertionError, match="it was sent"):
        WRITES[write]()
    _limits.may_change_until(_limits.now() - 1)
    with pytest.raises(StoppedError, match="was not renewed in time"):
        WRITES[write]()
    assert _limits.is_interrupted()  # and nobody waits any more


def test_a_question_is_still_asked() -> None:
    _limits.interrupt("lost")
    for method in ("GET", "POST"):
        with pytest.raises(AssertionError, match="it was sent"):
            of_the_cluster(method)()


def test_ctrl_c_alone_stops_no_write() -> None:
    """What a thread has begun it brings to its end; it begins nothing more."""
    _limits.interrupt()
    _limits.before_a_change()


def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], work: Callable[[], Any], renew: Any
) -> dict[str, Any]:
    """What a module with a Lease says in the end. renew: what becomes of each attempt."""
    monkeypatch.setattr(holding.elsewhere, "connect", lambda *_option: SimpleNamespace(patience=_patience()))
    monkeypatch.setattr(holding, "renew", lambda *_args: renew())
    capfd.readouterr()
    spec = {**holding.LEASE_SPEC, **_module.WAIT_SPEC}
    with patch_module_args({"lease": LEASE}), pytest.raises(SystemExit):
        module = _module.Module(argument_spec=spec)
        deleted = Result([{"uid": "1"}])
        _module.run(module, lambda: work() or _module.answer(module, "deleted", lambda _limits: deleted, "auto-a"))
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def _patience() -> Any:
    from ansible_collections.mtv.teardown.plugins.module_utils._cluster.rest import PATIENCE

    return PATIENCE


def test_held_to_the_end(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    told = run(monkeypatch, capfd, lambda: None, _limits.now)
    assert "failed" not in told and told["changed"]


def test_nothing_is_begun_without_it(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def lost() -> float:
        raise lease_store.LostError("this run has lost its Lease: it is gone")

    def silent() -> float:
        raise ApiError("no answer")

    assert "Nothing was asked for" in run(monkeypatch, capfd, no_request, lost)["msg"]
    assert "could not be renewed: no answer" in run(monkeypatch, capfd, no_request, silent)["msg"]


@pytest.mark.parametrize("ends", ["by itself", "by the first write", "in a thread that may begin nothing"])
def test_lost_while_it_works(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], ends: str) -> None:
    renewed: list[float] = []

    def renew() -> float:
        if renewed:
            raise lease_store.LostError("this run has lost its Lease: run 2 has taken it over")
        renewed.append(_limits.now())
        return renewed[0]

    def work() -> None:
        assert _limits._interrupted.wait(30)
        if ends == "by the first write":
            _limits.before_a_change()
        if ends == "in a thread that may begin nothing":
            raise KeyboardInterrupt

    for pause in ("_AGAIN", "_SOON"):
        monkeypatch.setattr(holding, pause, 0.001)
    told = run(monkeypatch, capfd, work, renew)
    assert told["failed"] and "run 2 has taken it over" in told["msg"]
    # What was done before is told.
    assert (told.get("deleted") == [{"uid": "1"}]) is (ends == "by itself")


def test_who_cannot_renew_it_stops_in_time(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    renewed: list[float] = []

    def renew() -> float:
        if renewed:
            raise ApiError("no answer")
        renewed.append(_limits.now() - 60 * holding._SAFE + 0.5)
        return renewed[0]

    def work() -> None:
        assert _limits._interrupted.wait(30)

    for pause in ("_AGAIN", "_SOON"):
        monkeypatch.setattr(holding, pause, 0.001)
    told = run(monkeypatch, capfd, work, renew)["msg"]
    assert "was not renewed in time" in told and "taken it over: no answer" in told


@pytest.mark.parametrize("missing", sorted(holding.NEEDED))
def test_an_option_that_names_none(missing: str) -> None:
    with pytest.raises(Exception, match=f"lease has no {missing}"):
        holding.store_of({**LEASE, missing: None})


def test_a_connection_that_is_none() -> None:
    with pytest.raises(Exception, match="lease: connection cannot be used: hots"):
        holding.store_of({**LEASE, "connection": {"hots": "x"}})
