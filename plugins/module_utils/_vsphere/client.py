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

from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _retry, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import (
    CERTIFICATE,
    GARBAGE,
    NO_ANSWER,
    REFUSED,
    ApiError,
    garbage,
)
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import pages, wire
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.connection import proxy
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere.fault import Fault

try:
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
    "layoutEx.file",
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.host",
    "runtime.question",
    "disabledMethod",
    "snapshot",
)


_TASK = ("info.state", "info.error", "info.result", "info.progress")
# Seconds between two looks at tasks; it doubles, so that what is quick is seen soon and what is slow is not pestered.
_FIRST_POLL, _LAST_POLL = 0.05, 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """tries: of a call that got no answer; silence: seconds without one; pause: seconds before the second try;
    greeting: seconds in which a server has to say that it is one."""

    tries: int = 4
    silence: float = 60.0
    pause: float = 0.5
    greeting: float = 20.0


@dataclass(frozen=True, slots=True)
class Properties:
    """What was read: moRef -> name of the property -> value; unset properties are not there. unread: objects or
    properties that we may not see, with the reason; kinds: moRef -> kind."""

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Search:
    """browser: of a datastore, None where it is not told; folder: where in it, as C([name] folder); patterns: names
    there, with C(*)."""

    browser: Any
    folder: str
    patterns: Sequence[str]


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
        text=_secrets.one_line(reason) if reason else "",
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
        self._content: Any = None
        self._stub: Any = None
        self._lost: ApiError | None = None

    def __enter__(self) -> VCenter:
        self._connect()
        try:
            self._login()
            self._check()
        except BaseException:  # a session may have begun, whatever was told of it
            self._end()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._quietly(lambda: _of_type(type(None), self._content.sessionManager.Logout))
        self._stub.close()

    def _connect(self) -> None:
        made, silence = self.connection, self.patience.silence
        path = made.path if made.path.endswith("/sdk") else "/sdk"
        tls = self._tls()
        greeting = min(silence, self.patience.greeting)
        behind = proxy(made)
        version = self._patiently(lambda: wire.version_of(made.host, made.port, path, tls, greeting, behind))
        how = {"host": made.host, "port": made.port, "path": path, "version": version}
        how |= dict(zip(("httpProxyHost", "httpProxyPort"), behind or (), strict=False))
        self._stub = wire.Stub(**how, sslContext=tls, httpConnectionTimeout=silence)
        instance = vim.ServiceInstance("ServiceInstance", self._stub)
        try:
            content = self._typed(vim.ServiceInstanceContent, instance.RetrieveContent)
        except vmodl.MethodFault as exc:
            raise self.refused(exc) from exc
        services = (content.about, content.rootFolder, content.propertyCollector, content.sessionManager)
        if not all(services) or content.viewManager is None:
            raise self._nonsense("it does not name its services")
        self._content, self._collector = content, content.propertyCollector

    def _login(self) -> None:
        """Sent once, and never again when it was refused: vCenter locks an account after a few of these."""
        if self._lost is not None:
            raise self._lost
        made = self.connection
        try:
            login = partial(self._content.sessionManager.Login, made.username, made.secret, None)
            self._answered(partial(_of_type, vim.UserSession, login))
        except vim.fault.InvalidLogin as exc:
            told = f"{made.key}: {made.host} refuses user {made.username}: {_why_refused(fault_of(exc))}."
            self._lost = ApiError(told, status=401, reason=REFUSED)
            raise self._lost from exc
        except vmodl.MethodFault as exc:
            self._lost = self.refused(exc)
            raise self._lost from exc

    def _check(self) -> None:
        """A sign that this is a vCenter which shows us something: without one, nothing in a list would be no news."""
        root = self._content.rootFolder._moId
        top = self.objects("Folder", (root,), ("name",)).values
        if "name" not in top.get(root, {}):
            raise self._nonsense("it does not show its root folder")

    @property
    def server(self) -> str:
        """A host of ESXi has no identity of its own but its address."""
        return str(self._content.about.instanceUuid or self.connection.address).lower()

    def _tls(self) -> ssl.SSLContext:
        made = self.connection
        try:
            context = ssl.create_default_context(cafile=made.ca_file if made.validate_certs and made.ca_file else None)
        except OSError as exc:
            told = f"{made.key}: ca_file {made.ca_file} holds no certificate that can be used: {_secrets.one_line(exc)}"
            raise ApiError(told, reason=CERTIFICATE) from exc
        if not made.validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _patiently(self, call: Callable[[], T]) -> T:
        """Again when no answer came. Every call that is made here may be repeated: what was done is then told as a
        fault (a VM that is off, or gone)."""
        return _retry.patiently(partial(self._answered, call), self.patience.tries, self.patience.pause, self._sleep)

    def _answered(self, call: Callable[[], T]) -> T:
        """Once. Faults are raised as they are."""
        if self._lost is not None:
            raise self._lost
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
        except wire.Garbled as exc:
            raise self._nonsense(_secrets.one_line(exc)) from exc
        except (OSError, http.client.HTTPException, UnicodeError) as exc:  # UnicodeError: of a name that no host has
            raise self._no_answer(exc) from exc

    def _no_answer(self, exc: BaseException) -> ApiError:
        where = f"{self.connection.key}: {self.connection.address}"
        return ApiError(f"{where} gave no answer of a vCenter: {_secrets.one_line(exc)}", reason=NO_ANSWER)

    def _nonsense(self, told: str) -> ApiError:
        return garbage(f"{self.connection.key}: {self.connection.address} gave no answer of a vCenter: {told}")

    def call(self, method: Callable[[], T]) -> T:
        """One request. A session that has ended is begun again once; faults are raised as they are."""
        try:
            return self._patiently(method)
        except vim.fault.NotAuthenticated:
            self._login()
            return self._patiently(method)

    def refused(self, exc: vmodl.MethodFault) -> ApiError:
        """A fault that ends the work with this vCenter."""
        fault = fault_of(exc)
        right = f", {', '.join(fault.privileges)} is missing" if fault.privileges else ""
        status = 403 if fault.name == "NoPermission" else 401 if fault.name == "NotAuthenticated" else 500
        return ApiError(f"{self.connection.key}: {fault.name}{right}: {fault.text}", status=status, reason=fault.name)

    # Reading

    def everything(self, kinds: str | tuple[str, ...], properties: Sequence[str]) -> Properties:
        """These properties of all objects of these kinds, page by page."""
        wanted = (kinds,) if isinstance(kinds, str) else kinds
        types = [_KINDS[kind]() for kind in wanted]

        def read() -> Properties:
            make = partial(self._content.viewManager.CreateContainerView, self._content.rootFolder, types, True)
            view = self._typed(vim.view.ContainerView, make)
            try:
                walk = vmodl.query.PropertyCollector.TraversalSpec(path="view", skip=False, type=vim.view.ContainerView)
                start = vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[walk])
                return self._retrieve(wanted, [start], properties)
            finally:
                self._quietly(view.DestroyView)

        return self._again_when_expired(read)

    def details(self, ids: Iterable[str]) -> Properties:
        """What is to be known of these VMs. One that has gone meanwhile is not in it."""
        return self.objects("VirtualMachine", ids, _DETAILS)

    def objects(self, kind: str, ids: Iterable[str], properties: Sequence[str]) -> Properties:
        """These properties of these objects of a kind. One that has gone meanwhile is not in it; one of which nothing
        is told, not even that, was not read."""
        wanted = list(dict.fromkeys(ids))

        def read() -> Properties:
            while wanted:
                specs = [vmodl.query.PropertyCollector.ObjectSpec(obj=self._object(kind, one)) for one in wanted]
                try:
                    told = self._retrieve((kind,), specs, properties)
                    untold = [f"{kind} {one}: nothing is told of it" for one in wanted if one not in told.values]
                    return Properties(told.values, (*told.unread, *untold))
                except vmodl.fault.ManagedObjectNotFound as exc:
                    gone = exc.obj._moId if exc.obj is not None else ""
                    if gone not in wanted:
                        raise
                    wanted.remove(gone)
            return Properties()

        return self._again_when_expired(read)

    def with_instance(self, uuid: str) -> list[str]:
        """moRefs of the VMs with this instance UUID; none where vCenter knows of none that we may see."""

        def read() -> list[str]:
            ask = partial(self._content.searchIndex.FindAllByUuid, None, uuid, True, True)
            return [one._moId for one in self._typed((list, type(None)), ask) or ()]

        return self._again_when_expired(read)

    def _again_when_expired(self, read: Callable[[], T]) -> T:
        """A view and a page's token die with their session, so then the whole reading begins again, once."""
        try:
            try:
                return read()
            except vim.fault.NotAuthenticated:
                self._login()
                return read()
        except vmodl.MethodFault as exc:
            raise self.refused(exc) from exc

    def _retrieve(self, kinds: Sequence[str], objects: list[Any], properties: Sequence[str]) -> Properties:
        collector = vmodl.query.PropertyCollector
        types = tuple(_KINDS[kind]() for kind in kinds)
        spec = collector.FilterSpec(
            objectSet=objects,
            propSet=[collector.PropertySpec(type=one, pathSet=list(properties), all=False) for one in types],
        )
        values: dict[str, Mapping[str, Any]] = {}
        unread: list[str] = []
        met: dict[str, str] = {}
        ask = partial(self._collector.RetrievePropertiesEx, [spec], collector.RetrieveOptions(maxObjects=PAGE))
        page = self._typed((pages.Page, type(None)), ask)  # None: there is nothing of the kind
        while page is not None:
            for one in page.plain:
                if one.kind not in kinds:
                    raise self._nonsense("it lists what it was not asked for")
                met[one.ref], values[one.ref] = one.kind, one.values
            for content in page.objects:
                if not isinstance(content.obj, types):
                    raise self._nonsense("it lists what it was not asked for")
                met[content.obj._moId] = content.obj._wsdlName
                values[content.obj._moId] = {prop.name: prop.val for prop in content.propSet}
                for missing in content.missingSet:
                    if isinstance(missing.fault, vim.fault.NotAuthenticated):
                        raise missing.fault  # the session has ended, and this is how it may be told
                    unread.append(_missing(content.obj, missing))
            if not page.token:
                break
            go_on = partial(self._collector.ContinueRetrievePropertiesEx, page.token)
            page = self._typed(pages.Page, go_on)
        return Properties(values, tuple(unread), met)

    def _typed(self, kind: Any, call: Callable[[], Any]) -> Any:
        """The answer to a call that has one in every case."""
        return self._patiently(partial(_of_type, kind, call))

    def files(self, searches: Mapping[str, Search]) -> tuple[dict[str, list[str]], dict[str, str]]:
        """What is found by each search, under its name; and name -> why it could not be looked there."""
        spec = vim.host.DatastoreBrowser.SearchSpec
        details = vim.host.DatastoreBrowser.FileInfo.Details(fileType=True)
        tasks: dict[str, str] = {}
        found: dict[str, list[str]] = {}
        unread: dict[str, str] = {}
        for name, one in searches.items():
            if one.browser is None:
                unread[name] = "its browser cannot be read"
                continue
            wanted = spec(matchPattern=list(one.patterns), details=details)
            try:
                tasks[self._task(partial(one.browser.SearchDatastore_Task, one.folder, wanted))] = name
            except vmodl.MethodFault as exc:
                unread[name] = _told(fault_of(exc))
            except ApiError as exc:
                if exc.reason != GARBAGE:
                    raise
                unread[name] = exc.msg
        waiter = Waiter(self)
        waiter.watch(tasks)
        for task_id, done in waiter.until_done(60.0).items():
            name = tasks[task_id]
            if isinstance(done, vim.host.DatastoreBrowser.SearchResults):
                found[name] = sorted(entry.path for entry in done.file)
            elif isinstance(done, Fault) and done.name == "FileNotFound":
                found[name] = []  # the folder itself is not there
            else:
                unread[name] = _told(done) if isinstance(done, Fault) else "the search tells nothing"
        unread |= {tasks[one]: "the search did not end" for one in waiter.pending}
        return found, unread

    def first_class_disks(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Ids of the first class disks of every datastore that is at hand, and why another could not be looked at."""
        # Every vCenter's has this moRef; an old version of the API does not name it among its services.
        manager = vim.vslm.vcenter.VStorageObjectManager("VStorageObjectManager", self._stub)
        found: set[str] = set()
        stores = self.everything("Datastore", ("name", "summary.accessible"))
        unread = list(stores.unread)
        for ref, values in stores.values.items():
            name = values.get("name") or ref
            if values.get("summary.accessible") is not True:
                unread.append(f"datastore {name}: not accessible")
                continue
            try:
                ask = partial(manager.ListVStorageObject, self._object("Datastore", ref))
                listed = self.call(partial(_of_type, list, ask))
            except vmodl.MethodFault as exc:
                unread.append(f"datastore {name}: {_told(fault_of(exc))}")
                continue
            found |= {one.id for one in listed}
        return frozenset(found), tuple(unread)

    def missing(self, kind: str, ids: Iterable[str], privileges: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Which of these privileges we do not have: moRef -> those that are missing on it. One request for all."""
        objects = [self._object(kind, one) for one in ids]
        try:
            key = self._session_key()
            ask = partial(self._content.authorizationManager.HasPrivilegeOnEntities, objects, key, list(privileges))
            told = self.call(partial(_of_type, list, ask))
        except vmodl.MethodFault as exc:
            raise self.refused(exc) from exc
        answers = {one.entity._moId: one.privAvailability for one in told}
        if {one._moId for one in objects} - answers.keys():
            raise ApiError(f"{self.connection.key}: vCenter does not say of every object what we may do with it.")
        return {
            moref: missing
            for moref, each in answers.items()
            if (missing := tuple(one.privId for one in each if not one.isGranted))
        }

    def _session_key(self) -> str:
        start = vmodl.query.PropertyCollector.ObjectSpec(obj=self._content.sessionManager)
        read = self._again_when_expired(lambda: self._retrieve(("SessionManager",), [start], ("currentSession",)))
        session = next(iter(read.values.values()), {}).get("currentSession")
        if session is None:
            raise self._nonsense("it does not say which session is ours")
        return str(session.key)

    # Changing

    def _object(self, kind: str, moref: str) -> Any:
        return _KINDS[kind]()(moref, self._stub)

    def tracking(self, enabled: bool) -> Any:
        """What to ask of a VM whose changed blocks are to be tracked, or not."""
        return vim.vm.ConfigSpec(changeTrackingEnabled=enabled)

    def start(self, moref: str, method: str, *args: Any, kind: str = "VirtualMachine") -> str | Fault:
        """Start a task on an object; the task's moRef, or the fault with which it was refused."""
        target = self._object(kind, moref)
        try:
            return self._task(lambda: _permitted(getattr(target, method))(*args))
        except vmodl.MethodFault as exc:
            return fault_of(exc)
        except ApiError as exc:
            if exc.reason != GARBAGE:
                raise
            return Fault(GARBAGE, exc.msg)  # of this one only; whether it was done all the same is seen afterwards

    def _task(self, method: Callable[[], Any]) -> str:
        return str(self.call(partial(_of_type, vim.Task, method))._moId)

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
    "HostSystem": lambda: vim.HostSystem,
    "SessionManager": lambda: vim.SessionManager,
}


def _permitted(method: T) -> T:
    """The method, while this run may change anything."""
    _limits.before_a_change()
    return method


def _of_type(kind: Any, call: Callable[[], T]) -> T:
    """pyVmomi takes any type for an answer, and None where there is nothing in it."""
    answer = call()
    if not isinstance(answer, kind):
        raise wire.Garbled(f"it sends {type(answer).__name__} where another type belongs")
    return answer


def _missing(obj: Any, missing: Any) -> str:
    fault = fault_of(missing.fault)
    return f"{obj._wsdlName} {obj._moId}, {missing.path}: {fault.name} {', '.join(fault.privileges)}".rstrip()


def _told(fault: Fault) -> str:
    return f"{fault.name} {', '.join(fault.privileges) or fault.text}".rstrip()


def _why_refused(fault: Fault) -> str:
    """By the name of the fault, and by the words that vCenter has for an account that it has locked."""
    if fault.name == "PasswordExpired":
        return "the password has expired"
    if "locked" in fault.text.lower():
        return f"the account is locked ({fault.text})"
    return "wrong name or password"


def plain_name(name: str) -> str:
    """vCenter stores C(/), C(\\) and C(%) as C(%2f), C(%5c) and C(%25)."""
    return re.sub(r"%(?:2f|5c|25)", lambda found: unquote(found.group()), name, flags=re.IGNORECASE)
