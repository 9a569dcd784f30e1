# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what plays make, before and as it is made."""

from __future__ import annotations

DOCUMENTATION = r"""
name: recorder
type: notification
short_description: Record what plays make, so that a teardown finds it whatever becomes of them
version_added: 0.3.0
author:
  - mtv.teardown contributors (!UNKNOWN)
description:
  - Writes the C(resources.json) that the role P(mtv.teardown.session#role) and the playbooks of this collection take, as tasks
    make things, for plays that set tests up. It is there from the first task on, also when a play fails, or is killed.
  - Recorded are C(kubernetes.core.k8s) and C(k8s_service), C(kubevirt.core.kubevirt_vm), C(openstack.cloud.server),
    C(ovirt.ovirt.ovirt_vm), the modules of C(vmware.vmware) and C(community.vmware) that deploy a VM, and their
    C(vm) and C(vmware_guest).
  - Before such a module runs, what it is going to make is noted, by name and place. Afterwards what it made is noted with its
    identity, which is the uid on a cluster, moRef and instanceUuid on vSphere, and the id on oVirt and OpenStack.
    What was there before and was only changed is not. What has been deleted by its identity is taken out.
  - Where nobody knows whether a task made something or changed what was there, as after a kill, that is what is noted. The
    teardown then deletes it only when its name is the session's.
  - No option of a task is written but names, namespaces, kinds and the address of the server.
  - It never makes a play fail. When it cannot write it tells that once, and writes what is missing with the next task that
    makes something.
options:
  path:
    description: The folder of C(resources.json) and of its journal. It is made when it is not there. Have one for each session.
    type: path
    default: .data-collector
    env:
      - name: MTV_TEARDOWN_RECORDER_PATH
    ini:
      - section: callback_recorder
        key: path
  session_prefix:
    description:
      - The prefix of the session, such as V(auto-ab12), for the journal.
      - With it, what a session of another prefix left in the folder is set aside first, as C(earlier-<time>.resources.json).
    type: str
    default: ""
    env:
      - name: MTV_TEARDOWN_RECORDER_PREFIX
    ini:
      - section: callback_recorder
        key: session_prefix
notes:
  - It has to be enabled, by C(callbacks_enabled = mtv.teardown.recorder) or E(ANSIBLE_CALLBACKS_ENABLED).
  - What a task with C(poll=0) made is noted as unknown, since its result comes from another task.
  - Of charts, and of what the other modules of these collections make, nothing is recorded. The first time that each of them
    changes something, that is told.
seealso:
  - module: mtv.teardown.record
"""

import functools
import inspect
import os
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase
from ansible_collections.mtv.teardown.plugins.module_utils._recording import tasks
from ansible_collections.mtv.teardown.plugins.module_utils._recording.recorder import FAILURES, Call, Recorder
from ansible_collections.mtv.teardown.plugins.module_utils._recording.tasks import Outcome, Thing
from ansible_collections.mtv.teardown.plugins.module_utils._run import places

_FAILURES = (*FAILURES, AnsibleError)
_MARK = "_mtv_recorder"
# Modules of the collections that make nothing that is left behind.
_MAKES_NOTHING = re.compile(r"_(info|cp|drain|exec|scale|json_patch|taint|rollback|powerstate|action|auth|wait)\Z")


@dataclass
class _Begun:
    """A task that has begun. calls: of each object that it names, None where that cannot be recorded before it is
    known what it was called."""

    module: str
    options: Mapping[str, Any]
    place: str
    calls: list[Call | None]
    began: float


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Callbacks come in Ansible's main process, with options that are still templates, and of a loop only at its end. So
    the one method by which every module is run is wrapped, in the processes that run them."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "mtv.teardown.recorder"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._recorder: Recorder | None = None
        self._jobs: dict[str, _Begun] = {}

    # -- what Ansible calls ----------------------------------------------------------------------------------

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Before anything is run; workers are forked off later."""
        prefix = str(self.get_option("session_prefix") or "")
        suite = f"ansible-playbook {os.path.basename(str(getattr(playbook, '_file_name', '')))}"
        folder = Path(str(self.get_option("path")))
        self._recorder = recorder = Recorder(folder, prefix or uuid.uuid4().hex, suite=suite)
        recorder.tell = self._tell
        recorder.begin(prefix)
        if prefix and not context.CLIARGS.get("check"):
            with recorder.folder_is_emptied():
                pass
        plain = ActionBase._execute_module
        if not hasattr(plain, _MARK):
            ActionBase._execute_module = _recorded(plain, self)

    def v2_playbook_on_task_start(self, *_task: Any, **_how: Any) -> None:
        """Read here what workers wrote, or each of them would have to read all of it."""
        if self._recorder is not None:
            self._recorder.refresh()

    def v2_playbook_on_stats(self, *_stats: Any) -> None:
        """At the end."""
        if self._recorder is not None:
            self._recorder.refresh()
            self._recorder.close()

    # -- around each module ----------------------------------------------------------------------------------

    def begin(self, action: Any, name: str | None, options: Mapping[str, Any] | None) -> _Begun | None:
        """Record what it is going to make."""
        try:
            return self._begin(action, name, options)
        except _FAILURES as exc:
            self._tell(f"a task is not recorded: {type(exc).__name__}")
            return None

    def _begin(self, action: Any, name: str | None, options: Mapping[str, Any] | None) -> _Begun | None:
        task, recorder = action._task, self._recorder
        module = task.resolved_action or task.action if name in (None, task.action) else name
        if recorder is None or task.check_mode or module.rpartition(".")[0] not in tasks.COLLECTIONS:
            return None
        given = task.args if options is None else options
        here = getattr(action._connection, "transport", "") == "local"
        place = places.of(module, given, _environment(task, here), here=here)
        title = str(task.name or "")
        recorder.test = ("", "" if "{{" in title else title)
        things = tasks.about(module, given) if tasks.may_make(given) else []
        calls = [_intent(recorder, thing, place) if thing.kind else None for thing in things]
        return _Begun(module, dict(given), place, calls, time.time())

    def end(self, begun: _Begun | None, result: Any) -> None:
        """Record what it made. result: None where it has none, for it was cut off."""
        try:
            if begun is not None and self._recorder is not None:
                self._end(begun, result if isinstance(result, Mapping) else {"failed": True}, self._recorder)
        except _FAILURES as exc:
            self._tell(f"what a task made is not recorded: {type(exc).__name__}")

    def _end(self, begun: _Begun, result: Mapping[str, Any], recorder: Recorder) -> None:
        if not tasks.is_known(begun.module):
            if result.get("changed") and not _MAKES_NOTHING.search(begun.module):
                self._tell(f"{begun.module} changed something, and what it makes is not recorded")
            return
        became = tasks.became(begun.module, begun.options, result, (begun.began, time.time()))
        calls = begun.calls or [None] * len(became)
        for call, (thing, outcome) in zip(calls, became, strict=False):
            self._became(recorder, call, thing, outcome, begun.place)

    def _became(self, recorder: Recorder, call: Call | None, thing: Thing, outcome: Outcome, place: str) -> None:
        if outcome is Outcome.GONE:
            identity = {"uid": thing.uid, **({"id": thing.id} if thing.id else {})}
            named = {"name": thing.name, "namespace": thing.namespace, "api_version": thing.api_version}
            recorder.gone(thing.kind, {**named, **identity, "place": place})
        elif outcome is Outcome.NOT_MADE:
            recorder.not_made(call, "it was there")
        else:
            self._may_be(recorder, call, thing, outcome, place)

    def _may_be(self, recorder: Recorder, call: Call | None, thing: Thing, outcome: Outcome, place: str) -> None:
        """It is there now, or may be."""
        if outcome is Outcome.UNKNOWN:
            recorder.unknown(call, "nobody knows whether it was there before", thing.uid, thing.id)
        elif call is not None and _is_of(call, thing):
            recorder.made(call, thing.uid, thing.name, thing.id)
        else:
            recorder.made(_intent(recorder, thing, place), thing.uid, thing.name, thing.id)
            recorder.not_made(call, "it was called otherwise")

    def run(self, plain: Callable[..., Any], action: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Run one module, recorded. A module that goes on by itself is at its end when its job is."""
        bound = inspect.signature(plain).bind(action, *given, **named).arguments
        name, options = bound.get("module_name"), bound.get("module_args")
        begun = self.begin(action, name, options)
        try:
            result = plain(action, *given, **named)
        except BaseException:
            self.end(begun, None)
            raise
        job = str(result.get("ansible_job_id") or "") if isinstance(result, Mapping) else ""
        if bound.get("wrap_async") and job:
            if begun is not None:
                self._jobs[job] = begun
        elif job and str(name).endswith("async_status"):
            if result.get("finished"):
                self.end(self._jobs.pop(job, None), result)
        else:
            self.end(begun, result)
        return result

    def _tell(self, told: str) -> None:
        self._display.warning(f"mtv.teardown.recorder: {told}")


def _recorded(plain: Callable[..., Any], plugin: CallbackModule) -> Callable[..., Any]:
    @functools.wraps(plain)
    def execute(action: Any, *given: Any, **named: Any) -> Any:
        return plugin.run(plain, action, given, named)

    setattr(execute, _MARK, True)
    return execute


def _intent(recorder: Recorder, thing: Thing, place: str) -> Call | None:
    more = {"api_version": thing.api_version, "generate_name": thing.generate_name}
    identity = {"place": place, **{name: value for name, value in more.items() if value}}
    return recorder.intent(thing.kind, thing.name, thing.namespace, **identity)


def _is_of(call: Call, thing: Thing) -> bool:
    """Whether it is what the task said: the server may choose another namespace, or a name."""
    entry = call.entry
    told = (call.kind, entry.get("namespace") or "", entry["name"] or thing.name, entry.get("api_version") or "")
    return told == thing.place


def _environment(task: Any, here: bool) -> dict[str, str]:
    """What the module has in its environment, as far as that is known."""
    found = dict(os.environ) if here else {}
    for more in task.environment or ():
        if isinstance(more, Mapping):
            found |= {str(name): str(value) for name, value in more.items()}
    return found
