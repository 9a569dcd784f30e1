# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which finalizers a user names, and what is no such list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError
from ansible_collections.mtv.teardown.plugins.module_utils._session import finalizers

VM = "kubevirt.io/virtualMachineControllerFinalize"
GOOD: list[tuple[Any, dict[str, bool]]] = [
    (None, {}),
    ([], {}),
    ("", {}),
    ([VM], {VM: False}),
    (["foregroundDeletion", "external-attacher/csi-vsphere-vmware-com"], {}),
    ([{"name": "example.com/held", "guarded_is_gone": True}, VM], {"example.com/held": True, VM: False}),
    ([{"name": "example.com/held", "guarded_is_gone": False}], {"example.com/held": False}),
    ([{"name": "example.com/held"}], {"example.com/held": False}),
    (json.dumps([VM, {"name": "a/b", "guarded_is_gone": True}]), {VM: False, "a/b": True}),
    ([f"{'a' * 60}.{'b' * 60}.example.com/{'c' * 63}"], {}),
]
BAD: list[tuple[Any, str]] = [
    (["*"], "remove_finalizers[0]"),
    (["kubevirt.io/*"], "remove_finalizers[0]"),
    ([VM, "example.com/"], "remove_finalizers[1]"),
    (["/held"], "remove_finalizers[0]"),
    ([""], "remove_finalizers[0]"),
    ([" example.com/held"], "remove_finalizers[0]"),
    (["example.com/held\n"], "remove_finalizers[0]"),
    (["a/b/c"], "remove_finalizers[0]"),
    (["EXAMPLE.com/held"], "remove_finalizers[0]"),
    ([f"example.com/{'c' * 64}"], "remove_finalizers[0]"),
    ([None], "remove_finalizers[0]"),
    ([7], "remove_finalizers[0]"),
    ([["example.com/held"]], "remove_finalizers[0]"),
    ([VM, VM], "remove_finalizers[1]"),
    ([VM, {"name": VM, "guarded_is_gone": True}], "remove_finalizers[1]"),
    (["kubernetes"], "namespaces"),
    ([{"name": "kubernetes", "guarded_is_gone": True}], "namespaces"),
    ([{"nam": VM}], "remove_finalizers[0].nam"),
    ([{"name": VM, "gone": True}], "remove_finalizers[0].gone"),
    ([{"guarded_is_gone": True}], "remove_finalizers[0].name"),
    ([{"name": VM, "guarded_is_gone": "yes"}], "remove_finalizers[0].guarded_is_gone"),
    ([{"name": VM, "guarded_is_gone": 1}], "remove_finalizers[0].guarded_is_gone"),
    ([{"name": "*", "guarded_is_gone": True}], "remove_finalizers[0].name"),
    ("all", "not JSON"),
    (VM, "not JSON"),
    ({"name": VM}, "no list"),
    (True, "no list"),
    ("{}", "no list"),
]


@pytest.mark.parametrize(("given", "words"), GOOD)
def test_what_is_such_a_list(given: Any, words: dict[str, bool]) -> None:
    removal = finalizers.of(given)
    assert bool(removal) == bool(given)
    assert not words or dict(removal.words) == words


@pytest.mark.parametrize(("given", "named"), BAD, ids=[str(one)[:50] for one, _named in BAD])
def test_what_is_none_is_named(given: Any, named: str) -> None:
    with pytest.raises(RecordError) as caught:
        finalizers.of(given)
    assert named in caught.value.msg


def test_graces() -> None:
    assert finalizers.of([VM]).grace("VirtualMachine") == 600
    assert finalizers.of([VM]).grace("Secret") == 300
    made = finalizers.of([VM], {"default": 20, "VirtualMachine": 40.5})
    assert [made.grace(kind) for kind in ("Secret", "VirtualMachine", "Pod")] == [20, 40.5, 600]
    assert finalizers.of([VM], '{"Pod": 7}').grace("Pod") == 7


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"Pod": 0}, "finalizer_grace.Pod"),
        ({"Pod": -1}, "finalizer_grace.Pod"),
        ({"Pod": 86401}, "finalizer_grace.Pod"),
        ({"Pod": float("nan")}, "finalizer_grace.Pod"),
        ({"Pod": True}, "finalizer_grace.Pod"),
        ({"Pod": "60"}, "finalizer_grace.Pod"),
        ({"Pod": None}, "finalizer_grace.Pod"),
        ({"*": 60}, "finalizer_grace.*"),
        ({"pods": 60}, "finalizer_grace.pods"),
        ({7: 60}, "finalizer_grace.7"),
        ([60], "no dict"),
        (60, "no dict"),
        ("60s", "not JSON"),
    ],
)
def test_what_is_no_grace_is_named(given: Any, named: str) -> None:
    with pytest.raises(RecordError) as caught:
        finalizers.of([VM], given)
    assert named in caught.value.msg
