# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a provider of the file the source of a Plan? One server has many names."""

from __future__ import annotations

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._provider import ownership
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._provider.sources import addresses, known_by
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session

NAMES = {"vc.example": {"10.0.0.1", "fd00::1"}, "10.0.0.1": {"10.0.0.1"}, "vc-old.example": {"10.0.0.1"}}


def session(host: str, kind: str = "vsphere", vms: tuple[tuple[str, str], ...] = (("vm-1", "x"),)) -> Session:
    plan = Key("p", "ns", "u1", source="ns/source", vms=vms)
    return Session("auto-ab12", plans=(plan,), providers=(Key("source", "ns", "u2", type=kind, host=host),))


def resolve(host: str) -> frozenset[str]:
    return frozenset(NAMES.get(host, ()))


@pytest.mark.parametrize(
    ("source", "hosts", "planned_at"),
    [
        ("VC.example", ["vc.example"], {"vc.example"}),
        ("vc.example", ["10.0.0.1"], {"10.0.0.1"}),
        ("vc.example", ["10.0.0.1", "vc-old.example"], {"10.0.0.1", "vc-old.example"}),
        ("vc.example", ["vc.example", "vc-old.example"], {"vc.example"}),
        ("vc.example", ["other.example"], set()),
        ("gone.example", ["other.example"], set()),
        ("", ["vc.example", ""], set()),
    ],
)
def test_the_source_of_a_plan_is_met(source: str, hosts: list[str], planned_at: set[str]) -> None:
    known, unmet = known_by(session(source), [Connection("vsphere", host, host) for host in hosts], resolve)
    assert {host for host in hosts if host and ownership.planned(known, host)} == planned_at
    assert [key.host for key in unmet] == ([] if planned_at else [source])


@pytest.mark.parametrize(
    "made", [session("x", "openshift"), session("x", "ova"), session("x", vms=()), session("x", "ovirt")]
)
def test_what_is_not_searched_here_is_not_missed(made: Session) -> None:
    assert known_by(made, [Connection("vsphere", "vc", "vc.example")], resolve) == (made, ())


def test_real_names() -> None:
    assert addresses("localhost") & addresses("127.0.0.1") or addresses("localhost") & addresses("::1")
    assert addresses("no-such-host.invalid") == addresses("a" * 300) == frozenset()
