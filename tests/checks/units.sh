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
ran=$(python -c 'import sys, xml.etree.ElementTree as t; s = t.parse(sys.argv[1]).getroot()[0]; print(int(s.get("tests")) - int(s.get("skipped")))' .cache/checks/units.xml)
[ "$ran" -ge 250 ] || fail "only $ran unit tests ran"
