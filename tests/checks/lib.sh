#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Read by every check, which has set root, the checkout: the tools of .venv first in PATH, and a few words.
cd "${root:?}" || exit 1
PATH=$root/.venv/bin:$PATH
# ansible wants UTF-8; a caller's own configuration must not change what a check sees.
LC_ALL=C.UTF-8
ANSIBLE_CONFIG=$root/tests/tools/ansible.cfg
export PATH LC_ALL ANSIBLE_CONFIG
[ -x .venv/bin/python ] || { echo "there is no .venv: run make setup" >&2; exit 1; }

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# A copy of what git would hand out, where ansible-test and galaxy-importer want a collection to be.
clean_copy() {
  copy=$1/ansible_collections/mtv/teardown
  rm -rf "$copy"
  mkdir -p "$copy"
  git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$copy"
}

# at_least NUMBER FILE: fail when fewer tests than that really ran, by pytest's own report.
at_least() {
  ran=$(python -c 'import sys, xml.etree.ElementTree as t; s = t.parse(sys.argv[1]).getroot()[0]; print(int(s.get("tests")) - int(s.get("skipped")))' "$2")
  [ "$ran" -ge "$1" ] || fail "only $ran tests ran"
}
