# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between pyVmomi and the wire: an answer that is none is told, and never taken for an empty one.

pyVmomi gives None for whatever is no SOAP, which is also what it gives when a vCenter has nothing to list; and it
cannot read a name that holds a character which XML forbids, though vCenter lets people give such names.
"""

from __future__ import annotations

import http.client
import io
import re
import ssl
import traceback
import zlib
from functools import partial
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._vsphere import pages

try:
    from pyVmomi import vmodl
    from pyVmomi.SoapAdapter import SoapStubAdapter, StubAdapterBase
    from pyVmomi.VmomiSupport import GetServiceVersions, versionIdMap
except ImportError:
    IMPORT_ERROR: str | None = traceback.format_exc()
    SoapStubAdapter = StubAdapterBase = object
else:
    IMPORT_ERROR = None

# What no parser of XML takes, as it stands or by its number.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x([0-9a-fA-F]+)|([0-9]+));")
# Where it may be. Three searches, for one pattern of all three takes four times as long.
_CONTROL, _LAST, _NUMBERED = re.compile(b"[\x00-\x08\x0b\x0c\x0e-\x1f]"), b"\xef\xbf", b"&#"
_UNKNOWN = "\ufffd"
_ENVELOPE = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<(?:[\w.-]+:)?Envelope[\s>]")
# Of pyVmomi, for what is SOAP and means nothing.
_MEANINGLESS = (ExpatError, SyntaxError, ValueError, TypeError, KeyError, AttributeError, IndexError)


class Garbled(http.client.HTTPException):
    """An answer that means nothing."""


def readable(body: bytes) -> bytes:
    """The same XML with characters that may not be in it replaced; nearly always there are none."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    else:
        if _NUMBERED not in body and _LAST not in body and not _CONTROL.search(body):
            return body
    return _FORBIDDEN.sub(_allowed, text).encode()


def _allowed(found: re.Match[str]) -> str:
    number = int(found[1], 16) if found[1] else int(found[2]) if found[2] else 0
    is_char = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE  # XML 1.0, 2.2
    return found[0] if is_char or 0x10000 <= number < 0x110000 else _UNKNOWN


class _Answer(http.client.HTTPResponse):
    """An answer that is read whole, and only when it is one to this method."""

    def __init__(self, asked: str, plain: list[pages.Plain], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._asked, self._plain = asked, plain
        self._whole: io.BytesIO | None = None

    def getheader(self, name: str, default: Any = None) -> Any:
        """What is given on is plain."""
        return default if name.lower() == "content-encoding" else super().getheader(name, default)

    def read(self, amt: int | None = None) -> bytes:
        if self._whole is None:
            self._whole = io.BytesIO(self._checked(super().read()))
        return self._whole.read(amt)

    def _checked(self, body: bytes) -> bytes:
        if super().getheader("Content-Encoding", "identity").lower() != "identity":
            try:
                body = zlib.decompress(body, zlib.MAX_WBITS + 32)
            except zlib.error as exc:
                raise Garbled(
                    f"{self._asked} was answered with what cannot be unpacked ({_secrets.one_line(exc)})"
                ) from exc
        body = readable(body.removeprefix(b"\xef\xbb\xbf"))
        told = rb"<(?:[\w.-]+:)?(?:%sResponse|Fault)[\s/>]" % self._asked.encode()
        if not _ENVELOPE.match(body) or not re.search(told, body):
            kind = super().getheader("Content-Type", "no type") if body else "nothing"
            raise Garbled(f"{self._asked} was answered with {kind}, and with no result of it")
        if self._asked in pages.METHODS:
            body, self._plain[:] = pages.plain_of(body)
        return body


class _Soap(SoapStubAdapter):  # type: ignore[misc]
    """pyVmomi's own, but for how an answer is read."""

    asked = ""
    plain: list[pages.Plain]

    def GetConnection(self) -> Any:  # noqa: N802 - pyVmomi's name
        wire = super().GetConnection()
        wire.response_class = partial(_Answer, self.asked, self.plain)
        return wire


class Stub(StubAdapterBase):  # type: ignore[misc]
    """What pyVmomi's objects call. Raises their faults, OSError, and HTTPException for what is no answer."""

    def __init__(self, **how: Any) -> None:
        self._soap = _Soap(**how)
        super().__init__(version=self._soap.version)

    def InvokeMethod(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 - pyVmomi's name
        self._soap.asked, self._soap.plain = info.wsdlName, []
        try:
            status, answer = self._soap.InvokeMethod(mo, info, args, self)
        except _MEANINGLESS as exc:
            told = _secrets.one_line(exc)
            raise Garbled(
                f"{info.wsdlName} was answered with what means nothing ({type(exc).__name__} {told})"
            ) from exc
        if isinstance(answer, Exception):
            raise answer
        if status != http.client.OK:
            raise Garbled(f"{info.wsdlName} was answered with HTTP {status}, and with no fault")
        if info.wsdlName in pages.METHODS and isinstance(answer, vmodl.query.PropertyCollector.RetrieveResult):
            return pages.Page(self._soap.plain, answer.objects, answer.token)
        return answer

    def close(self) -> None:
        self._soap.DropConnections()


def version_of(
    host: str, port: int, path: str, tls: ssl.SSLContext, silence: float, proxy: tuple[str, int] | None = None
) -> str:
    """The newest version of the API that both sides know. pyVmomi asks that without a limit of time."""
    wire = http.client.HTTPSConnection(*(proxy or (host, port)), timeout=silence, context=tls)
    if proxy:
        wire.set_tunnel(host, port)
    try:
        wire.request("GET", f"{path}/vimServiceVersions.xml")
        answer = wire.getresponse()
        text = answer.read(1_000_000)
        if answer.status != http.client.OK:
            raise Garbled(f"HTTP {answer.status}, and no list of its versions")
        try:
            listed = {one.text for one in ElementTree.fromstring(text).iter("version")}  # noqa: S314 - 1 MB at most
        except ElementTree.ParseError as exc:
            raise Garbled(f"no list of its versions ({_secrets.one_line(exc)})") from exc
    finally:
        wire.close()
    for version in GetServiceVersions("vim25"):
        if versionIdMap[version] and versionIdMap[version] in listed:
            return str(version)
    raise Garbled("no version of its API is known to pyVmomi")
