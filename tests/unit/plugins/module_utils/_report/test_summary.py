# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads at the end."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._report import summary
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session
from ansible_collections.mtv.teardown.plugins.module_utils._session.resources_file import Record
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import number_of

SESSION = Session(prefix="auto-ab12", source="resources.json")


def entry(kind: str, name: str, uid: str = "", **more: Any) -> dict[str, Any]:
    made = {"kind": kind, "api_version": "v1", "namespace": "auto-ab12", "name": name, "uid": uid or f"uid-{name}"}
    return {**made, "evidence": "namespace", "reason": "", "test_name": "", **more}


def result(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        name: []
        for name in (
            "leftovers",
            "kept",
            "unseen",
            "accepted",
            "refused",
            "unreadable",
            "not_covered",
            "not_done",
            "deleted",
            "absent",
        )
    }
    return {**empty, "verdict": "clean", "scopes": [{}], "sweeps": 2, **more}


def test_already_gone_is_not_what_this_run_deleted() -> None:
    absent = [entry("Secret", "a", "-"), entry("Plan", "old", "-")]
    assert [e["name"] for e in summary.already_gone(absent, [entry("Secret", "a")])] == ["old"]


def test_a_leftover_says_whose_it_is_what_holds_it_and_what_to_do() -> None:
    held = {"finalizers": ["example.com/held"], "deletion_requested": "2026-01-01T00:00:00Z"}
    left = entry(
        "ConfigMap", "x", test_name="test_a", reason="held by finalizer example.com/held", held_by=held, next_step="x"
    )
    text = "\n".join(summary.of_verdict(SESSION, result(verdict="leftovers", leftovers=[left])))
    for part in ("LEFTOVERS: 1", "ConfigMap auto-ab12/x", "made by test_a", "uid uid-x", "example.com/held", "next: "):
        assert part in text


def test_what_was_not_touched_is_told_by_reason() -> None:
    refused = [entry("Plan", "p", reason="only reused"), entry("VM", "v", reason="only reused")]
    lines = summary.of_verdict(SESSION, result(refused=refused))
    assert lines[2:6] == ["not touched:", "  only reused:", "    Plan auto-ab12/p", "    VM auto-ab12/v"]


def test_check_mode_shows_every_target() -> None:
    targets = [entry("Secret", f"s{number}") for number in range(summary.MOST + 20)]
    found = {"targets": targets, "refused": [], "unreadable": [], "provider_types": ["vsphere"], "configured": []}
    lines = summary.of_targets(SESSION, found)
    assert "no vsphere provider is configured, so nobody looks there" in lines
    assert sum(line.startswith("  Secret ") for line in lines) == len(targets)


def test_missing_rights_are_told_by_place_with_what_gives_them() -> None:
    one = {
        "verb": "delete",
        "resource": "pods",
        "namespace": "auto-ab12",
        "provider": "",
        "name": "",
        "remedy": "x.yml",
    }
    missing = [
        one,
        {**one, "resource": "secrets"},
        {**one, "namespace": None, "remedy": ""},
        {**one, "verb": "delete_vm", "provider": "rhv-1", "name": "Default/vm", "remedy": "a role"},
    ]
    assert summary.of_rights({"missing": missing, "unchecked": [{"provider": "vsphere-8", "error": "no answer"}]}) == [
        "missing rights: 4",
        "  in namespace auto-ab12: delete pods, delete secrets; given by x.yml",
        "  in the whole cluster: delete pods; given by no manifest of this collection",
        "  on rhv-1: delete_vm on Default/vm; given by a role",
        "rights that could not be asked for:",
        "  vsphere-8: no answer",
    ]
    assert summary.of_rights({"missing": [], "unchecked": []}) == []


def test_the_headline_says_what_is_missing_for_clean() -> None:
    unread = {"kind": "Secret", "api_version": "v1", "namespace": None, "name": "", "error": "403 Forbidden"}
    text = "\n".join(summary.of_verdict(SESSION, result(verdict="unverified", unreadable=[unread])))
    assert "UNVERIFIED: 1 scope could not be read" in text
    assert "403 Forbidden" in text
    clone = entry("vsphere", "auto-ab12-clone", namespace=None)
    lines = summary.of_verdict(SESSION, result(verdict="unverified", not_covered=[clone]))
    assert lines[1].startswith("UNVERIFIED: 1 entry is on source providers")
    nothing = summary.of_verdict(SESSION, result(verdict="unverified", scopes=[]))
    assert nothing[1] == "UNVERIFIED: no scope was read."
    differ = summary.of_verdict(SESSION, result(verdict="unverified"))
    assert differ[1].startswith("UNVERIFIED: the last two looks at the cluster met different objects")


def test_what_is_handed_over_names_what_is_left_and_quotes_nobody() -> None:
    left = [entry("ConfigMap", f"c{number}", cause="finalizer", reason="said the server") for number in range(60)]
    told = summary.handed_over(SESSION, result(verdict="leftovers", leftovers=left, deleted=[entry("Secret", "s")]))
    assert (told["mtv_teardown_verdict"], told["mtv_teardown_session"]) == ("leftovers", "auto-ab12")
    assert (told["mtv_teardown_counts"]["leftovers"], told["mtv_teardown_counts"]["deleted"]) == (60, 1)
    assert told["mtv_teardown_leftovers"][0] == "ConfigMap auto-ab12/c0: finalizer"
    assert len(told["mtv_teardown_leftovers"]) == summary.MOST and "said the server" not in str(told)


def test_the_title_names_the_cluster() -> None:
    there = {"url": "https://api.example.com:6443", "context": "admin", "kubeconfig": ["config"]}
    title = "session auto-ab12 (resources.json) on https://api.example.com:6443, context admin"
    assert summary.of_verdict(SESSION, result(cluster=there))[0] == title
    assert summary.of_verdict(SESSION, result(cluster={**there, "context": ""}))[0] == title.removesuffix(
        ", context admin"
    )
    found = {"targets": [], "refused": [], "unreadable": [], "provider_types": [], "configured": [], "cluster": there}
    assert summary.of_targets(SESSION, found)[0] == title
    assert summary.of_inputs(SESSION)[0] == "session auto-ab12 (resources.json)"


def test_the_end_names_files_time_run_and_what_was_deleted() -> None:
    deleted = [entry("Secret", "a"), entry("Plan", "p"), entry("Secret", "b")]
    files = {"record": ["resources.json"], "note": ["teardown-auto-ab12.session.json"], "kubeconfig": ["a", "b"]}
    lines = summary.of_verdict(SESSION, result(deleted=deleted, files=files, seconds=23, run_id="build-7"))
    assert lines[-3:] == [
        "deleted by kind: 1 Plan, 2 Secrets",
        "read: resources file resources.json; kubeconfig a, b",
        "took 23 s; run build-7",
    ]
    assert summary.of_verdict(SESSION, result(seconds=1, run_id=""))[-1] == "took 1 s"


TYPO = Session(prefix="auto-typo")
ON_VSPHERE = {
    "kind": "VirtualMachine",
    "api_version": "vsphere",
    "namespace": None,
    "count": 7,
    "provider": "vsphere-8",
}


def nothing(session: Session, **more: Any) -> list[str]:
    return [line for line in summary.of_verdict(session, result(**more)) if line.startswith("nothing of")]


def test_clean_of_which_nothing_was_ever_seen_says_so() -> None:
    (line,) = nothing(TYPO)
    assert line.startswith("nothing of auto-typo was found anywhere: no object, no entry, no provider was searched")
    assert line.endswith("Is the prefix right?")
    (line,) = nothing(TYPO, scopes=[{"kind": "Pod"}, ON_VSPHERE])
    assert "no entry, nothing on vsphere-8; not searched: openstack, ovirt, of which none" in line
    every = [{**ON_VSPHERE, "api_version": kind, "provider": kind} for kind in ("openstack", "ovirt", "vsphere")]
    (line,) = nothing(TYPO, scopes=every)
    assert "nothing on openstack, ovirt, vsphere. Is" in line


@pytest.mark.parametrize("seen", ["leftovers", "accepted", "deleted", "absent", "refused", "not_done"])
def test_where_something_was_seen_nothing_is_said(seen: str) -> None:
    one = entry("Secret", "s", next_step="x", accepted_because="x")
    assert nothing(TYPO, **{seen: [one]}) == []


def test_a_note_or_a_record_is_something_and_what_is_not_clean_says_more() -> None:
    assert nothing(Session(prefix="auto-typo", note="teardown-auto-typo.session.json")) == []
    assert nothing(Session(prefix="auto-typo", records=(Record("Plan", "auto-typo-x"),))) == []
    assert nothing(TYPO, verdict="unverified") == []


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (1, "Secret", "1 Secret"),
        (0, "Secret", "0 Secrets"),
        (2, "PersistentVolumeClaim", "2 PersistentVolumeClaims"),
        (2, "NetworkPolicy", "2 NetworkPolicies"),
        (3, "Ingress", "3 Ingresses"),
        (2, "Gateway", "2 Gateways"),
        (2, "", "2 "),
    ],
)
def test_more_than_one_is_several(number: int, kind: str, said: str) -> None:
    assert number_of(number, kind) == said
