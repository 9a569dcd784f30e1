#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every world, torn down: slim CRDs, and the real ones beside them where their folder is at hand. The second run,
# which does not depend on CRDs, is played on the slim ones alone.
#   tests/checks/molecule.sh [SCENARIO …]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

scenarios=${*:-$(find extensions/molecule -mindepth 2 -maxdepth 2 -name molecule.yml -printf '%h\n' | xargs -n1 basename | sort)}
[ -n "$scenarios" ] || fail "there are no scenarios"
logs=$root/.cache/checks/molecule
mkdir -p "$logs"

# Each set of CRDs has a lab of its own.
#   run_set CRDS STEPS [SEQUENCE]
run_set() {
  [ $# -lt 3 ] || export MTV_TEARDOWN_SEQUENCE="$3"
  set_failed=0
  for scenario in $scenarios; do
    log=$logs/$1-$scenario.log
    begun=$(date +%s)
    code=0
    MTV_TEARDOWN_LAB=molecule-$1 MTV_TEARDOWN_LAB_CRDS=$1 MOLECULE_EPHEMERAL_DIRECTORY=$logs/$1/$scenario ANSIBLE_NOCOLOR=1 \
      NO_COLOR=1 molecule test -s "$scenario" >"$log" 2>&1 </dev/null || code=$?
    # A missing playbook is only a warning there.
    if grep -q 'Missing playbook' "$log" || ! grep -Eq "successful=$2 .*skipped=0 .*missing=0 .*failed=0" "$log"; then code=99; fi
    if [ $code -eq 0 ]; then word=passed; else word=FAILED set_failed=1; fi
    printf 'molecule: %-20s %-4s CRDs  %s in %s s\n' "$scenario" "$1" "$word" $(($(date +%s) - begun))
    if [ $code -ne 0 ]; then grep -vE '^ *$' "$log" | tail -n 60; fi
  done
  python -m tests.lab down --name "molecule-$1"
  return $set_failed
}

with_real=$(python -c 'from tests.lab import crds; print("yes" if crds.real_folder() else "no")')
failed=0
# In a shell of its own, for it sets what the other set must not see.
(run_set slim 8) || failed=1
if [ "$with_real" = yes ]; then
  (run_set real 7 "[destroy, create, prepare, check, converge, verify, destroy]") || failed=1
else
  echo "molecule: no folder with real CRDs here (MTV_TEARDOWN_CRDS_DIR), so the lab's slim ones only"
fi
exit $failed
