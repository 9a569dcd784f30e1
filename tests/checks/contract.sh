#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The clients, the phases and the playbooks against a real API server; the lab's operator against what is known of Forklift.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

mkdir -p .cache/checks
python -m pytest -q tests/contract --ignore-glob="*/test_faults_*" --ignore-glob="*/test_stuck.py" \
  --ignore-glob="*/test_vsphere_*" --ignore-glob="*/test_ovirt_*" --ignore-glob="*/test_openstack_*" \
  --ignore-glob="*/test_provider_*" --ignore-glob="*/test_misbehaving.py" --ignore-glob="*/test_races.py" --ignore-glob="*/test_rights.py" --ignore-glob="*/test_runs_*" --junit-xml=.cache/checks/contract.xml "$@"
at_least 44 .cache/checks/contract.xml
