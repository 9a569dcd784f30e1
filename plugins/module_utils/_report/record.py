# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a result one that stands for itself: which form it has, what it was made with and from, what each phase
did, and of every object when it was seen, asked to go, and gone. Pure."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _times
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# Those of galaxy.yml.
VERSION = "0.2.0"
REPOSITORY = "https://github.com/mtv-teardown/mtv.teardown"
FORM = 1
SCHEMA = f"{REPOSITORY}/raw/main/extensions/result/result-{FORM}.schema.json"
_WHAT = ("kind", "api_version", "namespace", "name", "uid", "evidence", "rests_on", "test_name", "provider", "place")
# List of the result -> what became of an object in it.
OUTCOMES = {"deleted": "gone", "leftovers": "left", "accepted": "accepted", "kept": "kept", "unseen": "unseen"}
# The phase that found the session; and the one that waits for nothing: what it deleted was only asked to go.
FIRST = "session"
_ASKED_ONLY = ("migrated_vms_asked",)
# As playbooks/teardown.yml has them: what is handed to a module loses its order.
_ORDER = (
    FIRST,
    "migrations",
    "plans",
    "migrated_vms_asked",
    "provider_clones",
    "volume_snapshots",
    "migrated_vms",
    "openshift_resources",
    "namespaces",
    "undo",
)
_COUNTED = ("remaining", "refused", "absent", "unreadable")
_DONE = ("deleted", "canceled", "archived", "undone")
_OPTIONS = ("openshift_only", "quiet_interval", "wait_timeout", "verify_ignore", "data_collector_path")

Entry = Mapping[str, Any]
Phases = Mapping[str, Any]


def of(
    result: Mapping[str, Any], session: Session, options: Mapping[str, Any], ansible: str, began: str
) -> dict[str, Any]:
    """The part of a result that is not the verdict. began: when its look did."""
    phases, known = _ordered(options["phases"]), options["targets"]
    judged = {"times": {"began": began, "ended": _times.now()}, "requests": result["requests"]}
    return {
        "schema": SCHEMA,
        "form": FORM,
        "versions": versions(ansible),
        "inputs": inputs(options, session, result["providers"]),
        "session": session_of(session),
        "phases": phases_of({**phases, "verify": judged}, len(known)),
        "targets": targets_of(result, phases, known),
    }


def _ordered(phases: Phases) -> Phases:
    places = {name: place for place, name in enumerate(_ORDER)}
    return dict(sorted(phases.items(), key=lambda one: (places.get(one[0], len(places)), one[0])))


def versions(ansible: str) -> dict[str, str]:
    """Of all that may change what a run does."""
    return {"collection": VERSION, "ansible": ansible, "python": platform.python_version()}


def inputs(options: Mapping[str, Any], session: Session, providers: Iterable[Entry]) -> dict[str, Any]:
    """What the run was given; of a connection nothing but where it leads."""
    told = {name: options.get(name) for name in _OPTIONS}
    files = {"record": session.source, "providers_file": options.get("providers_file") or ""}
    return {**told, **files, "session_prefix": session.prefix, "providers": [dict(one) for one in providers]}


def session_of(session: Session) -> dict[str, Any]:
    """Who the session is, for people."""
    keys = ("plans", "migrations", "providers", "conversions")
    return {
        "prefix": session.prefix,
        "source": session.source,
        "note": session.note,
        "started": session.started,
        "records": len(session.records),
        "shared_namespaces": list(session.shared_namespaces()),
        **{name: [f"{key.namespace}/{key.name}" for key in getattr(session, name)] for name in keys},
    }


def phases_of(phases: Phases, found: int) -> list[dict[str, Any]]:
    """Each phase with its times, its requests, and how many it had in hand. What was not told is not known. found: by
    the first look."""
    told = [_phase(name, phase) for name, phase in phases.items() if phase]
    return [{**one, "found": found} if one["name"] == FIRST and one["ran"] else one for one in told]


def _phase(name: str, phase: Entry) -> dict[str, Any]:
    times = _times_of(phase)
    began, ended = str(times.get("began") or ""), str(times.get("ended") or "")
    counted = {key: len(phase[key]) for key in _COUNTED if phase.get(key) is not None}
    done = next((len(phase[key]) for key in _DONE if phase.get(key) is not None), None)
    found = None if done is None else done + counted.get("remaining", 0)
    return {
        "name": name,
        "ran": bool(began),
        "began": began,
        "ended": ended,
        "seconds": _seconds(began, ended),
        "requests": phase.get("requests"),
        "found": found,
        "done": done,
        "left": counted.get("remaining"),
        "refused": counted.get("refused"),
        "absent": counted.get("absent"),
        "unreadable": counted.get("unreadable"),
        "stalled": bool(phase.get("stalled")),
    }


def _times_of(phase: Entry) -> Entry:
    times = phase.get("times")
    return times if isinstance(times, Mapping) else {}


def _seconds(began: str, ended: str) -> float | None:
    try:
        return max(0.0, round((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds(), 3))
    except (ValueError, TypeError):
        return None


def targets_of(result: Mapping[str, Any], phases: Phases, known: Iterable[Entry]) -> list[dict[str, Any]]:
    """Every object that the run has or had in hand, with what became of it. known: those of the first look."""
    became = {str(e["uid"]): (outcome, e) for name, outcome in OUTCOMES.items() for e in result[name]}
    first = str(_times_of(phases.get(FIRST) or {}).get("ended") or "")
    steps = [(name, _times_of(phase), _in_hand(name, phase)) for name, phase in phases.items()]
    seen = dict.fromkeys((str(entry["uid"]) for entry in known), first)
    looks = [
        (look["of"] == "providers", str(look["ended"]), {*look["ours"], *look["kept"]}) for look in result["looks"]
    ]
    told = []
    for uid, (outcome, entry) in became.items():
        moments = _moments(uid, steps, seen.get(uid, ""))
        without = (end for there, end, met in looks if there == bool(entry.get("provider")) and uid not in met)
        gone = (moments["gone"] or next(without, "")) if outcome == "gone" else ""
        told.append({**_one(entry, outcome), **moments, "gone": gone})
    return told


def _one(entry: Entry, outcome: str) -> dict[str, Any]:
    told = {key: entry[key] for key in _WHAT if key in entry}
    return {"rests_on": "", **told, "outcome": outcome, "cause": entry.get("cause") or ""}


def _moments(uid: str, steps: Iterable[tuple[str, Entry, Mapping[str, bool]]], seen: str) -> dict[str, str]:
    """C(seen), C(asked), C(gone), each empty where nobody knows it, and C(phase), which had it in hand last."""
    told = {"seen": seen, "asked": "", "gone": "", "phase": ""}
    for name, times, held in steps:
        if uid in held:
            gone = times.get("gone", {}).get(uid) or (times.get("ended", "") if held[uid] else "")
            told = {
                "seen": told["seen"] or times.get("began", ""),
                "asked": told["asked"] or times.get("asked", {}).get(uid, ""),
                "gone": told["gone"] or gone,
                "phase": name,
            }
    return told


def _in_hand(name: str, phase: Entry) -> dict[str, bool]:
    """uid -> whether the phase saw it gone."""
    held = {str(entry["uid"]): False for entry in phase.get("remaining") or ()}
    return {**held, **{str(entry["uid"]): name not in _ASKED_ONLY for entry in phase.get("deleted") or ()}}
