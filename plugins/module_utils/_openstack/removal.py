# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes objects of one project, each as soon as nothing that must go first is left, and waits for all together.

Order (providers.md 3.1): servers, and the snapshots of their volumes; the volumes; ports and images; snapshots of other
volumes. What holds one object holds only what has to wait for it, and that only until it is known to stay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mtv.teardown.plugins.module_utils import _progress, _threads, _times
from ansible_collections.mtv.teardown.plugins.module_utils._cause import Cause
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Clock, Limits
from ansible_collections.mtv.teardown.plugins.module_utils._openstack import causes
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.client import Cloud
from ansible_collections.mtv.teardown.plugins.module_utils._openstack.reading import facts_of
from ansible_collections.mtv.teardown.plugins.module_utils._provider.ownership import Remote

# Requests at one time: what a control plane bears, and what more would not make faster.
_AT_ONCE = 8
# Between two looks: short at first, for most things go at once.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 3.0
# States in which Cinder takes a delete; in others it says 400 (cinder/volume/api.py: delete).
_DELETABLE = frozenset({"available", "error", "error_restoring", "error_extending", "error_managing"})
_FINAL = frozenset({"error_deleting"})


@dataclass(slots=True)
class _Target:
    """One object on its way out. one: with its facts as they were last read; after: ids of what has to be settled
    before; asked: its deletion was accepted, and when; as_asked: its state then; again: when to ask once more after a
    refusal; repeated: it was asked anew after Nova had failed."""

    one: Remote
    after: frozenset[str] = frozenset()
    asked: float = 0.0
    as_asked: tuple[Any, ...] = ()
    again: float = 0.0
    forced: bool = False
    repeated: bool = False
    mark: tuple[Any, ...] = field(default_factory=tuple)

    def learn(self, **facts: Any) -> None:
        self.one = replace(self.one, facts={**self.one.facts, **facts})


class Removal:
    """One use: run()."""

    def __init__(
        self,
        cloud: Cloud,
        targets: Sequence[Remote],
        limits: Limits,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cloud, self._clock, self._sleep = cloud, Clock(limits), sleep
        self._pending = {one.id: _Target(one) for one in targets}
        for target in self._pending.values():
            target.after = frozenset(_before(target.one, [t.one for t in self._pending.values()]))
        self._held: dict[str, Cause] = {}
        self._began = _times.now()

    def run(self) -> Mapping[str, Cause]:
        pause = _FIRST_PAUSE
        with _progress.waiting(self._told), _threads.pool(_AT_ONCE) as pool:
            while self._pending:
                asked = self._ask(pool)
                pause = _FIRST_PAUSE if asked else min(pause * 1.5, _LONGEST_PAUSE)
                if not self._pending:
                    break
                if self._left() < 0:
                    self._give_up()
                    continue
                self._sleep(min(pause, max(0.05, self._left())))
                self._look()
        return self._held

    def _told(self) -> dict[str, Any]:
        pending = [(target.one, self._began if target.asked else "") for target in list(self._pending.values())]
        things = [
            _progress.thing(
                one.kind, one.name, provider=one.provider, uid=one.identity, since=since, held=causes.why(one).text
            )
            for one, since in pending
        ]
        return _progress.wait("to go", things, self._clock)

    def _left(self) -> float:
        """Lack of progress ends it: sooner when all that is left is refused, and nothing on its way out."""
        going = any(target.asked for target in self._pending.values())
        limits = self._clock.limits
        return self._clock.left(None if going else min(limits.stall, limits.settle))

    def _give_up(self) -> None:
        """Of what nothing comes any more. What only waited for it has its turn now, unless all the time is used up."""
        over = self._clock.total_left() < 0
        stays = [i for i, target in self._pending.items() if over or not target.after & self._pending.keys()]
        for ident in stays:
            self._hold(ident, causes.why(self._pending[ident].one))
        self._clock.limits = self._clock.limits.brief()

    def _hold(self, ident: str, cause: Cause) -> None:
        target = self._pending.pop(ident)
        self._held[target.one.identity] = cause
        self._clock.moved()

    def _gone(self, ident: str) -> None:
        del self._pending[ident]
        self._clock.moved()

    # Asking

    def _ask(self, pool: ThreadPoolExecutor) -> bool:
        """Ask for the deletion of all that may go now."""
        now = time.monotonic()
        for ident, target in list(self._pending.items()):
            if target.one.kind == "Port" and target.one.owner in self._held:  # it would lose its network, and live
                target.learn(error=f"it is in use by Server {target.one.owner}, which stays")
                self._hold(ident, causes.why(target.one))
        ready = [ident for ident, target in self._pending.items() if self._may_go(target, now)]
        answers = dict(zip(ready, pool.map(self._delete, ready), strict=True))
        for ident, error in answers.items():
            self._answered(ident, error)
        return bool(ready)

    def _may_go(self, target: _Target, now: float) -> bool:
        if target.asked or now < target.again or target.after & self._pending.keys():
            return False
        return target.one.kind != "Volume" or target.one.facts.get("status", "available") in _DELETABLE

    def _delete(self, ident: str) -> ApiError | None:
        try:
            self._cloud.delete(self._pending[ident].one.kind, ident)
        except ApiError as exc:
            return exc
        return None

    def _answered(self, ident: str, error: ApiError | None) -> None:
        target = self._pending[ident]
        if error is None:
            target.asked, target.as_asked = time.monotonic(), _state(target.one)
            target.learn(asked=True, code=0, error="")
            self._clock.moved()
        elif error.status == 404 and error.reason != "NoService":
            self._gone(ident)
        else:
            target.learn(code=error.status, error=error.reason if error.status else error.msg)
            target.again = time.monotonic() + 1.0
            if _is_final(target.one, error):
                self._hold(ident, causes.why(target.one))

    # Looking

    def _look(self) -> None:
        """What has gone, and what the others are doing now: one list for each kind that is still awaited."""
        kinds = {target.one.kind for target in self._pending.values()}
        if "Volume" in kinds:
            kinds.add("Snapshot")
        listed: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        for kind in sorted(kinds):
            try:
                listed[kind] = self._cloud.listing(kind)
            except ApiError as exc:
                self._unread(kind, exc)
        for ident, target in list(self._pending.items()):
            if target.one.kind in listed:
                self._seen(ident, target, listed[target.one.kind].get(ident), listed.get("Snapshot"))

    def _unread(self, kind: str, error: ApiError) -> None:
        """What cannot be read has not gone. It is asked again for as long as there is patience, unless that is vain."""
        for ident, target in list(self._pending.items()):
            if target.one.kind == kind:
                target.learn(error=error.msg)
                if error.lasting:
                    self._hold(ident, causes.why(target.one))

    def _seen(
        self,
        ident: str,
        target: _Target,
        item: Mapping[str, Any] | None,
        snapshots: Mapping[str, Mapping[str, Any]] | None,
    ) -> None:
        if item is None:
            try:
                item = self._confirmed(target)
            except ApiError as exc:
                target.learn(error=exc.msg)
                return
        if item is None:
            self._gone(ident)
            return
        target.one = replace(target.one, facts={**_answers(target.one), **facts_of(target.one.kind, item)})
        if target.one.kind == "Volume" and snapshots is not None:
            target.learn(snapshots=tuple(self._staying_snapshots(ident, snapshots)))
        mark = tuple(str(target.one.facts.get(name)) for name in ("status", "task_state", "servers", "snapshots"))
        if mark != target.mark:
            if target.mark:
                self._clock.moved()
            target.mark = mark
        if self._stays(target):
            self._hold(ident, causes.why(target.one))

    def _confirmed(self, target: _Target) -> Mapping[str, Any] | None:
        """Not in the list: gone only when the cloud says so of this very id. Nova keeps its bin off the list."""
        item = self._cloud.one(target.one.kind, target.one.id)
        if item is not None and item.get("status") == "SOFT_DELETED" and not target.forced:
            target.forced = True
            try:
                self._cloud.force_delete(target.one.id)
            except ApiError as exc:
                if exc.status != 404:
                    target.learn(error=exc.reason or exc.msg)
        return item

    def _staying_snapshots(self, volume: str, snapshots: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
        """Snapshots of a volume that nobody has asked us to delete, or that we could not."""
        for ident, item in snapshots.items():
            if item.get("volume_id") == volume and ident not in self._pending:
                yield f"{item.get('name') or 'without a name'} ({ident})"

    def _stays(self, target: _Target) -> bool:
        """True when more waiting is of no use."""
        facts = target.one.facts
        if facts.get("status") in _FINAL and (target.asked or target.one.kind in ("Volume", "Snapshot")):
            return True
        if facts.get("status") == "SOFT_DELETED":
            return bool(facts.get("error"))
        if target.one.kind == "Volume" and facts.get("snapshots") and not target.asked:
            return facts.get("code") == 400
        return target.one.kind == "Server" and bool(target.asked) and self._server_stays(target)

    def _server_stays(self, target: _Target) -> bool:
        """Nova says in task_state that it has begun, before it answers; when it fails, it takes that back, and says
        ERROR. Where disable_terminate is set it changes nothing."""
        if causes.is_deleting(target.one):
            target.learn(begun=True)
            return False
        if target.one.facts.get("status") == "ERROR" and _state(target.one) != target.as_asked:
            target.learn(begun=True)  # and failed before anybody looked
        facts = target.one.facts
        if not facts.get("begun"):
            return time.monotonic() > target.asked + self._clock.limits.settle
        if facts.get("status") != "ERROR" or target.repeated:
            return facts.get("status") == "ERROR"
        target.asked, target.repeated = 0.0, True
        return False


def _state(one: Remote) -> tuple[Any, ...]:
    """What Nova changes when it fails."""
    return one.facts.get("status"), one.facts.get("fault")


def _answers(one: Remote) -> dict[str, Any]:
    """The facts that come from what we asked, not from what was read."""
    return {name: one.facts[name] for name in ("asked", "begun", "code", "error") if one.facts.get(name)}


def _is_final(one: Remote, error: ApiError) -> bool:
    """Nobody but a person changes it: no right, locked, protected."""
    if error.status in (401, 403) or error.reason == "NoService":
        return True
    return error.status == 409 and bool(one.facts.get("locked") or "locked" in error.reason)


def _before(one: Remote, targets: Sequence[Remote]) -> Iterable[str]:
    """Ids of what has to go, or to be known to stay, before this."""
    others = [other for other in targets if other is not one]
    if one.kind == "Volume":
        servers = set(one.facts.get("servers") or ()) | {one.owner}
        return {o.id for o in others if o.id in servers or (o.kind == "Snapshot" and o.facts.get("volume") == one.id)}
    if one.kind == "Port":
        return {o.id for o in others if o.id == one.owner}
    if one.kind == "Image":
        return {o.id for o in others if o.kind in ("Server", "Volume")}
    if one.kind == "Snapshot" and one.facts.get("volume") not in {o.id for o in others}:
        # In some storages a volume that was made from a snapshot pins it.
        return {o.id for o in others if o.kind in ("Volume", "Image")}
    return ()
