# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vCenter from the command line: python -m tests.lab.vcenter up|seed|check|down.

seed makes the clones that a record names, and neighbours of theirs; check looks with a client that is not ours.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.lab import build
from tests.lab.controlplane import LabError
from tests.lab.pki import write_secret
from tests.lab.vcenter import peer


def _say(text: str) -> None:
    print(f"vcenter: {text}", file=sys.stderr, flush=True)


def _running(name: str) -> peer.VCenter:
    found = peer.find(name)
    if found is None:
        raise LabError(f"there is no vCenter {name}: start it with up --name {name}")
    return found


def _clones(record: Path) -> list[str]:
    return [entry["name"] for entry in json.loads(record.read_text(encoding="utf-8")).get("vsphere", [])]


def _neighbours(clones: list[str]) -> list[str]:
    """Names that nearly are the session's."""
    return [*(name.replace("-", "x-", 2).replace("x-", "-", 1) for name in clones), "base-vm"]


def _up(args: argparse.Namespace) -> int:
    center = peer.start(args.name, _say)
    if args.providers:
        args.providers.parent.mkdir(parents=True, exist_ok=True)
        write_secret(args.providers, json.dumps({"vsphere": center.entry()}, indent=2))
        _say(f"to reach it: -e providers_file={args.providers}")
    return 0


def _seed(args: argparse.Namespace) -> int:
    center, clones = _running(args.name), _clones(args.record)
    center.make(*({"name": name, "folder": "mtv", "power": "poweredOn"} for name in clones), *_neighbours(clones))
    _say(f"{len(clones)} clones, {len(_neighbours(clones))} neighbours")
    return 0


def _check(args: argparse.Namespace) -> int:
    center, clones = _running(args.name), _clones(args.record)
    there = {name for name, _power in center.govmomi("list").values()}
    left, lost = sorted(set(clones) & there), sorted(set(_neighbours(clones)) - there)
    for name in left:
        print(f"still there: {name}")
    for name in lost:
        print(f"a neighbour is gone: {name}")
    if not left and not lost and not center.sessions():
        print(f"{len(clones)} clones are gone, {len(_neighbours(clones))} neighbours live, no session is open")
        return 0
    return 1


def _down(args: argparse.Namespace) -> int:
    peer.stop(args.name)
    return 0


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.vcenter", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start it, or say that it runs")
    up.add_argument("--providers", type=Path, help="write a providers file that names it")
    up.set_defaults(run=_up)
    for name, run, text in (("seed", _seed, "make clones"), ("check", _check, "are the clones gone?")):
        command = commands.add_parser(name, help=text)
        command.add_argument("record", type=Path, help="the resources.json that names them")
        command.set_defaults(run=run)
    commands.add_parser("down", help="stop it").set_defaults(run=_down)
    for command in commands.choices.values():
        command.add_argument("--name", default="vcenter", help="which one")
    args = parser.parse_args()
    try:
        return int(args.run(args))
    except (build.BuildError, LabError) as exc:
        _say(str(exc))
        return 1


if __name__ == "__main__":
    sys.exit(main())
