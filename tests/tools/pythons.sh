#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Read by set-up and by tests/checks/versions.sh: which interpreters there are.

# A pyenv shim exists for versions that are not active and then fails, so ask the interpreter to do real work.
runs() { "$1" -c 'import ctypes, ssl, sqlite3, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

# candidates VERSION …: what may be these Pythons, in that order.
candidates() {
  versions=
  if command -v pyenv >/dev/null 2>&1; then versions=$(pyenv root 2>/dev/null)/versions; fi
  for v in "$@"; do
    command -v "python$v" || true
    # Newest patch release first; the glob stays literal, and so is no file, where there is none.
    # shellcheck disable=SC2012
    if [ -n "$versions" ]; then ls -d "$versions"/"$v"*/bin/"python$v" 2>/dev/null | sort -rV || true; fi
  done
}

# Prints the first of these versions that really runs; fails when there is none.
first_python() {
  for candidate in $(candidates "$@"); do
    if runs "$candidate"; then echo "$candidate"; return; fi
  done
  return 1
}
