# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that follow each other in one folder, on one source provider, each with the note of the one before.

Without Ansible, as the modules do it: what is deleted is noted before, and what a look at the end finds after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._provider import teardown as providers
from ansible_collections.mtv.teardown.plugins.module_utils._provider.site import Target
from ansible_collections.mtv.teardown.plugins.module_utils._run import earlier
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes as journal
from ansible_collections.mtv.teardown.plugins.module_utils._session import notes_file
from ansible_collections.mtv.teardown.plugins.module_utils._session.decision import Status
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Session

# What comes first, and whether the record and the cluster's keys are still known to the last of them.
ORDERS = {
    "teardown, teardown": (("teardown", "teardown"), True),
    "verify, teardown": (("verify", "teardown"), True),
    "killed, verify, teardown": (("killed", "verify", "teardown"), True),
    "teardown, teardown by the prefix alone": (("teardown", "teardown"), False),
    "verify, teardown by the prefix alone": (("verify", "teardown"), False),
}
LIMITS = Limits(stall=3.0, total=30.0, settle=1.5)


class Killed(BaseException):
    """What no code catches."""


def check(folder: Path, target: Target, session: Session, again: Callable[[], Any] | None = None) -> None:
    """What a first look calls contested or refused stays, and stays that, in all runs of every order.

    again: makes one more clone that goes, before each order, so that there is something to note; the decisions on what
    is there otherwise are the same without it.
    """
    before = _kept(target, session)
    assert before
    for number, order in enumerate(ORDERS):
        if again is not None:
            again()
        path = folder / str(number)
        path.mkdir()
        deleted = set().union(*Folder(path, target).run(order, session))
        assert not deleted & before.keys(), order
        assert bool(deleted) is (again is not None), order
        assert _kept(target, session) == before, order


def _kept(target: Target, session: Session) -> dict[str, str]:
    """identity -> the decision on it, of what is not to be deleted."""
    found = providers.survey([target], session)
    assert not found.unreadable
    return {one.identity: made.status.name for one, made in found.decided if made.status is not Status.OWNED}


class Folder:
    """path: of the folder; targets: the providers that are configured."""

    def __init__(self, path: Path, *targets: Target) -> None:
        self.path, self.targets = path, targets

    def run(self, order: str, session: Session) -> list[set[str]]:
        """What each of these runs deleted, by identity."""
        steps, knows = ORDERS[order]
        deleted = []
        for number, step in enumerate(steps):
            is_last = number == len(steps) - 1
            alone = Session(session.prefix, started=session.started, pattern=session.pattern)
            fresh = session if knows or not is_last else alone
            deleted.append(getattr(self, step)(self.known(fresh)))
        return deleted

    def known(self, session: Session) -> Session:
        """With what the runs before have noted."""
        file = self.path / journal.file_name(session.prefix)
        text = notes_file.read(str(file))
        return session if text is None else journal.with_journal(session, text, str(file))

    def teardown(self, session: Session) -> set[str]:
        note = partial(notes_file.add, str(self.path), session)
        done = providers.remove(self.targets, session, LIMITS, False, note=note)
        phase = {"deleted": done.done, "remaining": done.remaining}
        self.verify(earlier.with_deleted(session, {"provider_clones": phase}))
        return {str(entry["uid"]) for entry in done.done}

    def killed(self, session: Session) -> set[str]:
        """Cut off when all is noted and nothing is asked yet."""

        def note(items: Sequence[Any]) -> None:
            notes_file.add(str(self.path), session, items)
            raise Killed

        with suppress(Killed):
            providers.remove(self.targets, session, LIMITS, False, note=note)
        return set()

    def verify(self, session: Session) -> set[str]:
        found = providers.survey(self.targets, session)
        left = found.with_status(Status.OWNED, Status.CONTESTED)
        items = [providers.left_item(one, made, found.whys[one.identity]) for one, made in left]
        verdict = "leftovers" if items else "unverified"
        content = journal.after(session, {"verdict": verdict, "leftovers": items})["content"]
        file = self.path / journal.file_name(session.prefix)
        file.write_text(json.dumps(content), encoding="utf-8")
        file.chmod(0o600)
        return set()
