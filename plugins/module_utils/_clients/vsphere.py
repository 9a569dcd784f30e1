# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with a vCenter: bulk reads, tasks that are awaited together, typed errors.

Properties are only read through the PropertyCollector: reading them as attributes of an object costs a request each,
fails for those that are not set, and may meet another state each time (providers.md 1.3). What a vCenter does not let
us read is told, and never taken for "not there".
"""

from __future__ import annotations

import http.client
import random
import re
import ssl
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import unquote

from ansible_collections.mtv.teardown.plugins.module_utils._errors import CERTIFICATE, NO_ANSWER, ApiError, Fault
from ansible_collections.mtv.teardown.plugins.module_utils._record.connections import Connection

try:
    from pyVim import connect as _connect
    from pyVmomi import vim, vmodl
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

PAGE = 1000
T = TypeVar("T")
# What vCenter tells of each VM that is looked at a second time.
_DETAILS = (
    "name",
    "parent",
    "parentVApp",
    "datastore",
    "config.template",
    "config.instanceUuid",
    "config.createDate",
    "config.files.vmPathName",
    "config.hardware.device",
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.question",
    "disabledMethod",
    "snapshot",
)


_TASK = ("info.state", "info.error", "info.result", "info.progress")
# Seconds between two looks at tasks; it doubles, so that what is quick is seen soon and what is slow is not pestered.
_FIRST_POLL, _LAST_POLL = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """tries: of a call that got no answer; silence: seconds without one; pause: seconds before the second try."""

    tries: int = 4
    silence: float = 60.0
    pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Properties:
    """What was read: moRef -> name of the property -> value; unset properties are not there. unread: objects or
    properties that we may not see, with the reason."""

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def fault_of(exc: BaseException) -> Fault:
    """A fault of pyVmomi as plain data."""
    told = getattr(exc, "localizedMessage", None) or getattr(exc, "msg", None) or ""
    name = type(exc).__name__.rpartition(".")[2]
    privileges = {str(getattr(exc, "privilegeId", "") or "")}
    for entity in getattr(exc, "missingPrivileges", None) or ():
        privileges |= set(entity.privilegeIds)
    task = getattr(exc, "task", None)
    reason = getattr(exc, "reason", None) or getattr(exc, "file", None) or told
    return Fault(
        name=name,
        text=" ".join(str(reason).split())[:300],
        privileges=tuple(sorted(privileges - {""})),
        task=task._moId if task is not None else "",
        source=str(getattr(exc, "source", None) or ""),
    )


class VCenter:
    """Use it as a context manager: it logs out in every case. calls: requests that were sent."""

    def __init__(
        self, connection: Connection, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.connection = connection
        self.patience = patience or Patience()
        self.calls = 0
        self._sleep = sleep
        self._instance: Any = None

    def __enter__(self) -> VCenter:
        self._login()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        if self._instance is None:
            return
        try:
            self._content.sessionManager.Logout()
        except (vmodl.MethodFault, OSError, http.client.HTTPException):
            pass  # it has ended by itself
        finally:
            _connect.SetSi(None)

    def _login(self) -> None:
        made = self.connection
        try:
            self._instance = self._patiently(self._connect)
        except vim.fault.InvalidLogin as exc:
            raise ApiError(
                f"{made.key}: {made.host} refuses user {made.username}: wrong name or password.", status=401
            ) from exc
        except vmodl.MethodFault as exc:
            raise self.refused(exc) from exc
        self._content = self._instance.content
        self._collector = self._content.propertyCollector

    @property
    def server(self) -> str:
        """A host of ESXi has no identity of its own but its address."""
        told = getattr(self._content.about, "instanceUuid", None)
        return str(told or f"{self.connection.host}:{self.connection.port}").lower()

    def _connect(self) -> Any:
        made = self.connection
        self._probe()
        return _connect.SmartConnect(
            host=made.host,
            port=made.port,
            user=made.username,
            pwd=made.secret,
            sslContext=self._tls(),
            httpConnectionTimeout=self.patience.silence,
        )

    def _probe(self) -> None:
        """What SmartConnect asks first, without a limit, and with a bare Exception for what is no vCenter."""
        made = self.connection
        wire = http.client.HTTPSConnection(made.host, made.port, timeout=self.patience.silence, context=self._tls())
        try:
            wire.request("GET", "/sdk/vimServiceVersions.xml")
            answer = wire.getresponse()
            if answer.status != 200 or b"<namespaces" not in answer.read(1_000_000):
                raise ValueError(f"HTTP {answer.status}, and no list of its versions")
        finally:
            wire.close()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.connection.ca_file or None)
        if not self.connection.validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _patiently(self, call: Callable[[], T]) -> T:
        """Again when no answer came. Every call that is made here may be repeated: what was done is then told as a
        fault (a VM that is off, or gone)."""
        attempt = 1
        while True:
            self.calls += 1
            try:
                return call()
            except ssl.SSLCertVerificationError as exc:
                made = self.connection
                raise ApiError(
                    f"{made.key}: the certificate of {made.host} is not trusted: {exc.verify_message}. "
                    "Give ca_file, or the CA to the system.",
                    reason=CERTIFICATE,
                ) from exc
            except (OSError, http.client.HTTPException) as exc:
                if attempt >= self.patience.tries:
                    raise self._no_answer(exc) from exc
            except (SyntaxError, ValueError, KeyError, AttributeError) as exc:  # pyVmomi, of what is no SOAP
                raise self._no_answer(exc) from exc
            self._sleep(self.patience.pause * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            attempt += 1

    def _no_answer(self, exc: BaseException) -> ApiError:
        told = " ".join(str(exc).split())[:300] or type(exc).__name__
        where = f"{self.connection.host}:{self.connection.port}"
        return ApiError(f"{self.connection.key}: {where} gave no answer of a vCenter: {told}", reason=NO_ANSWER)

    def call(self, method: Callable[[], T]) -> T:
        """One request. A session that has ended is begun again once; faults are raised as they are."""
        try:
            return self._patiently(method)
        except vim.fault.NotAuthenticated:
            self._relogin()
            return self._patiently(method)

    def _relogin(self) -> None:
        made = self.connection
        self._patiently(lambda: self._content.sessionManager.Login(made.username, made.secret, None))

    def refused(self, exc: vmodl.MethodFault) -> ApiError:
        """A fault that ends the work with this vCenter."""
        fault = fault_of(exc)
        right = f", {', '.join(fault.privileges)} is missing" if fault.privileges else ""
        status = 403 if fault.name == "NoPermission" else 401 if fault.name == "NotAuthenticated" else 500
        return ApiError(f"{self.connection.key}: {fault.name}{right}: {fault.text}", status=status, reason=fault.name)

    # Reading

    def everything(self, kind: str, properties: Sequence[str]) -> Properties:
        """These properties of all objects of a kind, page by page."""

        def read() -> Properties:
            view = self._patiently(
                lambda: self._content.viewManager.CreateContainerView(self._content.rootFolder, [_KINDS[kind]()], True)
            )
            try:
                walk = vmodl.query.PropertyCollector.TraversalSpec(path="view", skip=False, type=vim.view.ContainerView)
                start = vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[walk])
                return self._retrieve(kind, [start], properties)
            finally:
                self._quietly(view.DestroyView)

        return self._again_when_expired(read)

    def details(self, ids: Iterable[str]) -> Properties:
        """What is to be known of these VMs. One that has gone meanwhile is not in it."""
        return self.objects("VirtualMachine", ids, _DETAILS)

    def objects(self, kind: str, ids: Iterable[str], properties: Sequence[str]) -> Properties:
        """These properties of these objects of a kind. One that has gone meanwhile is not in it."""
        wanted = list(dict.fromkeys(ids))

        def read() -> Properties:
            while wanted:
                specs = [vmodl.query.PropertyCollector.ObjectSpec(obj=self._object(kind, one)) for one in wanted]
                try:
                    return self._retrieve(kind, specs, properties)
                except vmodl.fault.ManagedObjectNotFound as exc:
                    gone = exc.obj._moId if exc.obj is not None else ""
                    if gone not in wanted:
                        raise
                    wanted.remove(gone)
            return Properties()

        return self._again_when_expired(read)

    def _again_when_expired(self, read: Callable[[], Properties]) -> Properties:
        """A view and a page's token die with their session, so then the whole reading begins again, once."""
        try:
            try:
                return read()
            except vim.fault.NotAuthenticated:
                self._relogin()
                return read()
        except vmodl.MethodFault as exc:
            raise self.refused(exc) from exc

    def _retrieve(self, kind: str, objects: list[Any], properties: Sequence[str]) -> Properties:
        collector = vmodl.query.PropertyCollector
        spec = collector.FilterSpec(
            objectSet=objects,
            propSet=[collector.PropertySpec(type=_KINDS[kind](), pathSet=list(properties), all=False)],
        )
        values: dict[str, dict[str, Any]] = {}
        unread: list[str] = []
        page = self._patiently(
            lambda: self._collector.RetrievePropertiesEx([spec], collector.RetrieveOptions(maxObjects=PAGE))
        )
        while page is not None:
            for content in page.objects:
                values[content.obj._moId] = {prop.name: prop.val for prop in content.propSet}
                unread += [_missing(kind, content.obj._moId, missing) for missing in content.missingSet]
            page = (
                self._patiently(partial(self._collector.ContinueRetrievePropertiesEx, page.token))
                if page.token
                else None
            )
        return Properties(values, tuple(unread))

    def files(self, searches: Mapping[str, tuple[str, Sequence[str]]]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
        """Names in datastores. searches: moRef of a datastore -> (its name, patterns); a pattern may hold C(*).

        Returns what was found in the root of each, and what could not be read.
        """
        spec = vim.host.DatastoreBrowser.SearchSpec
        tasks: dict[str, str] = {}
        unread: list[str] = []
        browsers = self._browsers(searches)
        for store, (name, patterns) in searches.items():
            wanted = spec(
                matchPattern=list(patterns), details=vim.host.DatastoreBrowser.FileInfo.Details(fileType=True)
            )
            try:
                task = self.call(lambda s=store, n=name, w=wanted: browsers[s].SearchDatastore_Task(f"[{n}]", w))  # type: ignore[misc]
                tasks[task._moId] = store
            except (vmodl.MethodFault, KeyError) as exc:
                unread.append(f"datastore {name}: {_told(exc)}")
        found: dict[str, list[str]] = {}
        waiter = Waiter(self)
        waiter.watch(tasks)
        for task_id, done in waiter.until_done(60.0).items():
            store = tasks[task_id]
            if isinstance(done, Fault):
                unread.append(f"datastore {searches[store][0]}: {done.name} {done.text}".rstrip())
            else:
                found[store] = sorted(entry.path for entry in (done.file if done is not None else ()))
        unread += [f"datastore {searches[tasks[one]][0]}: the search did not end" for one in waiter.pending]
        return found, tuple(unread)

    def first_class_disks(self) -> frozenset[str]:
        """Ids of the first class disks of every datastore that is at hand."""
        # Every vCenter's has this moRef; an old version of the API does not name it among its services.
        manager = vim.vslm.vcenter.VStorageObjectManager("VStorageObjectManager", self._instance._stub)
        found: set[str] = set()
        for ref, values in self.everything("Datastore", ("summary.accessible",)).values.items():
            if values.get("summary.accessible"):
                try:
                    listed = self.call(partial(manager.ListVStorageObject, self._object("Datastore", ref)))
                except vmodl.MethodFault as exc:
                    raise self.refused(exc) from exc
                found |= {one.id for one in listed or ()}
        return frozenset(found)

    def lacking(self, kind: str, ids: Iterable[str], privileges: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Which of these privileges we do not have: moRef -> those that are missing on it. One request for all."""
        objects = [self._object(kind, one) for one in ids]
        try:
            key = self._session_key()
            ask = partial(self._content.authorizationManager.HasPrivilegeOnEntities, objects, key, list(privileges))
            told = self.call(ask)
        except vmodl.MethodFault as exc:
            raise self.refused(exc) from exc
        answers = {one.entity._moId: one.privAvailability for one in told or ()}
        if {one._moId for one in objects} - answers.keys():
            raise ApiError(f"{self.connection.key}: vCenter does not say of every object what we may do with it.")
        return {
            moref: missing
            for moref, each in answers.items()
            if (missing := tuple(one.privId for one in each if not one.isGranted))
        }

    def _session_key(self) -> str:
        start = vmodl.query.PropertyCollector.ObjectSpec(obj=self._content.sessionManager)
        read = self._again_when_expired(lambda: self._retrieve("SessionManager", [start], ("currentSession",)))
        return str(next(iter(read.values.values()))["currentSession"].key)

    def _browsers(self, stores: Iterable[str]) -> dict[str, Any]:
        read = self.objects("Datastore", stores, ("browser",))
        return {store: values["browser"] for store, values in read.values.items() if "browser" in values}

    # Changing

    def _object(self, kind: str, moref: str) -> Any:
        return _KINDS[kind]()(moref, self._instance._stub)

    def start(self, moref: str, method: str, *args: Any, kind: str = "VirtualMachine") -> str | Fault:
        """Start a task on an object; the task's moRef, or the fault with which it was refused."""
        target = self._object(kind, moref)
        try:
            task = self.call(lambda: getattr(target, method)(*args))
        except vmodl.MethodFault as exc:
            return fault_of(exc)
        return str(task._moId)

    def _quietly(self, method: Callable[[], Any]) -> None:
        with suppress(vmodl.MethodFault, ApiError):  # what dies with the session need not be cleaned up
            self._patiently(method)


class Waiter:
    """Tasks that are awaited together: one request reads the state of all of them."""

    def __init__(self, center: VCenter, sleep: Callable[[float], None] = time.sleep) -> None:
        self._center, self._sleep = center, sleep
        self._progress: dict[str, str] = {}
        self.pending: set[str] = set()

    def watch(self, tasks: Iterable[str]) -> None:
        """Await these, too."""
        self.pending |= set(tasks)

    def next(self, seconds: float) -> dict[str, Any]:
        """What has ended, at the latest after so many seconds: task -> its result, or the Fault it ended with."""
        ends, pause = time.monotonic() + seconds, _FIRST_POLL
        while self.pending:
            done = self._ended()
            if done or time.monotonic() + pause > ends:
                return done
            self._sleep(pause)
            pause = min(2 * pause, _LAST_POLL)
        return {}

    def progress(self) -> tuple[Any, ...]:
        """Something that differs when anything has moved."""
        return tuple(sorted(self._progress.items()))

    def _ended(self) -> dict[str, Any]:
        read = self._center.objects("Task", self.pending, _TASK)
        done: dict[str, Any] = {}
        for one in sorted(self.pending):
            info = read.values.get(one, {"info.state": "success"})  # vCenter has forgotten it: what it did is looked at
            self._progress[one] = f"{info.get('info.state')} {info.get('info.progress')}"
            if str(info.get("info.state")) in ("success", "error"):
                error = info.get("info.error")
                done[one] = info.get("info.result") if error is None else fault_of(error)
        self.pending -= set(done)
        return done

    def until_done(self, limit: float) -> dict[str, Any]:
        """All of them, or those that have ended by then."""
        ends = time.monotonic() + limit
        done: dict[str, Any] = {}
        while self.pending and time.monotonic() < ends:
            done |= self.next(ends - time.monotonic())
        return done


_KINDS: dict[str, Callable[[], Any]] = {
    "VirtualMachine": lambda: vim.VirtualMachine,
    "VirtualMachineSnapshot": lambda: vim.vm.Snapshot,
    "Task": lambda: vim.Task,
    "Folder": lambda: vim.Folder,
    "Datacenter": lambda: vim.Datacenter,
    "Datastore": lambda: vim.Datastore,
    "SessionManager": lambda: vim.SessionManager,
}


def _missing(kind: str, moref: str, missing: Any) -> str:
    fault = fault_of(missing.fault)
    return f"{kind} {moref}, {missing.path}: {fault.name} {', '.join(fault.privileges)}".rstrip()


def _told(exc: BaseException) -> str:
    if isinstance(exc, KeyError):
        return "its browser cannot be read"
    fault = fault_of(exc)
    return f"{fault.name} {', '.join(fault.privileges) or fault.text}".rstrip()


def plain_name(name: str) -> str:
    """vCenter stores C(/), C(\\) and C(%) as C(%2f), C(%5c) and C(%25)."""
    return re.sub(r"%(?:2f|5c|25)", lambda found: unquote(found.group()), name, flags=re.IGNORECASE)
