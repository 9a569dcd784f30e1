# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of VMs on source providers: what a ledger may say of them, and what is done about it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import (
    NOTHING,
    Change,
    Field,
    forbidden_change,
    parse,
    written,
)
from ansible_collections.mtv.teardown.plugins.module_utils._recording.undo_decision import Outcome, judge, subjects

UID = "8d3f1c52-7a64-4f0a-9a55-2f0d7a1c9b30/503e2f1a-5f0c-4bd2-8f7e-6e9e0c0d2a11"
VM = Change(
    id="change-0001",
    kind="VirtualMachine",
    api_version="vsphere",
    namespace=None,
    name="base vm/%2f",
    uid=UID,
    place="vcenter.example.com:443",
    fields=(Field("/power_state", "off", "on"),),
    provider="vsphere",
    ref="vm-12",
)
OBJECT = Change("change-0002", "Thing", "example.com/v1", "ns", "one", UID[:36], fields=(Field("/spec/a", 1, 2),))


HASH = f"sha256:{'0a' * 32}"


def key_of(*fields: Field) -> Change:
    """Of an SSH key on an ESXi host."""
    return replace(VM, kind="AuthorizedKey", api_version="esxi", provider="esxi", fields=fields)


def with_fields(*fields: Field, **more: Any) -> Change:
    return replace(VM, fields=fields, **more)


def test_what_is_written_is_read_again_and_old_ledgers_too() -> None:
    assert parse(written([VM, OBJECT])) == (VM, OBJECT)
    assert "provider" not in json.loads(written([OBJECT]))["changes"][0]


@pytest.mark.parametrize("uid", ["0a1b2c@RegionOne/503e2f1a", "127.0.0.1:443/503e2f1a", "[fd00::1]:443/503e2f1a"])
def test_servers_are_called_in_many_ways(uid: str) -> None:
    assert parse(written([replace(VM, uid=uid)]))[0].uid == uid


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": "hyperv"},
        {"provider": "ovirt"},
        {"namespace": "ns"},
        {"ref": ""},
        {"ref": "../etc"},
        {"uid": "a b c d e f g"},
        {"name": "a\nb"},
        {"provider": 7},
    ],
)
def test_what_no_code_of_ours_has_written(wrong: dict[str, Any]) -> None:
    text = json.dumps({"version": 1, "changes": [{**VM.as_dict(), **wrong}]})
    with pytest.raises(ValueError, match=r"changes\[0\]"):
        parse(text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (VM, ""),
        (with_fields(Field("/change_tracking", False, True), Field("/power_state", "on", "off")), ""),
        (with_fields(Field("/name", "a", "b")), "/name of a VirtualMachine"),
        (with_fields(Field("/metadata/labels/a", "a", "b")), "/metadata/labels/a of a VirtualMachine"),
        (with_fields(Field("/power_state", "suspended", "on")), "never made what the ledger says"),
        (with_fields(Field("/power_state", NOTHING, "on")), "never made what the ledger says"),
        (with_fields(Field("/change_tracking", 0, 1)), "never made what the ledger says"),
        (replace(VM, kind="Folder"), "a Folder of vsphere"),
        (replace(VM, provider="ovirt", kind="Vm"), ""),
        (
            with_fields(Field("/change_tracking", False, True), provider="ovirt", kind="Vm"),
            "/change_tracking of a Vm",
        ),
        (replace(VM, provider="openstack", kind="Server"), ""),
        (key_of(Field("/line", after=HASH)), ""),
        (key_of(Field("/line", "sha256:x", HASH)), "/line of a AuthorizedKey is never made"),
        (key_of(Field("/line", HASH)), "/line of a AuthorizedKey is never made"),
        (key_of(Field("/line", after=HASH.upper())), "/line of a AuthorizedKey is never made"),
        (key_of(Field("/line", after=f"{HASH}0")), "/line of a AuthorizedKey is never made"),
        (key_of(Field("/line", after=7)), "/line of a AuthorizedKey is never made"),
        (key_of(Field("/power_state", "on", "off")), "/power_state of a AuthorizedKey"),
        (key_of(Field("/line", after=HASH), Field("/file", "a", "b")), "/file of a AuthorizedKey"),
        (replace(VM, provider="esxi"), "a VirtualMachine of esxi"),
        (with_fields(Field("/line", after=HASH)), "/line of a VirtualMachine"),
        (OBJECT, ""),
        (replace(OBJECT, kind="Secret"), "a Secret is never changed"),
    ],
)
def test_where_a_ledger_may_lead(change: Change, told: str) -> None:
    assert told in forbidden_change(change)
    assert bool(told) == bool(forbidden_change(change))


def seen(**facts: Any) -> dict[str, Any]:
    return {"metadata": {"uid": UID}, **facts}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (None, Outcome.GONE),
        ({"metadata": {"uid": "another"}, "power_state": "on"}, Outcome.REPLACED),
        (seen(power_state="on"), Outcome.UNDO),
        (seen(power_state="off"), Outcome.BEFORE),
        (seen(power_state="suspended"), Outcome.CHANGED),
        (seen(power_state="ERROR"), Outcome.CHANGED),
        (seen(power_state="powering_up"), Outcome.CHANGED),
        (seen(), Outcome.CHANGED),
    ],
)
def test_what_is_done_about_it(body: Any, outcome: Outcome) -> None:
    (subject,) = subjects([VM])
    judged = judge(subject, body)
    assert judged.outcome is outcome
    assert judged.targets == ({"/power_state": "off"} if outcome is Outcome.UNDO else {})


def test_a_vm_is_one_by_whatever_name_and_address() -> None:
    later = replace(VM, name="renamed", place="10.0.0.1:443", fields=(Field("/power_state", "on", "off"),))
    (subject,) = subjects([VM, later])
    assert judge(subject, seen(power_state="off")).outcome is Outcome.BEFORE
    assert judge(subject, seen(power_state="on")).targets == {"/power_state": "off"}


def test_what_is_never_done_is_never_done_whatever_is_there() -> None:
    (subject,) = subjects([with_fields(Field("/power_state", "suspended", "on"))])
    assert judge(subject, seen(power_state="on")).outcome is Outcome.FORBIDDEN
