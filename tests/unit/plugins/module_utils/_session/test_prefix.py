# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which prefix may be used, what it matches, and how a record gives one."""

from __future__ import annotations

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import prefix
from hypothesis import given
from hypothesis import strategies as st

CUT = "-source-vsphere-8-0-1-with-a-name-so-long-that-its-head-is-gone"


@pytest.mark.parametrize("usable", ["auto-ab12", "auto-0000", " auto-ab12 "])
def test_usable(usable: str) -> None:
    assert prefix.check(usable) == usable.strip()


NAMES = ["rook-ceph", "cert-manager", "monitoring", "production", "mtv-api-ab12", "auto-ab1", "auto-ab123", "auto-ab-2"]


@pytest.mark.parametrize("name", [*NAMES, "auto-ab12-x", "xauto-ab12"])
def test_another_shape_takes_a_pattern(name: str) -> None:
    with pytest.raises(RecordError, match="session_prefix_pattern"):
        prefix.check(name)
    with pytest.raises(RecordError, match="does not match session_prefix_pattern"):
        prefix.check(name, "nightly-[a-z0-9]{4}")


@pytest.mark.parametrize(
    "pattern", ["nightly-[a-z0-9]{4}", "(nightly|weekly)-.*", "nightly-0a1b", "^nightly-[a-z0-9]{4}$", ".*-0a1b"]
)
def test_a_pattern_of_the_site(pattern: str) -> None:
    assert prefix.check("nightly-0a1b", pattern) == "nightly-0a1b"
    for other in ("xnightly-0a1b", "Nightly-0a1b", "rook-ceph", "nightl-0a1b"):
        with pytest.raises(RecordError):
            prefix.check(other, pattern.replace(".*-0a1b", "nightly-0a1b"))


@pytest.mark.parametrize(
    "pattern",
    [
        *(".*", ".+", ".{12}", "[a-z0-9-]+", "[a-z]+-[a-z0-9]+", "[a-z]{7}-.*", "|nightly-0a1b", "(nightly-0a1b)?"),
        *("kube-.*|nightly-.*", "openshift-mtv|nightly-0a1b", "nightly-0a1b|migration", r"\w+-\w+", "[", "(" * 9000),
    ],
)
def test_patterns_that_allow_too_much_or_are_none(pattern: str) -> None:
    with pytest.raises(RecordError, match="session_prefix_pattern"):
        prefix.check("nightly-0a1b", pattern)


@given(
    st.from_regex(r"[a-z]{3,9}-[a-z0-9]{1,9}", fullmatch=True), st.sampled_from(["kube-system", "default", "system"])
)
def test_no_pattern_gives_a_word_of_the_cluster(name: str, word: str) -> None:
    with pytest.raises(RecordError):
        prefix.check(word, word)
    if prefix.is_protected(name) or name in prefix.PROTECTED_WORDS or len(name) < prefix.MIN_LENGTH:
        return
    assert prefix.check(name, name) == name


@pytest.mark.parametrize(
    "refused",
    [
        *(
            "",
            "   ",
            "a",
            "auto-",
            "auto",
            "*",
            "auto-*",
            "auto-ab1?",
            "[a-z]*",
            "au%to-12",
            "-auto-ab12",
            "auto-ab12-",
        ),
        *("Auto-AB12", "auto_ab12", "auto ab12", "auto/ab12", "a" * 51, "openshift", "openshift-mtv", "kube-system"),
        *("default", "forklift", "kubevirt", "openshift-x", "migration", "konveyor-forklift"),
    ],
)
def test_refused(refused: str) -> None:
    with pytest.raises(RecordError, match="session_prefix"):
        prefix.check(refused)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auto-ab12", True),
        ("auto-ab12-source-vms", True),
        ("auto-ab123", False),
        ("auto-ab123-x", False),
        ("auto-ab1", False),
        ("x-auto-ab12", False),
        ("auto-ab12.x", False),
        ("", False),
    ],
)
def test_matches(name: str, expected: bool) -> None:
    assert prefix.matches("auto-ab12", name) is expected


def test_the_empty_prefix_matches_nothing() -> None:
    assert not prefix.matches("", "")
    assert not prefix.matches("", "anything")


@given(st.from_regex(r"[a-z]{3,5}-[a-z0-9]{4}", fullmatch=True), st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True))
def test_longer_prefixes_are_not_matched(own: str, more: str) -> None:
    assert not prefix.matches(own, own + more)
    assert prefix.matches(own, f"{own}-{more}")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["auto-ab12", "auto-ab12-x", "kept-from-before"], "auto-ab12"),
        (["auto-ab12-x", CUT], "auto-ab12"),
    ],
)
def test_derived(names: list[str], expected: str) -> None:
    assert prefix.derive(names, "f.json") == expected


@pytest.mark.parametrize(
    ("names", "told"), [(["auto-ab12", "auto-cd34-x"], "2 sessions"), (["x"], "give session_prefix"), ([], "no name")]
)
def test_not_derived(names: list[str], told: str) -> None:
    with pytest.raises(RecordError, match=told):
        prefix.derive(names, "f.json")


@pytest.mark.parametrize("names", [[], ["auto-ab12"], ["other", "auto-ab12-x"], [CUT]])
def test_agrees(names: list[str]) -> None:
    prefix.agree("auto-ab12", names, "f.json")


@pytest.mark.parametrize("names", [["auto-cd34-x"], ["other"], ["auto-ab123"], [CUT, "auto-cd34"]])
def test_contradicts(names: list[str]) -> None:
    with pytest.raises(RecordError, match="contradicts"):
        prefix.agree("auto-ab12", names, "f.json")


def test_cut_names_have_63_characters() -> None:
    assert len(CUT) == prefix.CUT_LENGTH
    assert prefix.may_be_cut(CUT)
    assert not prefix.may_be_cut(CUT[1:])
