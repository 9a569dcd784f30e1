#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The tarball, as Galaxy would take it: built from a clean copy, imported, installed into an empty folder; from there a
# whole teardown.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

tree=$root/.cache/build
rm -rf "$tree"
tarball=$(build_tarball "$tree")
if tar -tzf "$tarball" | grep -E '(^|/)(\.cache|\.venv|\.git|__pycache__|\.ansible)(/|$)'; then fail "the tarball holds what no user needs"; fi

# The importer ends with 0 whatever it finds.
printf '[galaxy-importer]\nCHECK_REQUIRED_TAGS = True\nCHECK_CHANGELOG = True\nRUN_FLAKE8 = False\n' >"$tree/importer.cfg"
(cd "$tree" && ANSIBLE_HOME=$tree/home GALAXY_IMPORTER_CONFIG=$tree/importer.cfg python -m galaxy_importer.main "$tarball") >"$tree/importer.log" 2>&1 ||
  { cat "$tree/importer.log"; fail "galaxy-importer failed"; }
cat "$tree/importer.log"
grep -q 'Importer processing completed successfully' "$tree/importer.log" || fail "galaxy-importer did not end well"
if grep -E '^(WARNING|ERROR)' "$tree/importer.log"; then fail "galaxy-importer found something"; fi

install_tarball "$tarball" "$tree/installed" "$(bundled)"
tests/tools/whole_teardown.sh build "$root/.venv/bin" "$tree/installed"
