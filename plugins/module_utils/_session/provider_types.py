# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for types of source providers, in files of mtv-api-tests and in Forklift's Providers."""

from __future__ import annotations

# Those that can be searched; each has a folder of its own, and is in the registry (_run/registry.py).
SEARCHED = ("vsphere", "ovirt", "openstack")
# On these a session leaves something that has to be looked for by hand.
NAMED = ("hyperv", "ec2", "nutanix")
# These have nothing of their own to be searched: their VMs lie on the cluster, or are files that nobody makes.
SERVED = ("openshift", "ova")
TYPES = (*SEARCHED, *SERVED, *NAMED)
# What the suite writes for a type, and what the record writes for it.
ALIASES = {"rhv": "ovirt"}
