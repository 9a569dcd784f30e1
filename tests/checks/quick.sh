#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The inner loop: style, types and unit tests, in seconds.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

begun=$(date +%s)
echo "quick: ruff, mypy, yamllint, shellcheck (about 10 s; the first time 1 min)"
tests/checks/lint.sh quick
echo "quick: unit tests, and the tests of the project itself (about 20 s)"
tests/checks/units.sh -n 2 -m "not worlds and not slow"
printf 'quick: passed in %s s; make test runs every check\n' $(($(date +%s) - begun))
