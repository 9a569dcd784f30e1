# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the lab's operator: python -m tests.lab.operator --kubeconfig FILE [--settings FILE]."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from tests.lab.operator.api import Api
from tests.lab.operator.cdi import Cdi
from tests.lab.operator.conversions import Conversions
from tests.lab.operator.engine import Engine
from tests.lab.operator.forklift import Forklift
from tests.lab.operator.installation import Installation
from tests.lab.operator.kubevirt import KubeVirt
from tests.lab.operator.pods import Pods, add_node
from tests.lab.operator.populator import Populators
from tests.lab.operator.providers import Providers
from tests.lab.operator.settings import Settings, load


async def run(kubeconfig: Path, settings: Settings) -> None:
    """Work until cancelled."""
    async with Api(kubeconfig) as api:
        engine = Engine(api, settings)
        for controller in (Installation, Pods, Cdi, KubeVirt, Populators, Providers, Forklift, Conversions):
            controller(engine)
        await add_node(engine)
        await engine.run(lambda: print("operator: ready", flush=True))


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.operator", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--settings", type=Path, help="JSON or YAML file with delays and the Forklift release")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        asyncio.run(run(args.kubeconfig, load(args.settings)))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
