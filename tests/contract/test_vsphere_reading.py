# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vCenter does not show, and one that cannot be used: it is told, and the rest goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import site as vsphere

from tests.contract.providers import names, session_of, silent_server
from tests.contract.vcenters import BEFORE_SILENCE, CLONE, HASTY, PREFIX, recorded, remove, survey, target
from tests.lab.vcenter import peer
from tests.lab.webpage import served

# -- what a vCenter does not show -------------------------------------------------------------------------------


def test_properties_that_may_not_be_read_are_not_absence(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    vcenter.rules({"method": "RetrievePropertiesEx", "fault": "missing", "value": CLONE})
    found = survey(vcenter, recorded(CLONE))
    assert found.absent == () and not found.was_read("vsphere-8", "VirtualMachine")
    assert "System.Read" in found.unreadable[0]["error"]


def test_a_session_that_ends_is_begun_again(vcenter: peer.VCenter) -> None:
    vcenter.make({"name": CLONE, "power": "poweredOn"})
    with vsphere.open_site(target(vcenter).connection, HASTY) as site:
        seen = site.look(recorded(CLONE))
        vcenter.end_sessions()
        assert site.remove(seen.remotes, Limits(3.0, 10.0)) == {}
        vcenter.end_sessions()
        assert site.look(recorded(CLONE)).remotes == ()
    assert CLONE not in vcenter.named()


@pytest.mark.parametrize("method", ["CreateContainerView", "RetrievePropertiesEx"])
def test_a_read_that_fails_is_not_absence(vcenter: peer.VCenter, method: str) -> None:
    vcenter.make(CLONE)
    vcenter.rules({"method": method, "fault": "SystemError", "value": "no database"})
    found = survey(vcenter, recorded(CLONE))
    assert (found.decided, found.absent) == ((), ())
    assert "no database" in found.unreadable[0]["error"]


# -- where nobody looked ----------------------------------------------------------------------------------------


def test_a_plan_of_a_server_that_is_not_configured_is_told(vcenter: peer.VCenter) -> None:
    made = vcenter.make("migrated-vm")[0]
    elsewhere = session_of(PREFIX, "vsphere", plans={made["id"]: CLONE}, host="vc.example.invalid")
    (entry,) = survey(vcenter, elsewhere).unreadable
    assert "not looked for" in entry["error"] and "vc.example.invalid" in entry["provider"]
    here = session_of(PREFIX, "vsphere", plans={made["id"]: CLONE}, host="localhost")
    found = survey(vcenter, here)
    assert not found.unreadable and [one.id for one, _made in found.decided] == [made["id"]]


# -- connections ------------------------------------------------------------------------------------------------


def refused(vcenter: peer.VCenter, **entry: Any) -> str:
    """What is said when the vCenter cannot be used; the rest of the run goes on."""
    vcenter.make(CLONE)
    good = target(vcenter, "other")
    done = teardown.remove([target(vcenter, "bad", **entry), good], recorded(CLONE), Limits(3.0, 10.0), False)
    assert names(done.done) == {CLONE}
    assert [one["provider"] for one in done.unreadable] == ["bad"]
    told = str(done.unreadable[0]["error"])
    assert "bad" in told and vcenter.password not in told
    return told


def test_a_wrong_password(vcenter: peer.VCenter) -> None:
    assert "wrong name or password" in refused(vcenter, password="not-this-1")


def test_an_untrusted_certificate(vcenter: peer.VCenter) -> None:
    assert "not trusted" in refused(vcenter, ca_file="")


def test_not_verifying_is_a_choice_that_shows(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    done = remove(vcenter, recorded(CLONE), ca_file="", insecure=True)
    assert names(done.done) == {CLONE} and done.insecure == ["vsphere-8"]


def test_a_wrong_port(vcenter: peer.VCenter) -> None:
    assert "no answer" in refused(vcenter, fqdn="127.0.0.1:1")


def test_a_host_that_answers_something_else(vcenter: peer.VCenter, tmp_path: Path) -> None:
    with served(tmp_path) as page:
        assert "no answer of a vCenter" in refused(vcenter, fqdn=page.address, insecure=True)


def test_a_host_that_never_answers(vcenter: peer.VCenter) -> None:
    with silent_server() as mute:
        assert "no answer of a vCenter" in refused(vcenter, fqdn=mute, patience=BEFORE_SILENCE)


def test_one_vcenter_through_two_entries_is_searched_once(vcenter: peer.VCenter) -> None:
    vcenter.make(CLONE)
    both = [target(vcenter, "vsphere"), target(vcenter, "vsphere-copy-offload")]
    done = teardown.remove(both, recorded(CLONE), Limits(3.0, 10.0), False)
    assert names(done.done) == {CLONE} and not done.remaining
