#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every check. Ends with a table and fails if anything did. With MTV_TEARDOWN_TESTS=all (make test-all) also what is marked
# exhaustive: a rule once more, at each place or in each form, that others show in some (tests/contract/checks.py).
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

# The longest first, so that the last end together. Their times are those of 2 cores; with make test-all up to twice as long.
# What computes most of its time goes behind those that wait for servers, and takes what they leave.
steps='providers|19 min|vCenter, oVirt engine, OpenStack, and the playbooks on them
contract|18 min|clients, phases and recorders against a real API server
playbooks|16 min|playbooks and roles, run as people run them, against a real API server
faults|10 min|faults on the wire, stuck objects, misbehaving controllers, races, rights
units|8 min|decisions and modules|behind
sanity|5 min|ansible-test, no ignore file|behind
runs|5 min|execution environment, CI pipelines, molecule of others
molecule slim|4 min|worlds torn down by molecule, on the own CRDs of the lab
molecule real|4 min|worlds torn down, on real CRDs where they are at hand
versions|4 min|both ends of ansible-core, Python and libraries: sanity, a whole teardown|behind
awx|3 min|AWX as code, and jobs with what AWX injects
build|3 min|tarball, import checks of Galaxy, a whole teardown from it|behind
lint|2 min|ruff, mypy, yamllint, shellcheck, ansible-lint|behind
docs|2 min|documentation and changelog|behind'

all_tests || steps=$(printf '%s\n' "$steps" | grep -v '^molecule real|')

logs=$root/.cache/checks
rm -rf "$logs"
mkdir -p "$logs"
begun=$(date +%s)
python -c 'import ovirtsdk4' 2>/dev/null || fail "the oVirt SDK is not there: install gcc and libxml2-dev (Debian: apt install gcc libxml2-dev), then call make test again"
echo "test: a Chromium, in which the page of a report is opened (where there is none, root installs Debian's, about 1 min)"
tests/tools/debian.sh "chromium chromium-browser google-chrome" chromium >"$logs/chromium.log" 2>&1 || { tail -n 5 "$logs/chromium.log"; fail "there is no Chromium"; }
echo "test: the lab's servers (built once, about 3 min)"
python -m tests.lab up --name contract >"$logs/servers.log" 2>&1 || { tail -n 40 "$logs/servers.log"; fail "the lab does not start"; }
python -m tests.lab down --name contract
python -c 'from tests.lab import build; build.built(build.VCENTER, print)' >>"$logs/servers.log" 2>&1 || { tail -n 40 "$logs/servers.log"; fail "the vCenter is not built"; }
# Three more at a time than there are cores: what waits for servers leaves some free. With more, what waits for too long fails.
cores=$(nproc)
[ "$cores" -le 5 ] || cores=5  # each has API servers of its own, and those a gigabyte or two
# Each server of Go would look for work on every core, which an API server alone shows as a third more CPU.
GOMAXPROCS=1
export GOMAXPROCS
printf '%s\n' "$steps" | xargs -d '\n' -n 1 -P $((cores + 3)) tests/checks/step.sh

printf '\n%-15s %-8s %s\n' step result seconds
wrong=0
names=$(printf '%s\n' "$steps" | cut -d'|' -f1 | tr ' ' '-')
for name in $names; do
  line=$(grep "^$name " "$logs/steps" || echo "$name missing 0")
  code=$(echo "$line" | cut -d' ' -f2)
  if [ "$code" = 0 ]; then result=passed; else result=FAILED wrong=1; fi
  printf '%-15s %-8s %s\n' "$name" "$result" "$(echo "$line" | cut -d' ' -f3)"
done
printf 'in all %s s\n' $(($(date +%s) - begun))
exit $wrong
