#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every world, torn down: on the lab's slim CRDs, some on the real ones where their folder is at hand, or on an API server
# that is an OpenShift's.
#   tests/checks/molecule.sh slim|real|openshift [SCENARIO …]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

flavor=${1:?slim, real or openshift}
shift
options="[--crds, slim]"
case $flavor in
  slim) ;;
  openshift) options="[--crds, slim, --openshift]" ;;
  real)
    options="[--crds, real]"
    if [ "$(python -c 'from tests.lab import crds; print("yes" if crds.real_folder() else "no")')" = no ]; then
      echo "molecule: no folder with real CRDs here (MTV_TEARDOWN_CRDS_DIR), so the lab's slim ones only"
      exit 0
    fi
    # What has kinds of its own, and what has most of each. On the slim CRDs all are played, and those are held against the real ones.
    [ $# -gt 0 ] || set -- copy-offload deep-inspection many populator-openstack populator-ovirt
    ;;
  *) fail "which set: slim, real or openshift?" ;;
esac
scenarios=${*:-$(find extensions/molecule -mindepth 2 -maxdepth 2 -name molecule.yml -printf '%h\n' | xargs -n1 basename | sort)}
[ -n "$scenarios" ] || fail "there are no scenarios"
logs=$root/.cache/checks/molecule
mkdir -p "$logs"

# Two at a time, each in a lab of its own: much of a teardown is waiting.
side_by_side=2
export MTV_TEARDOWN_LAB_OPTIONS="$options"
failed=0
printf '%s\n' "$scenarios" | xargs -n 1 -P $side_by_side --process-slot-var=MTV_TEARDOWN_PLACE \
  tests/checks/world.sh "$flavor" || failed=1
for place in $(seq 0 $((side_by_side - 1))); do
  python -m tests.lab down --name "molecule-$flavor-$place"
done
exit $failed
