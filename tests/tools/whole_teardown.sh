#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A whole teardown with an installed collection, as a stranger runs it: in an empty place with an empty home, without
# anything of the caller's environment.
#   tests/tools/whole_teardown.sh LAB BIN COLLECTIONS [OPTION …]   LAB: a name for it; BIN: the folder with
#   ansible-playbook; OPTION: more for that
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"
name=$1 bin=$2 collections=$3
shift 3

place=$(mktemp -d)
record=$place/.data-collector/resources.json
lab() { command=$1; shift; python -m tests.lab "$command" --name "$name" "$@"; }
vcenter() { command=$1; shift; python -m tests.lab.vcenter "$command" --name "$name-vcenter" "$@"; }
finish() {
  code=$?
  trap - EXIT INT TERM
  cd "$root"
  lab down
  vcenter down
  rm -rf "$place"
  exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

lab up
vcenter up --providers "$place/.providers.json"
lab seed cold --prefix auto-ab12 --out "$place/.data-collector"
vcenter seed "$record"
kubeconfig=$(lab env | sed 's/^export KUBECONFIG=//')
mkdir "$place/home"
# Not even what else is beside that Python: there the checkout may be linked.
if ! (cd "$place" && env -i HOME="$place/home" PATH="$bin:/usr/bin:/bin" LC_ALL=C.UTF-8 KUBECONFIG="$kubeconfig" \
  ANSIBLE_COLLECTIONS_PATH="$collections" ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=false \
  ansible-playbook -vvv mtv.teardown.teardown -e resources_file=.data-collector/resources.json -e providers_file=.providers.json \
  "$@") >"$collections.log" 2>&1; then
  tail -n 60 "$collections.log"
  fail "the teardown failed; its output is in $collections.log"
fi
grep -q 'CLEAN: everything was read' "$collections.log" || fail "the teardown does not say that all is clean"
case "$*" in *second_look=true*) grep -q 'second look: other modules agree' "$collections.log" || fail "there is no second look that agrees" ;; esac
grep -o 'Using module file .*/mtv/teardown/plugins/modules/.*' "$collections.log" >"$place/modules" || true
[ "$(grep -cF "$collections/ansible_collections/" "$place/modules")" -ge 7 ] || fail "the modules of $collections were not used"
if grep -vF "$collections/ansible_collections/" "$place/modules"; then fail "these modules were taken from elsewhere"; fi
lab check "$place/.data-collector/world.json" --expect clean
vcenter check "$record"
(cd "$place/home" && find . -type f ! -path './.ansible/*') | grep . && fail "files were left in the home folder"
"$bin/python" -c 'import ansible.release, platform; print("a whole teardown with ansible-core", ansible.release.__version__, "on Python", platform.python_version())'
