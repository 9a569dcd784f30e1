# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""utilities/esxi.py of mtv-api-tests: an SSH key that may log in to an ESXi host as root, for copy-offload. It is noted
before it is put there, and struck when the suite has taken it away.

The note names the host by its own SSH key and the line of its file by a hash, so that a teardown can tell both again.
Where the host could not be looked at, the note has neither, and a person has to look.
"""

from __future__ import annotations

import base64
import hashlib
import inspect
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from mtv_record import esxi_host
from mtv_record.changes import ESXI, KEY, LINE, Change, Field
from mtv_record.recorder import FAILURES, Recorder, now

PORT = 22
# What the suite writes there.
_LINE = (
    'command="python /vmfs/volumes/{datastore_name}/secure-vmkfstools-wrapper.py",'
    "no-port-forwarding,no-agent-forwarding,no-X11-forwarding {public_key}"
)
_WITHHELD = "the file of keys is the host's own, and it could not be looked at before"
Function = Callable[..., Any]


def install(recorder: Recorder, plain: Function) -> Function:
    def recorded(*args: Any, **kwargs: Any) -> Any:
        given = _given(recorder, plain, args, kwargs)
        change = _change(recorder, given) if given else None
        recorder.changing([change] if change else [])
        made = plain(*args, **kwargs)
        recorder.changed([change.id] if change else [])
        return made

    return recorded


def remove(recorder: Recorder, plain: Function) -> Function:
    def recorded(*args: Any, **kwargs: Any) -> Any:
        given = _given(recorder, plain, args, kwargs)
        # Behind one name there may be another host by now, which says of this one's keys nothing.
        noted = [one for one in recorder.noted() if given and _is_of(one, given)]
        asked = any(one.fields for one in noted)
        seen = _looked(recorder, given, None) if given and asked else None
        made = plain(*args, **kwargs)
        there = seen.host if seen else ""
        recorder.put_back([one.id for one in noted if not one.fields or one.uid.startswith(f"{there}/")])
        return made

    return recorded


def _given(recorder: Recorder, plain: Function, args: Any, kwargs: Any) -> Mapping[str, Any]:
    """What it was called with, and the key's fingerprint, as ssh-keygen shows it; nothing where that is no key."""
    try:
        given = dict(inspect.signature(plain).bind(*args, **kwargs).arguments)
        digest = hashlib.sha256(base64.b64decode(str(given["public_key"]).split()[1], validate=True)).digest()
    except FAILURES as exc:
        recorder.trouble(f"an SSH key on an ESXi host is not recorded: {type(exc).__name__}")
        return {}
    known = {"digest": digest, "fingerprint": f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"}
    return {**given, "host": str(given.get("host")).lower(), **known}


def _looked(recorder: Recorder, given: Mapping[str, Any], login: tuple[str, str] | None) -> esxi_host.Seen | None:
    try:
        return esxi_host.look(given["host"], PORT, login)
    except (esxi_host.UnseenError, *FAILURES) as exc:
        told = str(exc) if isinstance(exc, esxi_host.UnseenError) else type(exc).__name__
        recorder.trouble(f"ESXi host {given['host']} could not be looked at before its SSH keys change: {told}")
        return None


def _change(recorder: Recorder, given: Mapping[str, Any]) -> Change | None:
    """The ledger has the key's fingerprint, and nothing else of the key. None where it is there already: then the suite
    writes nothing."""
    key, host = str(given["public_key"]), given["host"]
    line, login = _line(given), (str(given.get("username")), str(given.get("password")))
    seen = _looked(recorder, given, login) if line else None
    if seen is not None and seen.file is not None and key in seen.file:
        return None
    place = f"[{host}]:{PORT}" if ":" in host else f"{host}:{PORT}"
    known: dict[str, Any] = {"withheld": _WITHHELD}
    if seen is not None:
        known = {"fields": (Field(LINE, after=f"sha256:{hashlib.sha256(line.encode()).hexdigest()}"),)}
    return Change(
        id=uuid.uuid4().hex,
        kind=KEY,
        api_version=ESXI,
        namespace=None,
        name=host,
        uid=f"{seen.host if seen else place}/{given['fingerprint']}",
        place=place,
        test_name=recorder.test[1],
        session=recorder.prefix,
        time=now(),
        provider=ESXI,
        ref=given["digest"].hex(),
        **known,
    )


def _line(given: Mapping[str, Any]) -> str:
    """What the suite is going to write; empty where that is not known, or not one line."""
    if not isinstance(given.get("datastore_name"), str):
        return ""
    line = _LINE.format(datastore_name=given["datastore_name"], public_key=given["public_key"]).removesuffix("\n")
    return line if line.isprintable() else ""


def _is_of(change: Change, given: Mapping[str, Any]) -> bool:
    is_key = change.provider == ESXI and change.uid.endswith(f"/{given['fingerprint']}")
    return is_key and change.name == given["host"]
