#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The tarball, as Galaxy would take it: built from a clean copy, imported, installed into an empty folder and read there.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

tree=$root/.cache/build
rm -rf "$tree"
clean_copy "$tree"
(cd "$tree/ansible_collections/mtv/teardown" && ansible-galaxy collection build --force --output-path "$tree" .)
tarball=$(ls "$tree"/mtv-teardown-*.tar.gz)
if tar -tzf "$tarball" | grep -E '(^|/)(\.cache|\.venv|\.git|__pycache__|\.ansible)(/|$)'; then fail "the tarball holds what no user needs"; fi

# The importer ends with 0 whatever it finds.
printf '[galaxy-importer]\nCHECK_REQUIRED_TAGS = True\nCHECK_CHANGELOG = True\nRUN_FLAKE8 = False\n' >"$tree/importer.cfg"
(cd "$tree" && GALAXY_IMPORTER_CONFIG=$tree/importer.cfg python -m galaxy_importer.main "$tarball") >"$tree/importer.log" 2>&1 ||
  { cat "$tree/importer.log"; fail "galaxy-importer failed"; }
cat "$tree/importer.log"
grep -q 'Importer processing completed successfully' "$tree/importer.log" || fail "galaxy-importer did not end well"
if grep -E '^(WARNING|ERROR)' "$tree/importer.log"; then fail "galaxy-importer found something"; fi

# Without --force nothing is installed: the checkout, linked into .venv, has that version already.
ansible-galaxy collection install --force --no-deps --collections-path "$tree/installed" "$tarball" >/dev/null
[ -f "$tree/installed/ansible_collections/mtv/teardown/MANIFEST.json" ] || fail "the tarball was not installed"
cd "$tree"
ANSIBLE_COLLECTIONS_PATH=$tree/installed ansible-doc -t module mtv.teardown.session_info >/dev/null
ANSIBLE_COLLECTIONS_PATH=$tree/installed ansible-doc -t role mtv.teardown.verify >/dev/null
echo "built: $tarball"
