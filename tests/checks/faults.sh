#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Faults on the wire, objects that are stuck, controllers that misbehave, races and missing rights, in labs of their own.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

mkdir -p .cache/checks
MTV_TEARDOWN_LABS=faults-
export MTV_TEARDOWN_LABS
python -m pytest -q tests/contract/test_faults_reading.py tests/contract/test_faults_deleting.py tests/contract/test_stuck.py \
  tests/contract/test_misbehaving.py tests/contract/test_races.py tests/contract/test_rights.py \
  --junit-xml=.cache/checks/faults.xml "$@"
at_least 330 .cache/checks/faults.xml
