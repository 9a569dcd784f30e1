#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Source providers: each client and site against its peer, the peers against clients that are not ours, and the playbooks.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

mkdir -p .cache/checks
MTV_TEARDOWN_LABS=providers-
export MTV_TEARDOWN_LABS
python -m pytest -q tests/contract/test_vsphere_clones.py tests/contract/test_provider_playbooks.py tests/contract/test_ovirt_*.py \
  tests/contract/test_openstack_*.py --junit-xml=.cache/checks/providers.xml "$@"
at_least 290 .cache/checks/providers.xml
