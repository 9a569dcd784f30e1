# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab from the command line: python -m tests.lab up|down|env|status|seed|check."""

from __future__ import annotations

import argparse
import shlex
import sys

from tests.lab import build, controlplane


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def _up(args: argparse.Namespace) -> int:
    lab = controlplane.start(
        args.name, port=args.port, crds=args.crds, openshift=args.openshift, operator=args.operator, say=_say
    )
    _say(f"to reach it: export KUBECONFIG={shlex.quote(str(lab.kubeconfig))}")
    return 0


def _down(args: argparse.Namespace) -> int:
    if controlplane.find(args.name) is None:
        _say(f"there is no lab {args.name}")
    controlplane.stop(args.name)
    return 0


def _env(args: argparse.Namespace) -> int:
    lab = controlplane.find(args.name)
    if lab is None:
        _say(f"there is no lab {args.name}: start it with up")
        return 1
    print(f"export KUBECONFIG={shlex.quote(str(lab.kubeconfig))}")
    return 0


def _status(args: argparse.Namespace) -> int:
    labs = [lab for lab in controlplane.all_labs() if args.name in (None, lab.name)]
    wrong = 0
    for lab in labs:
        trouble = controlplane.trouble(lab)
        wrong += bool(trouble)
        print(f"{lab.name}  {lab.url}  {lab.crds} CRDs  {trouble or 'healthy'}")
    if not labs:
        print("no lab")
    return 1 if wrong or not labs else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start a lab, or say that it runs")
    up.add_argument("--port", type=int, help="use this port and the four after it; free ones by default")
    up.add_argument("--crds", choices=("slim", "real"), default="slim", help="default: slim")
    up.add_argument("--openshift", action="store_true", help="serve what an OpenShift serves beside Kubernetes, too")
    up.add_argument("--no-operator", dest="operator", action="store_false", help="a control plane that nobody acts on")
    up.set_defaults(run=_up)
    for name, run, text in (
        ("down", _down, "stop a lab"),
        ("env", _env, "print the line that makes a shell use a lab"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    commands.add_parser("status", help="say which labs there are, and fail if one is not healthy").set_defaults(
        run=_status
    )
    for name, command in commands.choices.items():
        command.add_argument("--name", default=None if name == "status" else "default", help="which lab")
    _add_worlds(commands)
    return parser


def _add_worlds(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add seed and check. Their module imports the Kubernetes client, so only when one of them is asked for."""
    if set(sys.argv[1:2]) & {"up", "down", "env", "status"}:
        return
    from tests.lab.worlds import cli

    cli.register(commands)


def main() -> int:
    """Run one command."""
    args = _parser().parse_args()
    try:
        return int(args.run(args) or 0)
    except (build.BuildError, controlplane.LabError, FileNotFoundError, TimeoutError) as exc:
        _say(str(exc))
        return 1


if __name__ == "__main__":
    sys.exit(main())
