#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Worlds, torn down as people do it: on the lab's slim CRDs, some on the real ones where their folder is at hand, or on an
# API server that is an OpenShift's. Those that are not named are the ones that differ in more than what lies in them.
#   tests/checks/molecule.sh slim|real|openshift [SCENARIO …]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

flavor=${1:?slim, real or openshift}
shift
options="--crds $flavor"
real=$(python -c 'from tests.lab import crds; print("yes" if crds.real_folder() else "no")')
# What has kinds of its own, and what has most of each, is played by make test-all: on the real CRDs where they are at hand.
on_real="copy-offload deep-inspection many populator-ovirt"
# tests/contract/test_worlds.py tears these down.
others=$(python -c 'from tests.lab.worlds import table; print(*table.BY_PYTHON)')
case $flavor in
  slim) if [ "$real" = yes ] || ! all_tests; then others="$others $on_real"; fi ;;
  openshift) options="--crds slim --openshift" ;;
  real)
    if [ "$real" = no ]; then
      echo "molecule: no folder with real CRDs here (MTV_TEARDOWN_CRDS_DIR), so the lab's slim ones only"
      exit 0
    fi
    # Names are words.
    # shellcheck disable=SC2086
    [ $# -gt 0 ] || set -- $on_real
    ;;
  *) fail "which set: slim, real or openshift?" ;;
esac
scenarios=${*:-$(find extensions/molecule -mindepth 2 -maxdepth 2 -name molecule.yml -printf '%h\n' | xargs -n1 basename | grep -vxE "$(echo "$others" | tr ' ' '|')" | sort)}
[ -n "$scenarios" ] || fail "there are no scenarios"
logs=$root/.cache/checks/molecule
mkdir -p "$logs"

# Two at a time, each in a lab of its own: much of a teardown is waiting.
side_by_side=2
places=$(seq 0 $((side_by_side - 1)))
MTV_TEARDOWN_LAB_OPTIONS="[$(echo "$options" | tr ' ' ',')]"
export MTV_TEARDOWN_LAB_OPTIONS
# What stands in $options are words.
# shellcheck disable=SC2086
for place in $places; do
  python -m tests.lab up --name "molecule-$flavor-$place" $options || fail "the lab does not start"
done
failed=0
printf '%s\n' "$scenarios" | xargs -n 1 -P $side_by_side --process-slot-var=MTV_TEARDOWN_PLACE \
  tests/checks/world.sh "$flavor" || failed=1
for place in $places; do
  python -m tests.lab down --name "molecule-$flavor-$place"
done
exit $failed
