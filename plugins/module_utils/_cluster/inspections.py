# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which server is the VM that a Conversion inspects? It names a Secret with a connection, and no Provider."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from ansible_collections.mtv.teardown.plugins.module_utils._cluster import order
from ansible_collections.mtv.teardown.plugins.module_utils._cluster.objects import Obj, dig, referred
from ansible_collections.mtv.teardown.plugins.module_utils._session.model import Key, Session

# Namespace and name.
Place = tuple[str, str]
ReadSecret = Callable[[Place], "Obj | None"]


def host_of(url: str) -> str:
    """Empty for what is no address: then Forklift has not reached it either, and nothing was done there."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def with_hosts(session: Session, objects: Mapping[str, Obj], read: ReadSecret) -> Session:
    """The session with the server of each Conversion. The Secret may be that of a Provider; if not, read() asks for it,
    and gives None where nobody knows: then it is not known on which server to look."""
    providers = {
        referred(o.spec("secret")): o for o in objects.values() if (o.group, o.kind) == (order.FORKLIFT, "Provider")
    }
    known: dict[Place, str] = {}

    def host(place: Place) -> str:
        if place not in known:
            provider = providers.get(place)
            secret = read(place) if provider is None and all(place) else None
            known[place] = host_of(str(provider.spec("url") or "") if provider else url_in(secret))
        return known[place]

    def placed(key: Key) -> Key:
        conversion = objects.get(key.uid)
        if key.host or not key.vms or conversion is None:
            return key
        return replace(key, host=host(referred(conversion.spec("connection", "secret"))))

    return session.learned(conversions=tuple(placed(key) for key in session.conversions))


def keeping(known: Iterable[Key], found: Iterable[Key]) -> list[Key]:
    """What was found now, with what was known before of the same Conversion and shows no more."""
    before = {key.uid: key for key in known}
    return [
        replace(key, host=old.host, snapshot=key.snapshot or old.snapshot) if (old := before.get(key.uid)) else key
        for key in found
    ]


def url_in(secret: Obj | None) -> str:
    """The address in a Secret of Forklift, and nothing else of it (conversion/vsphere_connect.go reads the same)."""
    told = dig(secret.body, "data", "url") if secret is not None else None
    try:
        return base64.b64decode(str(told or ""), validate=True).decode()
    except ValueError:  # no base64, or no text
        return ""
