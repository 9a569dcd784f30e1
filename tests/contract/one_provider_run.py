# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One teardown of source providers in a process of its own, that may be killed:
python -m tests.contract.one_provider_run

What it is to do comes pickled by its standard input, see given. It reads and writes in the folder what the modules do.
The last line that it prints is what it has deleted, as JSON.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

from tests.contract.twice import Folder


def given(folder: Path, session: Session, *targets: Target) -> bytes:
    return pickle.dumps((folder, session, targets))


def main() -> None:
    path, session, targets = pickle.load(sys.stdin.buffer)
    folder = Folder(path, *targets)
    deleted = folder.teardown(folder.known(session))
    print(json.dumps({"deleted": sorted(deleted)}))


if __name__ == "__main__":
    main()
