# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenStack for tests from the command line: python -m tests.lab.openstack up|fresh|down|env."""

from __future__ import annotations

import argparse
import shlex
import sys

from tests.lab.build import BuildError
from tests.lab.controlplane import LabError
from tests.lab.openstack import peer


def _say(text: str) -> None:
    print(f"openstack: {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.openstack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("up", "start it, or what of it does not run"),
        ("fresh", "start it as if nothing had ever been made there"),
        ("down", "stop it and forget what is in it"),
        ("env", "print the lines that make a shell use it"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--name", default="openstack", help="which one")
        if name in ("up", "fresh"):
            command.add_argument("--port", type=int, help="use this port and the five after it; free ones by default")
        if name == "env":
            command.add_argument("--user", choices=("ci", "other", "admin"), default="ci", help="default: ci")
    return parser


def _env(args: argparse.Namespace) -> int:
    found = peer.find(args.name)
    if found is None:
        _say(f"there is no OpenStack {args.name}: start it with up")
        return 1
    for key, value in found.environment(args.user).items():
        print(f"export {key}={shlex.quote(value)}")
    return 0


def main() -> int:
    """Run one command."""
    args = _parser().parse_args()
    try:
        if args.command == "env":
            return _env(args)
        if args.command == "down":
            peer.stop(args.name)
        else:
            peer.start(args.name, port=args.port, fresh=args.command == "fresh", say=_say)
    except (BuildError, LabError, TimeoutError) as exc:
        _say(str(exc))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
