# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the OpenStack services, once per lock and Python, into the user's cache folder."""

from __future__ import annotations

from pathlib import Path

from tests.lab.build import Say
from tests.lab.venvs import venv

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"


def services(say: Say) -> Path:
    """Return the venv of the services; make it when it is not there."""
    what = "Keystone, Nova, Cinder, Glance, Neutron and Placement"
    return venv("openstack", LOCK, say, what, "about 1 min, 600 MB")
