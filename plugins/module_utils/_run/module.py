# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules share: option specs (paired with the doc fragments), and how they end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _progress, _secrets, _times
from ansible_collections.mtv.teardown.plugins.module_utils._errors import StoppedError, TeardownError
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.folder import Folder
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keep import Bounds
from ansible_collections.mtv.teardown.plugins.module_utils._evidence.keeper import Keeper
from ansible_collections.mtv.teardown.plugins.module_utils._limits import Limits
from ansible_collections.mtv.teardown.plugins.module_utils._recording.changes import ESXI
from ansible_collections.mtv.teardown.plugins.module_utils._session import ignore
from ansible_collections.mtv.teardown.plugins.module_utils._session.provider_types import SEARCHED
from ansible_collections.mtv.teardown.plugins.module_utils._session.result import Result, shown

# doc fragment mtv.teardown._session
SESSION_SPEC: dict[str, Any] = {
    "session": {"type": "dict", "no_log": False},
    "resources_file": {"type": "path"},
    "resources": {"type": "raw"},
    "session_prefix": {"type": "str"},
    "session_prefix_pattern": {"type": "str"},
    "data_collector_path": {"type": "path"},
}
# doc fragment mtv.teardown._wait
WAIT_SPEC: dict[str, Any] = {
    "stall_timeout": {"type": "int", "default": 180},
    "wait_timeout": {"type": "int", "default": 1800},
    "stalled": {"type": "bool", "default": False},
    "fail_on_remaining": {"type": "bool", "default": True},
}
# doc fragment mtv.teardown._finalizers
FINALIZERS_SPEC: dict[str, Any] = {
    "remove_finalizers": {"type": "raw", "default": []},
    "finalizer_grace": {"type": "raw", "default": {}},
}
# doc fragment mtv.teardown._evidence
EVIDENCE_SPEC: dict[str, Any] = {
    "evidence": {
        "type": "dict",
        "options": {
            "path": {"type": "path"},
            "run": {"type": "str", "default": ""},
            "objects": {"type": "int", "default": 50},
            "file_size": {"type": "int", "default": 256},
            "total_size": {"type": "int", "default": 10240},
            "log_lines": {"type": "int", "default": 200},
        },
    },
}
# From and to: nobody means to wait for less, or longer, than that.
DAY = 86400
LIMITS: dict[str, tuple[float, float]] = {
    "stall_timeout": (1, DAY),
    "wait_timeout": (1, DAY),
    "timeout": (1, DAY),
    "quiet_interval": (0, 3600),
    # Of a Lease.
    "duration": (10, _limits.LONGEST_LEASE),
    "wait_seconds": (0, DAY),
    "port": (1, 65535),
    "proxy_port": (1, 65535),
    "api_timeout": (1, DAY),
    # Of evidence: files, KiB, KiB, lines.
    "objects": (1, 1000),
    "file_size": (4, 10240),
    "total_size": (4, 1024 * 1024),
    "log_lines": (0, 5000),
}
# ignore.compile_rules says which entry of it is wrong.
IGNORE_SPEC: dict[str, Any] = {"type": "raw", "default": []}
# Options with what other modules returned. It is not told once more, for it may be long.
_RETURNED = ("session", "phases", "targets")
# Options with a connection to the cluster of their own, for what is kept there.
_KEPT = ("lease", "journal_in")


def _kubeconfigs(params: Mapping[str, Any]) -> list[Any]:
    """That of the cluster, and those of what is kept on one."""
    kept = [params[name].get("connection") for name in _KEPT if isinstance(params.get(name), Mapping)]
    return [one.get("kubeconfig") for one in (params, *kept) if isinstance(one, Mapping)]


def _is_path(given: Any) -> bool:
    return given is None or (isinstance(given, str) and "\n" not in given and "{" not in given)


def _without_kubeconfig(params: Mapping[str, Any]) -> dict[str, Any]:
    return dict(params) if _is_path(params.get("kubeconfig")) else {**params, "kubeconfig": _secrets.HIDDEN}


class Module(AnsibleModule):  # type: ignore[misc]
    """Says nothing before it knows what is secret: its first words, in syslog, are all of its options, and the options
    of clouds are free in form. A kubeconfig that is no path is never told: its programs may be called with secrets."""

    _in_options: Set[str] | None = None

    def _hide(self) -> None:
        found = _secrets.secrets_in(self.params) if self._in_options is None else self._in_options
        self._in_options = found
        _secrets.keep(*(str(given) for given in _kubeconfigs(self.params) if not _is_path(given)))
        _secrets.keep(*found, *self.no_log_values, *_secrets.in_environment(os.environ))
        self.no_log_values.update(_secrets.forms(found))

    def _told_options(self) -> dict[str, Any]:
        told: dict[str, Any] = _without_kubeconfig(self.params)
        for name in _KEPT:
            kept = told.get(name)
            if isinstance(kept, Mapping) and isinstance(kept.get("connection"), Mapping):
                told = {**told, name: {**kept, "connection": _without_kubeconfig(kept["connection"])}}
        return {name: given for name, given in told.items() if name not in _RETURNED}

    def log(self, msg: str, log_args: Mapping[str, Any] | None = None) -> None:
        """To syslog or the journal."""
        self._hide()
        super().log(_secrets.without(msg), {name: _secrets.without(value) for name, value in (log_args or {}).items()})

    def exit_json(self, **result: Any) -> NoReturn:
        """The end, without an error."""
        self._hide()
        super().exit_json(**_secrets.shown(result), invocation={"module_args": self._told_options()})
        raise AssertionError("unreachable")

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """The end, with one. Never with the words of a pending exception, which may be a library's."""
        self._hide()
        told = {"exception": None, **_secrets.shown(result), "invocation": {"module_args": self._told_options()}}
        super().fail_json(msg=_secrets.without(msg), **told)
        raise AssertionError("unreachable")


def check_numbers(params: Mapping[str, Any]) -> None:
    """Raise TeardownError for a number that makes no sense, also in the options of a provider."""
    for name, value in params.items():
        if name in LIMITS and value is not None:
            least, most = LIMITS[name]
            if not least <= value <= most:  # what is no number (nan) is not between them either
                raise TeardownError(f"{name} is {value}: give a number from {least} to {most}.")
        elif name in (*SEARCHED, ESXI, "evidence", "lease") and isinstance(value, Mapping):
            check_numbers(value)


def keeper_of(module: Module) -> Keeper:
    """Of the evidence that the options want; in check mode nothing is written, so nothing is read for it either."""
    wanted = module.params.get("evidence") or {}
    if not wanted.get("path") or module.check_mode:
        return Keeper()
    bounds = Bounds(wanted["objects"], wanted["file_size"] * 1024, wanted["total_size"] * 1024, wanted["log_lines"])
    return Keeper(Folder(wanted["path"], wanted["run"] or _times.now(), bounds))


def _held(params: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Imported late: it brings along the client of Kubernetes, and most modules work without either."""
    if not params.get("lease"):
        return nullcontext()
    from ansible_collections.mtv.teardown.plugins.module_utils._run import holding

    return holding.held(params)


def run(module: Module, work: Callable[[], dict[str, Any]]) -> None:
    """Do the work and end the module; errors that a user can act on become its message."""
    if ignore.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("jmespath"), exception=ignore.IMPORT_ERROR)
    try:
        check_numbers(module.params)
        with _interruptible(), _progress.channel(module._name), _held(module.params):
            result = work()
        if not result.get("failed") and _limits.why_stopped():
            raise StoppedError(_stopped())
    except TeardownError as exc:
        module.fail_json(msg=exc.msg, error=exc.details)
    except KeyboardInterrupt:  # also how threads end that may begin nothing more
        if not _limits.why_stopped():
            raise
        module.fail_json(msg=_stopped())
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _stopped() -> str:
    return f"{_limits.why_stopped()}. Nothing more was asked for, and this run cannot say what is left: run it again."


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends waits and begins nothing more, in threads, too. Without it a module with several providers would go
    on until the last of them is done, with nobody left who hears it."""

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        _limits.interrupt()
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # it is ignored, or somebody else's
        yield
        return
    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def answer(module: Module, done: str, phase: Callable[[Limits], Result], prefix: str) -> dict[str, Any]:
    """What a module returns that deletes, cancels or archives. Objects that stayed make it fail, unless the caller
    judges them itself. done: the name of the first list; phase: does it, within the limits of the options; prefix: of
    the session."""
    params, began = module.params, _times.now()
    result = phase(Limits(float(params["stall_timeout"]), float(params["wait_timeout"])))
    _progress.about(lambda: _stayed(result, params.get("wait", True)), done=done)
    out: dict[str, Any] = {
        **result.as_dict(done),
        "session_prefix": prefix,
        "changed": bool(result.done or result.finalizers.get("finalizers_removed")),
        "requests": result.requests,
        "times": times(result, began),
        **({"evidence": result.kept} if result.kept else {}),
    }
    if _limits.why_stopped():  # what was done before is told all the same
        out |= {"failed": True, "msg": _stopped(), "error": {}}
    elif result.error is not None:
        out |= {"failed": True, "msg": result.error.msg, "error": result.error.details}
    elif params["fail_on_remaining"] and (result.remaining or result.unreadable):
        out |= {"failed": True, "msg": trouble(result)}
    if module._diff:  # one line per object
        before = _lines([*result.done, *result.remaining]) + _taken(result)
        out["diff"] = {"before": before, "after": _lines(result.remaining)}
    return out


def _stayed(result: Result, waited: bool) -> list[_progress.Thing]:
    """What was asked to go and is not seen gone, as the phase leaves it."""
    entries = [*result.remaining, *([] if waited else result.done)]
    named = ("kind", "name", "namespace", "provider", "uid")
    return [
        _progress.thing(
            **{name: str(entry.get(name) or "") for name in named},
            since=result.asked[entry["uid"]],
            held=str(entry.get("reason", "")),
        )
        for entry in entries
        if entry["uid"] in result.asked
    ]


def times(result: Result, began: str) -> dict[str, Any]:
    """C(times) of a phase that began then."""
    uids = {str(entry["uid"]) for entry in [*result.done, *result.remaining]}
    asked, gone = ({u: time for u, time in told.items() if u in uids} for told in (result.asked, result.gone))
    return {"began": began, "ended": _times.now(), "asked": asked, "gone": gone}


def _lines(entries: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"{line}\n" for line in sorted(f"{shown(e)} ({e['evidence']})" for e in entries))


def _taken(result: Result) -> str:
    removed = result.finalizers.get("finalizers_removed", ())
    return "".join(f"{line}\n" for line in sorted(f"finalizer {e['finalizer']} of {shown(e)}" for e in removed))


def trouble(result: Result) -> str:
    """What stayed, and what could not be read, in a sentence."""
    told = [f"{shown(e)}: {e['reason']}" for e in result.remaining]
    told += [f"{shown(e)} could not be read: {e['error']}" for e in result.unreadable]
    more = f" … and {len(told) - 10} more" if len(told) > 10 else ""
    return f"{len(result.remaining)} not done, {len(result.unreadable)} scopes not read: " + "; ".join(told[:10]) + more
