# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One teardown in a process of its own, that may be killed:
python -m tests.contract.one_run KUBECONFIG FOLDER PREFIX AT_ONCE (requests) [NAMESPACE].

It reads and writes in the folder what the playbook does: the record, the note and the journal; or, with a namespace,
the latter two in ConfigMaps there, and has no record. The last line that it
prints is its verdict, what is left, and what the journal says of the runs before it, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _text_file
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import client
from ansible_collections.mtv.teardown.plugins.module_utils._run import keeping, load
from ansible_collections.mtv.teardown.plugins.module_utils._session import journal, notes

from tests.contract.clusters import cluster_of
from tests.contract.teardown import teardown


def main(kubeconfig: str, folder: str, prefix: str, at_once: str, namespace: str = "") -> None:
    client.CONNECTIONS = int(at_once)
    this = str(time.time_ns())
    kept = {"namespace": namespace, "run": this, "connection": {"kubeconfig": kubeconfig}} if namespace else None
    options = {"journal_in": kept, "session_prefix": prefix, "data_collector_path": "" if kept else folder}
    session = load.session_of(options)
    place = keeping.place_of(options, session)
    session = place.remember() if place is not None else session

    def keep(note: dict[str, Any]) -> None:
        if place is not None:
            place.keep(note["content"], place.note.version)
        else:
            _text_file.replace(str(Path(folder, note["name"])), json.dumps(note["content"]))

    cluster = cluster_of(Path(kubeconfig))
    beside = journal.announce_to({} if kept else {journal.FOLDER: folder, journal.RUN: this}, prefix, False)
    cluster.ledger.announce = place.announce() if place is not None else beside
    run = teardown(cluster, session, stall=30, namespace_stall=60, keep=keep)
    judged = {name: run.judged[name] for name in ("verdict", "leftovers", "unreadable")}
    earlier = keeping.told_runs(options, session, str(options["data_collector_path"]), this)
    if place is not None:
        place.keep(notes.entry(session, run.verdict))
    print(json.dumps({**judged, "deleted": sorted(run.deleted), "earlier": earlier}))


if __name__ == "__main__":
    main(*sys.argv[1:])
