# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what processes tell to the lines that are shown of it."""

from __future__ import annotations

import json
import shlex
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.utils.display import get_text_width
from ansible_collections.mtv.teardown.plugins.plugin_utils import _progress as progress

NOW = 1_800_000_000.0


def at(seconds_ago: float) -> str:
    return datetime.fromtimestamp(NOW - seconds_ago, UTC).isoformat().replace("+00:00", "Z")


def thing(name: str, since: float | None = 45, kind: str = "Secret", **more: Any) -> dict[str, Any]:
    place = {"kind": kind, "namespace": "auto-ab12", "name": name, "provider": "", "uid": f"u-{kind}-{name}"}
    return {**place, "since": "" if since is None else at(since), "held": "example.com/held", **more}


def wait(*things: dict[str, Any], what: str = "to go", **more: Any) -> dict[str, Any]:
    left: dict[str, int] = {}
    for one in things:
        left[one["kind"]] = left.get(one["kind"], 0) + 1
    return {"what": what, "left": left, "things": list(things), "ends": NOW + 135, "latest": NOW + 1700, **more}


def state(*waits: dict[str, Any], asked: Any = None, **more: Any) -> progress.State:
    told = {"module": "mtv.teardown.openshift_resources", "session": "auto-ab12", "on": "https://c", "pid": 1}
    found = progress.state_of(
        json.dumps({**told, "over": False, "waits": list(waits), "asked": asked or {}, **more}).encode()
    )
    assert found is not None
    return found


SLOWEST = "slowest Secret auto-ab12/a, 45 s, held by example.com/held"
PATIENCE = "gives up in 2 min 15 s unless something moves"


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param([state()], [], id="nothing-is-waited-for"),
        pytest.param([state(wait())], [], id="all-have-gone"),
        pytest.param([state(wait(thing("a")))], [f"1 left to go (1 Secret); {SLOWEST}; {PATIENCE}"], id="one"),
        pytest.param(
            [state(wait(thing("b", 3), thing("a"), thing("v", 9, kind="VirtualMachine")))],
            [f"3 left to go (2 Secret, 1 VirtualMachine); {SLOWEST}; {PATIENCE}"],
            id="the-slowest-was-asked-first",
        ),
        pytest.param(
            [state(wait(thing("b", None, held=""), what="to be archived"))],
            [f"1 left to be archived (1 Secret); slowest Secret auto-ab12/b; {PATIENCE}"],
            id="not-asked-yet-and-held-by-nothing-known",
        ),
        pytest.param(
            [state(wait(thing("a"), latest=NOW + 135))],
            [f"1 left to go (1 Secret); {SLOWEST}; gives up in 2 min 15 s"],
            id="whatever-moves",
        ),
        pytest.param(
            [state(wait(thing("a"), ends=0, latest=0))], [f"1 left to go (1 Secret); {SLOWEST}"], id="not-waited-for"
        ),
        pytest.param(
            [state(wait(thing("a"), ends=NOW - 5, latest=NOW - 5))],
            [f"1 left to go (1 Secret); {SLOWEST}; gives up in 0 s"],
            id="overdue",
        ),
        pytest.param(
            [state(wait(thing("x", 50, provider="vc", namespace="", kind="VirtualMachine", held="TaskHangs")))],
            [f"1 left to go (1 VirtualMachine); slowest VirtualMachine x on vc, 50 s, held by TaskHangs; {PATIENCE}"],
            id="on-a-provider",
        ),
        pytest.param(
            [state(*(wait(thing("n", kind=kind, held="x")) for kind in "ABCDEFG"))],
            [f"7 left to go (1 A, 1 B, 1 C, 1 D, 3 more kinds); slowest A auto-ab12/n, 45 s, held by x; {PATIENCE}"],
            id="several-waits-and-many-kinds",
        ),
        pytest.param(
            [state({"what": "look", "number": 2, "lists": 391, "kinds": 248, "namespaces": 3})],
            ["look 2 reads 248 kinds, in 3 namespaces and outside, 391 lists so far"],
            id="a-look",
        ),
        pytest.param(
            [state({"what": "look", "providers": ["a", "b"]})], ["reads 2 source providers"], id="a-look-at-providers"
        ),
        pytest.param(
            [state(wait(thing("a")), {"what": "look", "providers": ["a"]})],
            [f"1 left to go (1 Secret); {SLOWEST}; {PATIENCE}"],
            id="a-wait-tells-more-than-a-look",
        ),
        pytest.param(
            [state(wait(thing("a"))), state(wait(thing("a")), session="auto-xy99", on="https://d")],
            [
                f"auto-ab12 https://c: 1 left to go (1 Secret); {SLOWEST}; {PATIENCE}",
                f"auto-xy99 https://d: 1 left to go (1 Secret); {SLOWEST}; {PATIENCE}",
            ],
            id="two-hosts",
        ),
        pytest.param([state(wait(thing("a")), over=True)], [], id="ended"),
        pytest.param([state(wait(thing("a"))).ended()], [], id="killed"),
    ],
)
def test_lines(states: list[progress.State], shown: list[str]) -> None:
    assert progress.lines(states, NOW) == shown


def test_forty_hosts_are_six_lines() -> None:
    told = progress.lines([state(wait(thing("a")), session=f"auto-{n:04d}") for n in range(40)], NOW)
    assert (len(told), told[-1]) == (6, "and 35 more modules that wait")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (200, f"2 left to go (2 Secret); {SLOWEST}; {PATIENCE}"),
        (110, f"2 left to go (2 Secret); {SLOWEST}; gives up in 2 min 15 s"),
        (99, f"2 left to go; {SLOWEST}; gives up in 2 min 15 s"),
        (95, "2 left to go; slowest Secret auto-ab12/a, 45 s, held by example.com/he…; gives up in 2 min 15 s"),
        (79, "2 left to go; slowest Secret auto-ab12/a, 45 s; gives up in 2 min 15 s"),
        (60, "2 left to go; gives up in 2 min 15 s"),
        (20, "2 left to go; gives…"),
        (1, "…"),
        (0, ""),
        (-1, ""),
    ],
)
def test_a_live_line_fits(width: int, shown: str) -> None:
    assert progress.live([state(wait(thing("a"), thing("b", 4)))], NOW, width) == shown


@pytest.mark.parametrize("name", ["vm-x", "ウェブ" * 9, "e\u0301" * 30, "👩‍👩‍👧" * 9, "\u202eabc"])
def test_a_live_line_is_never_wider_than_the_terminal(name: str) -> None:
    told = [state(wait(thing(name, kind="VirtualMachine", held=name * 4)))]
    for width in range(0, 240, 3):
        assert get_text_width(progress.live(told, NOW, width, get_text_width)) <= width


def test_several_processes_are_one_live_line() -> None:
    others = state(wait(thing("p", 90, kind="Plan", held=""), what="to be archived", ends=NOW + 20), session="auto-x")
    text = progress.live([state(wait(thing("a"))), others], NOW, 200)
    assert text == (
        f"1 left to go (1 Secret), 1 left to be archived (1 Plan); slowest Plan auto-ab12/p, 90 s; {PATIENCE}"
    )


def test_what_would_move_the_cursor_is_not_shown() -> None:
    told = state(wait(thing("a\x1b[2J\nb", held="\r\x07")))
    assert progress.lines([told], NOW)[0].startswith(
        "1 left to go (1 Secret); slowest Secret auto-ab12/a?[2J?b, 45 s, "
    )
    assert all(line.isprintable() for line in [*progress.lines([told], NOW), progress.live([told], NOW, 100)])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"17",
        b"null",
        b'{"waits": 3}',
        b"{",
        b"[" * 100_000,
        '{"waits": "é'.encode("latin-1"),
    ],
)
def test_what_is_none_of_ours(raw: bytes) -> None:
    assert progress.state_of(raw) is None


ODD = [None, True, -1, 1e400, "x", [], {}, [[]], [None], {"a": "b"}, {"a": -3}, {"": 10**30}, "9999-99-99"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("where", ["module", "pid", "asked", "over", "session"])
def test_odd_words(where: str, odd: Any) -> None:
    told = state(wait(thing("a")), **{where: odd})
    progress.lines([told], NOW)
    progress.live([told], NOW, 80)
    progress.last_words([told], ["ansible-playbook"], NOW)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("where", ["what", "left", "things", "ends", "latest", "lists", "providers"])
def test_odd_waits(where: str, odd: Any) -> None:
    told = state({**wait(thing("a")), where: odd}, {"what": "look", where: odd}, {**wait({**thing("a"), where: odd})})
    odd_thing = state(wait({**thing("a"), **dict.fromkeys(("kind", "since", "held", "uid"), odd), "kind": "Secret"}))
    for one in (told, odd_thing):
        progress.lines([one], NOW)
        progress.live([one], NOW, 80)
        progress.last_words([one], [], NOW)


def test_ten_thousand_objects_are_a_matter_of_milliseconds() -> None:
    named = [thing(f"s-{n:05d}", 60 + n / 1000) for n in range(50)]
    many = state({**wait(*named), "left": {"Secret": 9_000, "ConfigMap": 1_000}})
    began = time.perf_counter()
    text = progress.lines([many], NOW)[0]
    assert time.perf_counter() - began < 0.5
    assert text.startswith("10,000 left to go (9,000 Secret, 1,000 ConfigMap); slowest Secret auto-ab12/s-00049, 60 s")


# The last words


COMMAND = ["/usr/bin/ansible-playbook", "mtv.teardown.teardown", "-e", "session_prefix=auto-ab12"]
AGAIN = "  ansible-playbook mtv.teardown.teardown -e session_prefix=auto-ab12"


def asked(*things: dict[str, Any]) -> dict[str, Any]:
    made = wait(*things)
    return {"left": made["left"], "things": made["things"]}


def test_what_was_asked_and_is_not_seen_gone() -> None:
    told = state(
        wait(thing("a"), thing("claim", None)), asked=asked(thing("a"), thing("b", 7, held="")), done="deleted"
    )
    assert progress.last_words([told], COMMAND, NOW) == [
        "Cut off. 2 asked for and not seen done (2 Secret):",
        "  Secret auto-ab12/a, to be deleted, asked 45 s ago, held by example.com/held",
        "  Secret auto-ab12/b, to be deleted, asked 7 s ago",
        "They may go yet, or stay. To go on, and for a verdict, run the same command again:",
        AGAIN,
    ]


def test_of_a_hundred_twenty_are_named() -> None:
    told = state(asked={"left": {"Secret": 90, "Pod": 10}, "things": [thing(f"{n:02d}") for n in range(50)]})
    said = progress.last_words([told], COMMAND, NOW)
    assert said[0] == "Cut off. 100 asked for and not seen done (90 Secret, 10 Pod):"
    assert len(said) == 1 + 20 + 3
    assert said[21] == "  and 80 more (70 Secret, 10 Pod)"


def test_what_a_provider_was_asked_for_and_what_it_was_not() -> None:
    told = state(
        wait(thing("on-its-way", kind="Server"), thing("later", None, kind="Volume")), module="provider_clones"
    )
    said = progress.last_words([told.ended()], COMMAND, NOW)
    assert said[0] == "Cut off. 1 asked for and not seen done (1 Server):"
    assert said[1] == "  Server auto-ab12/on-its-way, to go, asked 45 s ago, held by example.com/held"


def test_a_later_run_of_the_same_module_has_looked_afresh() -> None:
    first = state(asked=asked(thing("a"), thing("b")), over=True, module="migrated_vms")
    second = state(asked=asked(thing("b")), over=True, module="migrated_vms")
    other = state(asked=asked(thing("c")), over=True, module="migrated_vms", session="auto-xy99")
    said = progress.last_words([first, other, second], COMMAND, NOW)
    assert said[0] == "Cut off. 2 asked for and not seen done (2 Secret):"
    assert not any("/a," in line for line in said)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        pytest.param([], [], id="no-module-of-ours"),
        pytest.param(
            [state(asked=asked(thing("a"))), state(module="mtv.teardown.leftovers_info", over=True)], [], id="judged"
        ),
        pytest.param(
            [
                state(asked=asked(thing("a"))),
                state(module="session_info", session=""),
                state(module="mtv.teardown.leftovers_info", over=True),
                state(asked=asked(thing("c")), session="auto-xy99"),
            ],
            [
                "Cut off. 1 asked for and not seen done (1 Secret):",
                "  Secret auto-ab12/c, to go, asked 45 s ago, held by example.com/held",
                "They may go yet, or stay. To go on, and for a verdict, run the same command again:",
                AGAIN,
            ],
            id="another-one-was-judged",
        ),
        pytest.param(
            [state(asked=asked(thing("a"))), state(wait(), module="mtv.teardown.leftovers_info", over=True)],
            [
                "Cut off. 1 asked for and not seen done (1 Secret):",
                "  Secret auto-ab12/a, to go, asked 45 s ago, held by example.com/held",
                "They may go yet, or stay. To go on, and for a verdict, run the same command again:",
                AGAIN,
            ],
            id="interrupted-while-it-judged",
        ),
        pytest.param(
            [state(over=True), state({"what": "look", "providers": ["a"]})],
            ["Cut off. Nothing that was asked to go is known to be left, and there is no verdict. For one:", AGAIN],
            id="nothing-left",
        ),
    ],
)
def test_there_is_not_always_something_to_say(states: list[progress.State], said: list[str]) -> None:
    assert progress.last_words(states, COMMAND, NOW) == said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("x.yml", "x.yml"),
        ("x.yml -e resources_file=/a/b --check", "x.yml -e resources_file=/a/b --check"),
        ("x.yml -e @vars.yml", "x.yml -e @vars.yml"),
        ("x.yml -e password=hunter22", "x.yml -e password=…"),
        ("x.yml -epassword=hunter22", "x.yml -e password=…"),
        ("x.yml --extra-vars=password=hunter22", "x.yml --extra-vars=password=…"),
        ("x.yml --extra-vars password=hunter22 -v", "x.yml --extra-vars password=… -v"),
        ("""x.yml -e '{"password": "hunter22"}'""", "x.yml -e …"),
        ("x.yml -e 'password: hunter22'", "x.yml -e …"),
        ("x.yml -e 'session_prefix=auto-ab12 token=hunter22'", "x.yml -e session_prefix=auto-ab12 token=…"),
        ("x.yml -e -e -e token=hunter22", "x.yml -e … -e token=…"),
        ("x.yml -e 'token=\"hunter22'", "x.yml -e …"),
        ("x.yml -e resources_text=hunter22 -i inv", "x.yml -e resources_text=… -i inv"),
        ("x.yml -e 'resources_file=a hunter22'", "x.yml -e …"),
        ("""x.yml -e 'resources_file="a b"'""", """x.yml -e 'resources_file='"'"'a b'"'"''"""),
        ("'x y.yml' -e", "'x y.yml' -e"),
    ],
)
def test_how_to_go_on(given: str, told: str) -> None:
    said = progress.last_words([state(asked=asked(thing("a")))], ["/bin/ansible-playbook", *shlex.split(given)], NOW)
    assert said[-1] == f"  ansible-playbook {told}"
    assert "hunter22" not in "".join(said)
