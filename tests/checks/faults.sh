#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Faults on the wire, objects that are stuck, controllers that misbehave, races and missing rights, in labs of their own.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

contract_tests faults 420 800 "$@"
