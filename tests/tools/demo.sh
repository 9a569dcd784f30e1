#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The main job from nothing: set-up, lab, what a test session leaves, and its teardown.
# A lab that was there before stays up; its own lab is taken down at the end.
set -eu

cd "$(dirname "$0")/../.."
start=$(date +%s)
name=demo
prefix=auto-demo
out=.cache/demo
page=$out/teardown-$prefix.html
say() { printf '\n=== %s (%s s)\n' "$*" "$(($(date +%s) - start))"; }

tests/tools/setup.sh
lab() { .venv/bin/python -m tests.lab "$@"; }
# The session's source VMs are clones on a vCenter; oVirt and OpenStack, which take longer to start, are for make test.
vcenter() { command=$1; shift; .venv/bin/python -m tests.lab.vcenter "$command" --name $name-vcenter "$@"; }
ours=yes
if lab status --name $name >/dev/null 2>&1; then ours=no; fi
finish() {
  code=$?
  trap - EXIT INT TERM
  if [ $ours = yes ]; then lab down --name $name; fi
  vcenter down
  if [ $code -eq 0 ]; then result="the demo passed; its report: $PWD/$page"; else result="the demo FAILED (exit code $code)"; fi
  say "$result"
  exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

say "starting a real control plane, and a vCenter"
lab up --name $name
vcenter up --providers $out/.providers.json
eval "$(lab env --name $name)"
export KUBECONFIG

say "seeding what a session of mtv-api-tests leaves, and bystanders beside it"
rm -f $out/*.json "$page"
lab seed cold --name $name --prefix $prefix --out $out
vcenter seed $out/resources.json

# Only what was decided here counts, not the caller's configuration.
export ANSIBLE_CONFIG=tests/tools/ansible.cfg ANSIBLE_CALLBACKS_ENABLED=mtv.teardown.progress LC_ALL=C.UTF-8
killed() { .venv/bin/python -m tests.tools.killed $name $out/world.json "$@"; }
# By what it is run: env, or killed.
play() {
  by=$1
  playbook=$2
  shift 2
  "$by" .venv/bin/ansible-playbook "playbooks/$playbook.yml" -e resources_file="$PWD/$out/resources.json" \
    -e data_collector_path="$PWD/$out" -e providers_file="$PWD/$out/.providers.json" "$@"
}
say "check mode: shows what a run would delete, and writes nothing"
play env teardown --check
lab check $out/world.json --name $name --expect untouched

say "a teardown that is killed (SIGKILL) as soon as the first object has gone"
play killed teardown

say "the teardown again: it takes up what that one left"
play env teardown

say "verify: looks again, deletes nothing"
play env verify

say "an independent look: nothing of the session is left, every bystander lives"
lab check $out/world.json --name $name --expect clean
vcenter check $out/resources.json
[ -s "$page" ]
