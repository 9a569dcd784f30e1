# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ovirtsdk4's connection, without its traps (providers.md 2.3): a log-in with a deadline and one token for all workers;
an answer that is none of an engine is told as such, with its status.

What is overridden is not public, so tests/contract/test_ovirt_client.py holds each against the SDK at hand.
"""

from __future__ import annotations

import io
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.parsers import expat

from ansible_collections.mtv.teardown.plugins.module_utils import _secrets

try:
    import ovirtsdk4 as sdk
    import pycurl
except ImportError:
    sdk = pycurl = None
    IMPORT_ERROR: str | None = traceback.format_exc()
else:
    IMPORT_ERROR = None

__all__ = ("IMPORT_ERROR", "StrangeAnswerError", "Token", "Wire", "pycurl", "sdk")
_Base: Any = sdk.Connection if IMPORT_ERROR is None else object
_Error: Any = sdk.Error if IMPORT_ERROR is None else Exception
_XML = re.compile(r"^content-type:\s*(application|text)/xml\b", re.IGNORECASE)
# What XML 1.0 forbids, as it stands and as a reference. A name may hold it all the same.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
# libxml2, and so the SDK, takes nothing that is deeper, and without a word: of a list it would give the beginning.
_DEPTH = 200
# Seconds until a connection must stand; what the name of a host leads to may not be there at all.
_CONNECT = 15
# CURL_VERSION_SPNEGO of libcurl.
_SPNEGO = 1 << 8
_NO_KERBEROS = "the libcurl of this Python speaks no Kerberos; a pycurl that was built with GSS-API does"
_NO_TICKET = "it took none, or there is none here that is valid for this host (klist shows them, kinit gets one)"


class StrangeAnswerError(_Error):  # type: ignore[misc]
    """What came is no answer of an engine. status: of HTTP."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Token:
    """The one session of all workers. given: the token that we were handed; it is somebody else's to end."""

    def __init__(self, given: str = "") -> None:
        self.given = bool(given)
        self.value = given
        self._lock = threading.Lock()
        self._refusal = ""

    def renewed(self, stale: str | None, login: Callable[[], str]) -> str:
        """One worker logs in; the others, whose token was the same stale one, take what it got. That may be a refusal:
        the engine's directory locks an account that is refused too often."""
        with self._lock:
            if self._refusal:
                raise sdk.AuthError(self._refusal)
            if not self.value or self.value == stale:
                try:
                    self.value = login()
                except sdk.AuthError as exc:
                    self._refusal = _secrets.one_line(exc)
                    raise
            return self.value


class Wire(_Base):  # type: ignore[misc]
    """One worker's connection: of the SDK only one request at a time goes through each. counted: called before each
    request; silence: seconds that one may take; status: of the last answer; root: the element that the next one must
    be, for a list of something else may be as empty."""

    def __init__(self, shared: Token, counted: Callable[[], None], silence: float, **options: Any) -> None:
        seconds = max(1, round(silence))  # whole seconds are all that the SDK hands on
        super().__init__(timeout=seconds, **options)
        self._shared, self._counted, self._seconds = shared, counted, seconds
        self.status = 0
        self.root = ""

    def authenticate(self) -> str:
        """Every request takes the session that counts now."""
        if self._shared.value:
            self._sso_token = self._shared.value
        return str(super().authenticate())

    def send(self, request: Any) -> Any:
        self._counted()
        self.status = 0
        return super().send(request)

    def _get_access_token(self) -> str:
        if self._shared.given:
            raise sdk.AuthError("the token has ended or is not valid", code=401)
        return self._shared.renewed(self._sso_token, super()._get_access_token)

    def revoke(self) -> None:
        """Log out."""
        self._sso_token = self._shared.value
        self._revoke_access_token()
        self._shared.value = ""

    def _get_sso_response(self, url: str, params: Any = "") -> Any:
        """The SDK's own waits for ever, and takes any JSON for a token."""
        self._counted()
        body = io.BytesIO()
        curl = pycurl.Curl()
        try:
            curl.setopt(pycurl.URL, url)
            curl.setopt(pycurl.COPYPOSTFIELDS, urlencode(params))
            curl.setopt(pycurl.HTTPHEADER, ["Accept: application/json"])
            curl.setopt(pycurl.SSL_VERIFYPEER, 0 if self._insecure else 1)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0 if self._insecure else 2)
            if self._ca_file is not None:
                curl.setopt(pycurl.CAINFO, self._ca_file)
            if self._kerberos:
                if not pycurl.version_info()[4] & _SPNEGO:
                    raise sdk.AuthError(_NO_KERBEROS, code=401)
                curl.setopt(pycurl.HTTPAUTH, pycurl.HTTPAUTH_GSSNEGOTIATE)
                curl.setopt(pycurl.USERPWD, ":")
            curl.setopt(pycurl.TIMEOUT, self._seconds)
            curl.setopt(pycurl.CONNECTTIMEOUT, min(_CONNECT, self._seconds))
            curl.setopt(pycurl.WRITEFUNCTION, body.write)
            curl.perform()
            status = int(curl.getinfo(pycurl.RESPONSE_CODE))
        finally:
            curl.close()
        if self._kerberos and status == 401:  # the page of what stands before the engine, and no word of the engine's
            raise sdk.AuthError(_NO_TICKET, code=401)
        return _token_answer(body.getvalue(), status, urlsplit(url).path)

    def _read_reponse(self, context: Any) -> Any:
        """404 has no body; whatever has one is XML, and whole. The SDK's parser would raise a bare Exception."""
        response = super()._read_reponse(context)
        self.status = int(response.code)
        if not response.body:
            return response
        if response.code != 401 and not any(_XML.match(line) for line in response.headers):
            kind = next((line.strip() for line in response.headers if line.lower().startswith("content-type")), "")
            raise StrangeAnswerError(f"HTTP {response.code} with {kind or 'no content type'}", response.code)
        if response.code != 401:
            response.body, found = _xml(response.body, response.code)
            if response.code == 200 and self.root not in ("", found):
                raise StrangeAnswerError(f"HTTP 200 with <{found}> for <{self.root}>", response.code)
        return response


def _xml(body: bytes, status: int) -> tuple[bytes, str]:
    """The body, so that it can be parsed, and its outermost element."""
    try:
        return body, _outermost(body)
    except expat.ExpatError:
        pass
    cleaned = _REFERENCE.sub(_allowed, _FORBIDDEN.sub("\ufffd", body.decode("utf-8", "replace"))).encode()
    try:
        return cleaned, _outermost(cleaned)
    except expat.ExpatError as exc:
        raise StrangeAnswerError(f"HTTP {status} with broken XML: {exc}", status) from exc


def _allowed(reference: re.Match[str]) -> str:
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    code = int(digits, base) if len(digits) < 8 else sys.maxunicode + 1
    is_allowed = code <= sys.maxunicode and not 0xD800 <= code < 0xE000 and not _FORBIDDEN.match(chr(code))
    return reference[0] if is_allowed else "\ufffd"


def _outermost(body: bytes) -> str:
    names: list[str] = []
    first = ""

    def begins(name: str, _attributes: object) -> None:
        nonlocal first
        first = first or name
        names.append(name)
        if len(names) > _DEPTH:
            raise ValueError("XML that is nested too deep")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begins
    parser.EndElementHandler = lambda _name: names.pop()
    parser.Parse(body, True)
    return first


def _token_answer(body: bytes, status: int, path: str) -> Any:
    try:
        answer = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise StrangeAnswerError(f"HTTP {status} without JSON from {path}", status) from None
    if not isinstance(answer, dict) or (status >= 500):
        raise StrangeAnswerError(f"HTTP {status} that is no answer of the SSO from {path}", status)
    token = answer.get("access_token")
    is_token = status == 200 and isinstance(token, str) and re.fullmatch("[!-~]+", token)
    if path.endswith(("/token", "/token-http-auth")) and not is_token and not isinstance(answer.get("error"), str):
        raise StrangeAnswerError(f"HTTP {status} without a token from {path}", status)
    return answer
