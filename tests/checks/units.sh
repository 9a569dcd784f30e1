#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The unit tests, and the tests of the project itself. Decisions as tables, modules through their real main().
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

mkdir -p .cache/checks
python -m pytest -q tests/unit tests/project --junit-xml=.cache/checks/units.xml "$@"
at_least 4450 .cache/checks/units.xml
