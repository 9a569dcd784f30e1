# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the cluster for what every module keeps there, also one that works on source providers alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.mtv.teardown.plugins.module_utils._cluster import rest
from ansible_collections.mtv.teardown.plugins.module_utils._errors import RecordError, TeardownError

# In an option that is kept there.
CONNECTION_SPEC: dict[str, Any] = {"connection": {"type": "dict", "default": {}}}


def connect(wanted: Mapping[str, Any], option: str) -> rest.Http:
    """By C(connection) in the option of that name, which has the names of kubernetes.core. RecordError where that is
    wrong."""
    library = rest.missing_library()
    if library:
        raise TeardownError(missing_required_lib("kubernetes"))
    checked = ArgumentSpecValidator(AUTH_ARG_SPEC).validate(dict(wanted.get("connection") or {}))
    if checked.error_messages:
        raise RecordError(f"{option}: connection cannot be used: {'; '.join(checked.error_messages)}")
    return rest.connect(SimpleNamespace(params=checked.validated_parameters))
