#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything. Ends with a table and fails if anything did.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

logs=$root/.cache/checks
rm -rf "$logs"
mkdir -p "$logs"
begun=$(date +%s)

# step NAME LIMIT WHAT: run tests/checks/NAME.sh, keep its output, note its end.
step() {
  start=$(date +%s)
  printf 'test: %s: %s (about %s)\n' "$1" "$3" "$2"
  code=0
  "tests/checks/$1.sh" >"$logs/$1.log" 2>&1 </dev/null || code=$?
  echo "$1 $code $(($(date +%s) - start))" >>"$logs/steps"
  if [ $code -eq 0 ]; then
    printf 'test: %s passed in %s s\n' "$1" $(($(date +%s) - start))
  else
    printf 'test: %s FAILED (%s); the end of .cache/checks/%s.log:\n' "$1" $code "$1"
    tail -n 60 "$logs/$1.log"
  fi
}

everything_else() {
  step lint "1 min" "ruff, mypy, yamllint, shellcheck, ansible-lint"
  step units "20 s" "decisions and modules"
  step docs "1 min" "documentation and changelog"
  step build "2 min" "tarball, Galaxy's import checks"
  step sanity "1 min" "ansible-test, no ignore file"
  step contract "7 min" "clients, phases, roles and playbooks against a real API server"
  step providers "6 min" "vCenter, oVirt engine, OpenStack, and the playbooks on them"
  step faults "10 min" "faults on the wire, stuck objects, misbehaving controllers, races, rights"
}

python -c 'import ovirtsdk4' 2>/dev/null || fail "the oVirt SDK is not there: install gcc and libxml2-dev (Debian: apt install gcc libxml2-dev), then call make test again"
echo "test: the lab's servers (built once, about 3 min)"
python -m tests.lab up --name contract >"$logs/servers.log" 2>&1 || { tail -n 40 "$logs/servers.log"; fail "the lab does not start"; }
python -m tests.lab down --name contract
python -c 'from tests.lab import build; build.built(build.VCENTER, print)' >>"$logs/servers.log" 2>&1 || { tail -n 40 "$logs/servers.log"; fail "the vCenter is not built"; }
# Two at a time, for two cores: more only makes each of them wait, and what waits for too long fails.
everything_else &
other=$!
step molecule "20 min" "every world torn down"
wait "$other"

printf '\n%-10s %-8s %s\n' step result seconds
wrong=0
for name in lint units docs build sanity providers contract faults molecule; do
  line=$(grep "^$name " "$logs/steps" || echo "$name missing 0")
  code=$(echo "$line" | cut -d' ' -f2)
  if [ "$code" = 0 ]; then result=passed; else result=FAILED wrong=1; fi
  printf '%-10s %-8s %s\n' "$name" "$result" "$(echo "$line" | cut -d' ' -f3)"
done
printf 'in all %s s\n' $(($(date +%s) - begun))
exit $wrong
