# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call to a vCenter, with every answer that is none: told, never taken for "nothing there", and the end of
nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import REFUSED
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import site as vsphere
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.client import Patience
from ansible_collections.mtv.teardown.tests.unit.plugins.samples import some
from pyVmomi import vim

from tests.unit.plugins import soap_center
from tests.unit.plugins.soap_center import Center

pytestmark = pytest.mark.slow

CLONE, OTHER = "auto-ab12-rhel8-9fzk", "auto-ab1-rhel8"
SESSION = Session("auto-ab12", records=(Record("vsphere", CLONE),))
HASTY = Patience(tries=2, silence=5.0, pause=0.001)
CALLS = (
    "GET",
    "RetrieveServiceContent",
    "Login",
    "CreateContainerView",
    "RetrievePropertiesEx",
    "ContinueRetrievePropertiesEx",
    "DestroyView",
    "SearchDatastore_Task",
    "Destroy_Task",
    "Logout",
)
# What only tidies up, or is seen to have been done; a session that could not be ended ends by itself.
TIDYING = ("DestroyView", "Destroy_Task", "Logout")
# Where the table below needs no more.
SOME = ("empty", soap_center.CUT, soap_center.WRONG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pki")


@pytest.fixture
def center(folder: Path) -> Iterator[Center]:
    """With a clone of the session and one of others, which lives."""
    with soap_center.serving(folder) as made:
        made.vms = {"vm-1": CLONE, "vm-2": OTHER}
        yield made
        assert made.vms.get("vm-2") == OTHER
        # No session stays open, but where none of all tries to end it comes through.
        assert made.sessions == set() or (made.broken == "Logout" and made.calls["Logout"] > 1)


def target(center: Center, key: str, password: str = soap_center.PASSWORD) -> Target:
    made = Connection("vsphere", key, "127.0.0.1", center.port, soap_center.USER, password, validate_certs=False)
    return Target(made, partial(vsphere.open_site, patience=HASTY))


def remove(*targets: Target) -> Result:
    return teardown.remove(targets, SESSION, Limits(2.0, 5.0), False)


@pytest.mark.parametrize(("call", "how"), some(((call, how) for call in CALLS for how in soap_center.HOW), 3))
def test_an_answer_that_is_none(center: Center, folder: Path, call: str, how: str) -> None:
    center.break_(call, how)
    with soap_center.serving(folder) as good:
        good.vms = {"vm-1": "auto-ab12-good"}
        done = remove(target(center, "bad"), target(good, "good"))
        assert good.vms == {} and good.sessions == set()
    assert [entry["provider"] for entry in done.done if entry["provider"] == "good"] == ["good"]
    told = {entry["provider"] for entry in (*done.unreadable, *done.remaining)}
    gone = [entry for entry in done.done if entry["provider"] == "bad"]
    if call in TIDYING:
        assert told == set() and len(gone) == 1 and not center.vms.get("vm-1")
    else:
        assert told == {"bad"} and done.absent == []
    assert not gone or "vm-1" not in center.vms
    assert "vm-1" in center.vms or call in (*TIDYING, "SearchDatastore_Task")


@pytest.mark.parametrize("how", SOME)
@pytest.mark.parametrize("call", [call for call in CALLS if call != "Login"])
def test_a_call_whose_answer_was_lost_is_repeated(center: Center, call: str, how: str) -> None:
    center.break_(call, how, times=1)
    done = remove(target(center, "vc"))
    assert (len(done.done), done.remaining, done.unreadable) == (1, [], [])
    assert center.sessions == set()


@pytest.mark.parametrize("how", SOME)
def test_a_login_is_sent_once_whatever_comes_back(center: Center, how: str) -> None:
    center.break_("Login", how)
    assert remove(target(center, "vc", password="wrong")).unreadable
    assert center.calls["Login"] == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (vim.fault.InvalidLogin(msg="Cannot complete login"), "wrong name or password"),
        (vim.fault.InvalidLogin(msg="The account is locked."), "the account is locked"),
        (vim.fault.PasswordExpired(msg="expired"), "the password has expired"),
    ],
)
def test_why_a_login_was_refused(center: Center, fault: vim.fault.InvalidLogin, told: str) -> None:
    center.fault = fault
    (entry,) = remove(target(center, "vc")).unreadable
    assert told in entry["error"] and entry["reason"] == REFUSED


def test_no_session_is_begun_again_with_a_password_that_was_refused(center: Center) -> None:
    with vsphere.open_site(target(center, "vc").connection, HASTY) as site:
        center.sessions.clear()
        center.fault = vim.fault.InvalidLogin(msg="no")
        (entry,) = remove_with(site).unreadable
    assert "wrong name or password" in entry["error"] and center.calls["Login"] == 2


def remove_with(site: vsphere.VSphereSite) -> Result:
    """As remove, with a site that is open."""
    return remove(Target(site.connection, lambda _connection: nullcontext(site)))


def test_names_that_xml_forbids_are_read(center: Center) -> None:
    center.vms |= {"vm-3": "a stranger's \x1b[0m", "vm-4": "auto-ab12-\x01x"}
    done = remove(target(center, "vc"))
    assert {entry["id"] for entry in done.done} == {"vm-1", "vm-4"} and done.unreadable == []
    assert "vm-3" in center.vms


def test_a_datastore_that_is_not_accessible_is_not_read(center: Center) -> None:
    center.stores["datastore-2"] = False
    told = remove(target(center, "vc")).unreadable
    assert {entry["kind"] for entry in told} == {"DatastoreFolder", "DatastoreFile"}
    assert "datastore-2: not accessible" in told[0]["error"]


def test_a_vcenter_without_a_datacenter_shows_nothing(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(center, "_all", list)
    (entry,) = remove(target(center, "vc")).unreadable
    assert "no datacenter" in entry["error"]
