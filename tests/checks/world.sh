#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One world of molecule.sh, which says in the environment how, in the lab of those that run side by side.
#   tests/checks/world.sh SET SCENARIO
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

flavor=$1
scenario=$2
logs=$root/.cache/checks/molecule
log=$logs/$flavor-$scenario.log
begun=$(date +%s)
code=0
# A second run, which does not depend on the kinds there are, is played in a few, one with each way a session may lie.
second=
case "$flavor $scenario" in
  "slim cold" | "slim populator-openstack" | "slim shared-namespace" | "slim warm") second=" idempotence," ;;
esac
sequence="prepare, check, converge,$second verify"
# The lab is there, and the world's files go below; one plays what others do who call molecule test.
[ "$flavor $scenario" != "slim warm" ] || sequence="destroy, create, $sequence, destroy"
export MTV_TEARDOWN_SEQUENCE="[$sequence]"
steps=$(echo "$sequence" | tr ',' '\n' | wc -l)
rm -rf "${logs:?}/$flavor/$scenario"
MTV_TEARDOWN_LAB=molecule-$flavor-$MTV_TEARDOWN_PLACE MOLECULE_EPHEMERAL_DIRECTORY=$logs/$flavor/$scenario ANSIBLE_NOCOLOR=1 NO_COLOR=1 \
  molecule test -s "$scenario" >"$log" 2>&1 </dev/null || code=$?
# A missing playbook is only a warning there.
if grep -q 'Missing playbook' "$log" || ! grep -Eq "successful=$steps .*skipped=0 .*missing=0 .*failed=0" "$log"; then code=99; fi
if [ $code -eq 0 ]; then word=passed; else word=FAILED; fi
printf 'molecule: %-20s %-9s  %s in %s s\n' "$scenario" "$flavor" "$word" $(($(date +%s) - begun))
if [ $code -ne 0 ]; then
  grep -vE '^ *$' "$log" | tail -n 60
  exit 1
fi
