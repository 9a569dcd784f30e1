#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One check of test.sh: its output goes to a log, its end into the list of steps.
#   tests/checks/step.sh 'CHECK [ARGUMENT …]|about how long|what it does[|behind]'   behind: with less priority than the others
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
logs=$root/.cache/checks
IFS='|' read -r check time what behind <<END
$1
END
name=$(printf '%s' "$check" | tr ' ' '-')
start=$(date +%s)
printf 'test: %s: %s (about %s)\n' "$name" "$what" "$time"
code=0
# What stands in $check are a script's name and its arguments.
# shellcheck disable=SC2086
set -- $check
script=$root/tests/checks/$1.sh
shift
${behind:+nice -n 5} "$script" "$@" >"$logs/$name.log" 2>&1 </dev/null || code=$?
echo "$name $code $(($(date +%s) - start))" >>"$logs/steps"
if [ $code -eq 0 ]; then
  printf 'test: %s passed in %s s\n' "$name" $(($(date +%s) - start))
else
  printf 'test: %s FAILED (%s); the end of .cache/checks/%s.log:\n%s\n' "$name" $code "$name" "$(tail -n 60 "$logs/$name.log")"
fi
