# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire of a vCenter with a few VMs, on which any answer to any call may be broken. The lab's vCenter, which is not
ours, is what the rest is tested on; no vCenter can be made to send what is no SOAP."""

from __future__ import annotations

import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pyVmomi import vim, vmodl
from pyVmomi.SoapAdapter import SerializeFaultDetail, SerializeToStr
from pyVmomi.VmomiSupport import Object

from tests.lab import pki

VERSION = "vim.version.v8_0_1_0"
USER, PASSWORD = "teardown@vsphere.local", "the-pass-word"
_NS = "urn:vim25"
_VERSIONS = (
    f'<namespaces version="1.0"><namespace><name>{_NS}</name><version>8.0.1.0</version></namespace></namespaces>'
)
_COLLECTOR = vmodl.query.PropertyCollector

# What an answer may be instead; or its first half, or a result of another type.
CUT, WRONG = "cut", "wrong type"
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "html": b"<html><body>Please log in to the proxy</body></html>",
    "json": b'{"error": "no"}',
    "other xml": b'<?xml version="1.0"?><a><b/></a>',
    "another result": b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><XResponse/></Body></Envelope>',
    "empty body": b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body></Body></Envelope>',
    "control characters": b"\x00\x01\x1b\x1b\x00",
    "no text": b"\xff\xfe\xfa" * 20,
}
HOW = (*BROKEN, CUT, WRONG)


class Center:
    """What is there, and what goes wrong. broken: the method, and how; times: how often."""

    def __init__(self) -> None:
        self.port = 0
        self.vms: dict[str, str] = {}
        self.stores = {"datastore-1": True}
        self.sessions: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.broken, self.how, self.times = "", "", 0
        self.fault: vmodl.MethodFault | None = None

    def break_(self, method: str, how: str, times: int = 1000) -> None:
        self.broken, self.how, self.times = method, how, times

    def take(self, method: str) -> str:
        """How this answer is broken; empty when it is not."""
        if method != self.broken or self.times <= 0:
            return ""
        self.times -= 1
        return self.how

    def answer(self, method: str, this: str, body: str, cookie: str) -> tuple[str, str]:
        """(the result as XML, cookie)."""
        if method == "Login":
            if self.fault is not None:
                raise self.fault
            if f">{PASSWORD}</password>" not in body:
                raise vim.fault.InvalidLogin(msg="Cannot complete login due to an incorrect user name or password.")
            cookie = f"session-{self.calls['Login']}"
            self.sessions.add(cookie)
            return _told(_session(cookie)), cookie
        if method not in ("RetrieveServiceContent",) and cookie not in self.sessions:
            raise vim.fault.NotAuthenticated(object=vim.Folder("group-d1"), privilegeId="System.View")
        return str(getattr(self, f"_{method}")(this, body)), cookie

    def _RetrieveServiceContent(self, _this: str, _body: str) -> str:  # noqa: N802 - names of the API
        about = vim.AboutInfo(name="vc", fullName="vc", vendor="v", version="8", build="1", osType="x")
        about.productLineId, about.apiType, about.apiVersion = "vpx", "VirtualCenter", "8.0.1.0"
        about.instanceUuid = f"center-{self.port}"
        return _told(
            vim.ServiceInstanceContent(
                rootFolder=vim.Folder("group-d1"),
                propertyCollector=_COLLECTOR("propertyCollector"),
                viewManager=vim.view.ViewManager("ViewManager"),
                sessionManager=vim.SessionManager("SessionManager"),
                about=about,
            )
        )

    def _Logout(self, _this: str, _body: str) -> str:  # noqa: N802
        return ""

    def _CreateContainerView(self, _this: str, body: str) -> str:  # noqa: N802
        return _told(vim.view.ContainerView("view-" + "-".join(re.findall(r"<type>(\w+)<", body))))

    def _DestroyView(self, _this: str, _body: str) -> str:  # noqa: N802
        return ""

    def _RetrievePropertiesEx(self, _this: str, body: str) -> str:  # noqa: N802
        wanted = set(re.findall(r"<pathSet>([\w.]+)<", body))
        kinds = set(re.findall(r"<propSet><type>(\w+)<", body))
        refs = re.findall(r'<obj type="(\w+)">([^<]+)<', body)
        in_pages = refs[0][0] == "ContainerView" and "VirtualMachine" in kinds and "name" in wanted
        if refs[0][0] == "ContainerView":
            refs = [(kind, ref) for kind, ref in self._all() if kind in kinds]
        listed = [self._content(kind, ref, wanted) for kind, ref in refs if kind in kinds]
        if not listed:
            return ""
        first = in_pages and len(listed) > 1
        self._rest = listed[1:]
        return _told(_COLLECTOR.RetrieveResult(objects=listed[:1] if first else listed, token="1" if first else None))

    def _ContinueRetrievePropertiesEx(self, _this: str, _body: str) -> str:  # noqa: N802
        return _told(_COLLECTOR.RetrieveResult(objects=self._rest))

    def _all(self) -> list[tuple[str, str]]:
        places = [("Datacenter", "datacenter-1"), ("Folder", "group-v1")]
        return [*places, *(("Datastore", one) for one in self.stores), *(("VirtualMachine", one) for one in self.vms)]

    def _content(self, kind: str, ref: str, wanted: set[str]) -> Any:
        values: dict[str, Any] = {"name": self.vms.get(ref, ref)}
        if kind == "VirtualMachine":
            name = self.vms[ref]
            values |= {
                "config.instanceUuid": f"uuid-{ref}",
                "config.files.vmPathName": f"[datastore-1] {ref}/{ref}.vmx",
                "config.hardware.device": vim.vm.device.VirtualDevice.Array(),
                "runtime.powerState": vim.VirtualMachine.PowerState.poweredOff,
                "runtime.connectionState": vim.VirtualMachine.ConnectionState.connected,
                "name": name,
            }
        elif kind == "Datastore":
            values |= {"summary.accessible": self.stores[ref], "browser": vim.host.DatastoreBrowser(f"browser-{ref}")}
        elif kind == "Task":
            values |= {"info.state": vim.TaskInfo.State.success}
            if ref == "task-search":
                values["info.result"] = vim.host.DatastoreBrowser.SearchResults(folderPath="[datastore-1]")
        obj = {"VirtualMachine": vim.VirtualMachine, "Datastore": vim.Datastore, "Task": vim.Task}.get(
            kind, vim.Datacenter if kind == "Datacenter" else vim.Folder
        )(ref)
        props = [vmodl.DynamicProperty(name=name, val=value) for name, value in values.items() if name in wanted]
        return _COLLECTOR.ObjectContent(obj=obj, propSet=props)

    def _SearchDatastore_Task(self, _this: str, _body: str) -> str:  # noqa: N802
        return _told(vim.Task("task-search"))

    def _Destroy_Task(self, this: str, _body: str) -> str:  # noqa: N802
        if this not in self.vms:
            raise vmodl.fault.ManagedObjectNotFound(obj=vim.VirtualMachine(this))
        del self.vms[this]
        return _told(vim.Task(f"task-{this}"))


def _session(key: str) -> Any:
    now = vim.UserSession._GetPropertyInfo("loginTime").type.now()
    made = vim.UserSession(key=key, userName=USER, fullName=USER, loginTime=now, lastActiveTime=now)
    made.locale = made.messageLocale = "en"
    return made


def _told(value: Any) -> str:
    return str(SerializeToStr(value, Object(name="returnval", type=object, version=VERSION, flags=0), VERSION))


def _envelope(inner: str) -> bytes:
    spaces = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    spaces += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope {spaces}>\n<soapenv:Body>{inner}</soapenv:Body>'
    return f"{text}</soapenv:Envelope>".encode()


def _handler(center: Center) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece

        def do_GET(self) -> None:
            self._send(200, _broken(center.take("GET"), "GET", _VERSIONS.encode()), "")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = re.search(r"<soapenv:Body><(\w+) [^>]*><_this[^>]*>([^<]+)<", body)
            assert asked, body
            method = asked[1]
            center.calls[method] += 1
            given = re.search(r"vmware_soap_session=\"?([\w-]+)", self.headers.get("Cookie") or "")
            cookie, status = given[1] if given else "", 200
            try:
                told, cookie = center.answer(method, asked[2], body, cookie)
                answer = _envelope(f'<{method}Response xmlns="{_NS}">{told}</{method}Response>')
            except vmodl.MethodFault as exc:
                detail, words, status = SerializeFaultDetail(exc, version=VERSION), getattr(exc, "msg", ""), 500
                detail = detail.replace("<obj ", f"<{exc._wsdlName}Fault ").replace(
                    "</obj>", f"</{exc._wsdlName}Fault>"
                )
                answer = _envelope(
                    f"<soapenv:Fault><faultstring>{words}</faultstring><detail>{detail}</detail></soapenv:Fault>"
                )
            how = center.take(method)
            if method == "Logout" and not how:  # else it has not come through
                center.sessions.discard(cookie)
            self._send(status, _broken(how, method, answer), cookie)

        def _send(self, status: int, body: bytes, cookie: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            if cookie:
                self.send_header("Set-Cookie", f'vmware_soap_session="{cookie}"; Path=/')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Nothing: a test says what it needs."""

    return Handler


def _broken(how: str, method: str, answer: bytes) -> bytes:
    if how == CUT:
        return answer[: len(answer) // 2]
    if how == WRONG:
        told = '<returnval xsi:type="xsd:string">x</returnval>'
        return _envelope(f'<{method}Response xmlns="{_NS}">{told}</{method}Response>')
    return BROKEN.get(how, answer)


@contextmanager
def serving(folder: Path) -> Iterator[Center]:
    """One on loopback, over TLS."""
    if not (folder / "server.crt").exists():
        pki.make(folder)
    center = Center()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(center))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    center.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield center
    finally:
        server.shutdown()
        server.server_close()
