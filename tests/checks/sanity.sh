#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-test sanity, without an ignore file. It wants a copy at the right path with a git of its own; in a folder that
# git ignores it would find no file, skip everything and say that all is well.
#   tests/checks/sanity.sh [VENV KUBERNETES_CORE [--test NAME …]]   with the ansible-core of that venv, and that kubernetes.core
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

tree=$root/.cache/sanity
core=$(kubernetes_core)
if [ $# -gt 0 ]; then
  PATH=$1/bin:$PATH
  tree=$tree-$(basename "$1")
  core=$2
  shift 2
fi
clean_copy "$tree"
mkdir -p "$tree/ansible_collections/kubernetes"
ln -sfn "$core" "$tree/ansible_collections/kubernetes/core"
# A home of its own: caches of another version change what is found.
HOME=$tree/home
export HOME
mkdir -p "$HOME/.ansible/test/cache"
python "$root/tests/tools/get_pip.py" "$HOME/.ansible/test/cache"
version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cd "$tree/ansible_collections/mtv/teardown"
git init -q
[ -z "$(find tests/sanity -name 'ignore-*' 2>/dev/null)" ] || fail "there is an ignore file in tests/sanity"
log=$tree/sanity.log
code=0
ansible-test sanity --color no --python "$version" "$@" >"$log" 2>&1 || code=$?
cat "$log"
[ $code -eq 0 ] || fail "ansible-test sanity ended with $code"
if grep -q "All targets skipped" "$log"; then fail "ansible-test skipped everything"; fi
names="validate-modules ansible-doc import pylint pep8 runtime-metadata yamllint"
[ $# -eq 0 ] || names=$(echo "$*" | sed 's/--test / /g')
for name in $names; do
  grep -q "Running sanity test \"$name\"" "$log" || fail "the sanity test $name did not run"
done
