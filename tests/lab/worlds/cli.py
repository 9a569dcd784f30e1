# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands seed and check of python -m tests.lab."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.lab import controlplane
from tests.lab.vcenter import peer
from tests.lab.worlds import check, seed
from tests.lab.worlds.table import WORLDS


def _lab(name: str) -> controlplane.Lab:
    lab = controlplane.find(name)
    if lab is None:
        raise controlplane.LabError(f"there is no lab {name}: start it with up --name {name}")
    return lab


def _vcenter(name: str) -> peer.VCenter:
    center = peer.find(name)
    if center is None:
        raise controlplane.LabError(f"there is no vCenter {name}: start it with python -m tests.lab.vcenter up")
    return center


def _say(text: str) -> None:
    print(f"worlds: {text}", file=sys.stderr, flush=True)


def _seed(args: argparse.Namespace) -> int:
    try:
        center = _vcenter(args.vcenter) if args.vcenter else None
        seed.seed(
            _lab(args.name),
            args.world,
            args.prefix,
            args.out,
            written=args.suite,
            size=args.size,
            center=center,
            say=_say,
        )
    except (FileExistsError, RuntimeError) as error:
        _say(str(error))
        return 1
    _say(f"the record is {args.out}/resources.json")
    return 0


def _check(args: argparse.Namespace) -> int:
    wrong, summary = check.check(_lab(args.name), args.world, args.expect)
    if not wrong:
        print(summary)
        return 0
    for line in wrong:
        print(line)
    print(f"{len(wrong)} things are wrong")
    return 1


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands."""
    listed = "\n".join(f"  {name:20} {world.text}" for name, world in WORLDS.items())
    one = commands.add_parser(
        "seed",
        help="seed what a session leaves, and bystanders",
        description=f"Worlds:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("world", choices=WORLDS, metavar="WORLD")
    one.add_argument("--prefix", default="auto-ab12", help="default: auto-ab12")
    one.add_argument("--out", type=Path, required=True, help="folder for resources.json and world.json")
    one.add_argument("--suite", choices=("old", "new"), help="which suite writes the record; default: the world's")
    one.add_argument("--size", type=int, default=100, help="objects of world bulk; default: 100")
    one.add_argument("--vcenter", metavar="NAME", help="the vCenter peer that has the base VMs; default: none")
    one.set_defaults(run=_seed)
    two = commands.add_parser("check", help="compare the cluster with what was seeded")
    two.add_argument("world", type=Path, metavar="WORLD.json")
    two.add_argument("--expect", choices=("untouched", "clean"), required=True)
    two.set_defaults(run=_check)
    for command in (one, two):
        command.add_argument("--name", default="default", help="which lab")
