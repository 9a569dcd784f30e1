# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with an oVirt engine: bulk reads, stop and remove by id, typed errors.

Gone is only what the engine says is not there: 404 without a body, in a session that works. Whatever else is no
answer to the question says nothing (providers.md 2.3, 5.2).
"""

from __future__ import annotations

import itertools
import queue
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, TypeVar

from ansible_collections.mtv.teardown.plugins.module_utils import _limits, _retry, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import (
    CERTIFICATE,
    GARBAGE,
    NO_ANSWER,
    ApiError,
)
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.connection import api, by_ticket, headers
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.ovf import dates_of
from ansible_collections.mtv.teardown.plugins.module_utils._ovirt.wire import (
    IMPORT_ERROR,
    StrangeAnswerError,
    Token,
    Wire,
    pycurl,
    sdk,
)
from ansible_collections.mtv.teardown.plugins.module_utils._provider.connection import Connection
from ansible_collections.mtv.teardown.plugins.module_utils._together import together

__all__ = ("IMPORT_ERROR", "PAGE", "Engine", "Grant", "Machine", "Patience", "Refused", "Volume")
PAGE = 500
# So many names in one search: what an Apache in front takes as one line is 8 kB.
_NAMES = 40
_FOLLOW = "disk_attachments.disk,snapshots"
# libcurl's: certificate, CA file. Not 35, a handshake that broke off: so begins a restart.
_CERTIFICATE_ERRORS = frozenset({58, 60, 66, 77, 83, 90, 91})
_CURL = re.compile(r"\((?:<[^>]*>, )?(\d+), ['\"](.*?)['\"]\)")
_OBJECTS = ("vm", "disk", "vm_pool", "template", "storage_domain", "host", "cluster", "data_center")
# Newest ones of the whole engine among which those about one object are looked for.
_EVENTS = 500
_PLAIN = re.compile(r"[\w.*-]+")
# What broken values make of a library.
_LIBRARY = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError)
# Seconds that logging out may take in all.
_FAREWELL = 10.0
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Patience:
    """tries: of a call that got no answer; silence: seconds without one; window: seconds after which it is not tried
    again; pause: seconds before the second try; poll: seconds between two looks at what is awaited; workers: calls at a
    time."""

    tries: int = 4
    silence: float = 60.0
    window: float = 60.0
    pause: float = 0.5
    poll: float = 2.0
    workers: int = 8


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk. status: ok, locked, illegal; empty for a LUN. vms: ids of those that use it, as far as that is told;
    made: when the first of its images was, empty when that was not asked or not told."""

    id: str
    alias: str
    status: str = ""
    shareable: bool = False
    storage_type: str = "image"
    vms: tuple[str, ...] = ()
    made: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A VM. volumes, snapshots (description, status): only where the details were read; host, pool: ids."""

    id: str
    name: str
    status: str = ""
    created: str = ""
    cluster: str = ""
    pool: str = ""
    host: str = ""
    protected: bool = False
    volumes: tuple[Volume, ...] = ()
    snapshots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of ours. permits: what it allows; kind, id: on what, such as C(vm), C(cluster) or C(system)."""

    permits: frozenset[str]
    kind: str = "system"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine did not do it, and said why."""

    status: int
    text: str


class Engine:
    """Use it as a context manager: it logs out in every case. calls: requests that were sent; instance: by what the
    engine tells itself from all others, empty when it does not (before 4.4)."""

    def __init__(
        self, connection: Connection, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.connection = connection
        self.patience = patience or Patience()
        self.instance = ""
        self._counter = itertools.count()
        self._sent = 0
        self._sleep = sleep
        self._token = Token(connection.more.get("token", ""))
        self._idle: queue.LifoQueue[Wire] = queue.LifoQueue()

    def __enter__(self) -> Engine:
        try:
            self.check()
        except BaseException:
            self._logout()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._logout()

    def _logout(self) -> None:
        """What came of it counts, or the session is left open: it ends by itself only after half an hour."""
        ends = time.monotonic() + min(self.patience.window, _FAREWELL)
        for _attempt in range(self.patience.tries):
            if not self._token.value or self._token.given or time.monotonic() > ends:
                break
            try:
                with self._wire(min(self.patience.silence, _FAREWELL)) as wire:
                    wire.revoke()
            except (sdk.Error, pycurl.error, *_LIBRARY):
                self._sleep(self.patience.pause)
        while not self._idle.empty():
            self._idle.get().close(logout=False)

    # Calls

    def _count(self) -> None:
        self._sent = next(self._counter) + 1  # by many workers at a time

    @property
    def calls(self) -> int:
        return self._sent

    @contextmanager
    def _wire(self, silence: float = 0.0) -> Iterator[Wire]:
        """A connection of this call alone. One that failed is not used again: what is left in it could answer the
        next call."""
        try:
            wire = self._connected(silence) if silence else self._idle.get_nowait()
        except queue.Empty:
            wire = self._connected(self.patience.silence)
        yield wire
        self._idle.put(wire)

    def _connected(self, silence: float) -> Wire:
        made = self.connection
        return Wire(
            self._token,
            self._count,
            silence,
            url=api(made),
            username=made.username,
            password=made.secret,
            token=self._token.value or None,
            insecure=not made.validate_certs,
            ca_file=made.ca_file or None,
            headers=headers(made),
            kerberos=by_ticket(made),
        )

    def call(self, method: Callable[[Any], T], root: str, refusable: bool = False) -> T | Refused | None:
        """What the method gets from the SDK's services; None for what is not there, by the engine's own word. root: the
        element that answers. Every call may be repeated: what it did is then told (404, or 409 of a VM that is down
        already)."""
        ends = time.monotonic() + self.patience.window

        def once() -> T | Refused | None:
            try:
                return self._once(method, root)
            except (sdk.Error, pycurl.error) as exc:
                error = self._error(exc)
            if refusable and error.status in (400, 403, 409):
                return Refused(error.status, error.msg)
            raise error

        return _retry.patiently(
            once,
            self.patience.tries,
            self.patience.pause,
            self._sleep,
            lambda exc: _retry.passes(exc) and time.monotonic() < ends,
        )

    def _once(self, method: Callable[[Any], T], root: str) -> T | None:
        refusal: Exception
        with self._wire() as wire:
            wire.root = root
            try:
                return method(wire.system_service())
            except sdk.NotFoundError:
                return None
            except sdk.Error as exc:
                if wire.status == 401:  # the page that follows a session which could not be begun anew
                    raise sdk.AuthError("the session was not taken", code=401) from exc
                if exc.fault is None:
                    raise
                refusal = exc  # an answer as good as any: the connection can be used again
            except _LIBRARY as exc:  # of the SDK's readers, and of ours: values that are of no such type
                raise StrangeAnswerError(f"HTTP {wire.status} with what is no {root}: {exc}", wire.status) from exc
        raise refusal

    def _error(self, exc: Exception) -> ApiError:
        where = f"{self.connection.key}: {self.connection.host}:{self.connection.port}"
        if isinstance(exc, StrangeAnswerError):
            return ApiError(f"{where} gave no answer of an oVirt engine: {self._told(exc)}", reason=GARBAGE)
        code = getattr(exc, "code", None)
        if isinstance(exc, sdk.AuthError) and code != 403:
            who = "the Kerberos ticket" if by_ticket(self.connection) else f"user {self.connection.username}"
            return ApiError(f"{where} refuses {who}: {self._told(exc)}", status=401)
        fault = getattr(exc, "fault", None)
        if fault is not None:
            text = (fault.detail or fault.reason or "").strip("[]")
            return ApiError(f"{where}: {self._told(text)}", status=code or 0)
        if code is None:
            return self._no_answer(where, exc)
        return ApiError(f"{where}: {self._told(exc)}", status=code if code != 200 else 0, reason=GARBAGE)

    def _no_answer(self, where: str, exc: Exception) -> ApiError:
        number, told = self._curl(exc)
        if number in _CERTIFICATE_ERRORS or "CA file" in told:
            text = f"the certificate of {self.connection.host} is not trusted: {told}"
            return ApiError(
                f"{self.connection.key}: {text}. Give ca_file, or the CA to the system.", reason=CERTIFICATE
            )
        return ApiError(f"{where} gave no answer: {told}", reason=NO_ANSWER if number else GARBAGE)

    def _curl(self, exc: Exception) -> tuple[int, str]:
        found = _CURL.search(str(exc))
        return (int(found[1]), self._told(found[2])) if found else (0, self._told(exc))

    def _told(self, what: object) -> str:
        """One line of it, that holds no secret whatever a server echoes."""
        _secrets.keep(self._token.value)
        return _secrets.one_line(what)

    def each(self, method: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """The method on each, a few at a time, results in their order. The first error ends it."""
        return together(method, items, self.patience.workers)

    # Reading

    def check(self) -> int | None:
        """Are we logged in, and at an engine? How many VMs it has; None for a user who sees only a part of them: the
        summary is for administrators (BackendApiResource.java)."""
        instance, total = self._there(lambda system: _product(system.get()), "api")
        if self.instance and instance != self.instance:
            raise self._strange("is another engine now than it was before")
        self.instance = instance
        return total

    def _there(self, method: Callable[[Any], T], root: str) -> T:
        """What every engine has: its absence tells that this is none."""
        found = self.call(method, root)
        if found is None or isinstance(found, Refused):
            raise self._strange("has no API of an oVirt engine (404)")
        return found

    def _strange(self, what: str) -> ApiError:
        made = self.connection
        return ApiError(f"{made.key}: {made.host}:{made.port} {what}.", reason=GARBAGE)

    def everything(self) -> dict[str, Machine]:
        """All VMs that we may see, by id, without their details. A page that is not full may be a server's own limit:
        only one without anything new is the last."""
        found: dict[str, Machine] = {}
        page = 1
        while True:
            search = f"sortby name asc page {page}"

            def read(system: Any, search: str = search) -> list[Machine]:
                return [machine(vm) for vm in system.vms_service().list(search=search, max=PAGE)]

            new = {one.id: one for one in self._there(read, "vms") if one.id not in found}
            if not new:
                return found
            found |= new
            page += 1

    def named(self, names: Iterable[str], details: bool = False, dated: bool = False) -> dict[str, Machine]:
        """All VMs of these names, by id, with or without their details. Case counts; C(*) stands for anything. Names
        that the search language may take for something else are not looked for: the whole list has them. dated: asked
        also when their disks were made."""
        wanted = sorted({name for name in names if _PLAIN.fullmatch(name)})
        searches = [
            " or ".join(f'name="{name}"' for name in wanted[start : start + _NAMES])
            for start in range(0, len(wanted), _NAMES)
        ]

        def read(search: str) -> Sequence[Machine]:
            options: dict[str, Any] = {"follow": _FOLLOW} if details else {}
            options |= {"all_content": True} if dated else {}
            return self._there(
                lambda system: [
                    machine(vm) for vm in system.vms_service().list(search=search, case_sensitive=True, **options)
                ],
                "vms",
            )

        found = [one for got in self.each(read, searches) for one in got]
        return {one.id: self._whole(one) if details else one for one in found}

    def machine(self, vm_id: str, dated: bool = False) -> Machine | None:
        """This VM with its details; None when it is not there. Whoever relies on that asks check() after it."""
        options = {"all_content": True} if dated else {}
        one = self.call(
            lambda system: machine(system.vms_service().vm_service(vm_id).get(follow=_FOLLOW, **options)), "vm"
        )
        if one is None or isinstance(one, Refused):
            return None
        if one.id != vm_id:
            raise self._strange(f"tells of VM {one.id} where it was asked for {vm_id}")
        return self._whole(one)

    def _whole(self, one: Machine) -> Machine:
        """An engine that does not follow the link to the disks leaves it as it is. What has none left may have gone: it
        is looked at again before anything is done with it."""
        if one.volumes:
            return one
        volumes = self.call(
            lambda system: _volumes(
                system.vms_service().vm_service(one.id).disk_attachments_service().list(follow="disk")
            ),
            "disk_attachments",
        )
        return replace(one, volumes=volumes if isinstance(volumes, tuple) else ())

    def machines(self, names: dict[str, str], dated: bool = False) -> dict[str, Machine | None]:
        """These VMs (id -> the name it had) with their details, None for what is not there: a few searches, and a
        question for each that they did not find."""
        named = self.named(names.values(), details=True, dated=dated)
        found: dict[str, Machine | None] = {one: got for one, got in named.items() if one in names}
        missing = [one for one in names if one not in found]
        asked = self.each(lambda one: self.machine(one, dated), missing)
        return found | self._confirmed(dict(zip(missing, asked, strict=True)))

    def volumes(self, ids: Iterable[str]) -> dict[str, Volume | None]:
        """These disks, None for what is not there."""
        wanted = list(ids)

        def read(one: str) -> Volume | None:
            disk = self.call(lambda system: volume(system.disks_service().disk_service(one).get()), "disk")
            if isinstance(disk, Volume) and disk.id != one:
                raise self._strange(f"tells of disk {disk.id} where it was asked for {one}")
            return disk if isinstance(disk, Volume) else None

        return self._confirmed(dict(zip(wanted, self.each(read, wanted), strict=True)))

    def _confirmed(self, found: dict[str, T | None]) -> dict[str, T | None]:
        """A server that has lost its API says 404 to everything: absence counts where the API is there after it."""
        if None in found.values():
            self.check()
        return found

    def clusters(self) -> dict[str, str]:
        """id -> name."""
        return self._there(lambda system: _names(system.clusters_service().list()), "clusters")

    def events(self, ident: str, name: str) -> list[dict[str, str]]:
        """What the engine lately told of an object: of a VM by its id, and whatever names it; oldest first."""

        def read(system: Any) -> list[Any]:
            return list(system.events_service().list(max=_EVENTS))

        found = [one for one in self._there(read, "events") if _id(one.vm) == ident or _names_it(one, name)]
        return [event(one) for one in reversed(found)]

    def hosts(self) -> dict[str, str]:
        """id -> name; hosts are not for everybody to see."""
        try:
            return self._there(lambda system: _names(system.hosts_service().list()), "hosts")
        except ApiError:
            return {}

    def grants(self) -> list[Grant]:
        """Our roles, those of our groups and of everybody too (GetPermissionsByAdElementId in the engine's
        multi_level_administration_sp.sql): the engine has no call that tells what we may do with an object."""
        api = self._there(lambda system: system.get(), "api")
        user = api.effective_user or api.authenticated_user
        if user is None:
            return []
        listed = self._there(
            lambda system: [
                (_object_of(one), _id(one.role))
                for one in system.users_service().user_service(user.id).permissions_service().list()
            ],
            "permissions",
        )
        held = [(what, role) for what, role in listed if role]
        roles = sorted({role for _what, role in held})
        permits = dict(zip(roles, self.each(self._permits, roles), strict=True))
        return [Grant(permits[role], *what) for what, role in held]

    def _permits(self, role: str) -> frozenset[str]:
        return self._there(
            lambda system: frozenset(
                str(one.name) for one in system.roles_service().role_service(role).permits_service().list()
            ),
            "permits",
        )

    # Changing. None: done, or not there any more. Never async_=True: the SDK takes its 202 for an error.

    def start(self, vm_id: str) -> Refused | None:
        return self._change(lambda system: system.vms_service().vm_service(vm_id).start())

    def stop(self, vm_id: str) -> Refused | None:
        return self._change(lambda system: system.vms_service().vm_service(vm_id).stop())

    def remove(self, vm_id: str) -> Refused | None:
        return self._change(lambda system: system.vms_service().vm_service(vm_id).remove())

    def remove_disk(self, disk_id: str) -> Refused | None:
        return self._change(lambda system: system.disks_service().disk_service(disk_id).remove())

    def _change(self, method: Callable[[Any], Any]) -> Refused | None:
        """An error of this one call is told of this one object; one that ends the work is raised."""

        def permitted(system: Any) -> Any:
            _limits.before_a_change()
            return method(system)

        try:
            answer = self.call(permitted, "action", refusable=True)
        except ApiError as exc:
            if exc.reason == CERTIFICATE or exc.status == 401:
                raise
            if exc.reason == NO_ANSWER:
                self.check()  # is it the engine as a whole?
            return Refused(exc.status, exc.msg)
        return answer if isinstance(answer, Refused) else None


def _product(api: Any) -> tuple[str, int | None]:
    """What the engine calls itself, and how many VMs it has. Every engine says which product it is; what does not may
    be anything."""
    product = api.product_info
    if product is None or product.version is None or not (product.name or product.vendor):
        raise ValueError("it does not say which product it is")
    counted = api.summary.vms if api.summary is not None else None
    if counted is not None and counted.total is None:
        raise ValueError("it does not say how many VMs it has")
    return str(product.instance_id or ""), int(counted.total) if counted is not None else None


def machine(vm: Any) -> Machine:
    """An SDK's VM as plain data; one that does not say which it is could be anybody's."""
    if not vm.id or not vm.name:
        raise ValueError("a VM without id or name")
    dates = dates_of(vm)
    return Machine(
        id=str(vm.id),
        name=str(vm.name),
        status=_text(vm.status),
        created=vm.creation_time.isoformat() if vm.creation_time is not None else "",
        cluster=_id(vm.cluster),
        pool=_id(vm.vm_pool),
        host=_id(vm.host),
        protected=bool(vm.delete_protected),
        volumes=tuple(replace(one, made=dates.get(one.id, "")) for one in _volumes(vm.disk_attachments or ())),
        snapshots=tuple((str(one.description or ""), _text(one.snapshot_status)) for one in vm.snapshots or ()),
    )


def volume(disk: Any) -> Volume:
    if not disk.id:
        raise ValueError("a disk without id")
    using = [*(disk.vms or ()), *([disk.vm] if disk.vm is not None else [])]
    return Volume(
        id=str(disk.id),
        alias=str(disk.alias or disk.name or ""),
        status=_text(disk.status),
        shareable=bool(disk.shareable),
        storage_type=_text(disk.storage_type) or "image",
        vms=tuple(str(one.id) for one in using if one.id),
    )


def _volumes(attachments: Iterable[Any]) -> tuple[Volume, ...]:
    """What is attached and not told would go with its VM, unseen: volume() says so of None, too."""
    return tuple(volume(one.disk) for one in attachments)


def _names(listed: Iterable[Any]) -> dict[str, str]:
    return {str(one.id): str(one.name) for one in listed if one.id}


def _names_it(one: Any, name: str) -> bool:
    return bool(name) and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", str(one.description)) is not None


def event(one: Any) -> dict[str, str]:
    """An event as plain data."""
    told = {
        "time": one.time,
        "severity": _text(one.severity),
        "code": one.code,
        "message": one.description,
        "correlation_id": one.correlation_id,
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def _object_of(permission: Any) -> tuple[str, str]:
    """What a permission is for; one that names nothing is for the whole system."""
    links = ((kind, _id(getattr(permission, kind))) for kind in _OBJECTS)
    return next(((kind, found) for kind, found in links if found), ("system", ""))


def _text(value: Any) -> str:
    """Of an enumeration; a word that this SDK does not know is nothing to it."""
    return str(value.value) if value is not None else ""


def _id(link: Any) -> str:
    return str(link.id or "") if link is not None else ""
