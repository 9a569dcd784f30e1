#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Both ends of what is supported, each with sanity, units and one whole teardown from the tarball:
#   lower   ansible-core 2.19, Python 3.11, kubernetes.core 6.2, and the oldest libraries that requirements.txt allows;
#           these meet the vCenter and the oVirt engine, too
#   upper   ansible-core 2.21, Python 3.13, the newest of everything. Where .venv is just that, sanity.sh, units.sh and
#           build.sh are its checks, and nothing is done twice
# Where a Python is not there, the nearest one that is stands for it, and that is told; with MTV_TEARDOWN_VERSIONS=all,
# as in CI, that is an error.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"
. "$root/tests/tools/pythons.sh"

tree=$root/.cache/versions
mkdir -p "$tree"
uv=$(command -v uv || echo "$root/.cache/uv/bin/uv")
# Certificates: those that the system trusts, as pip and Go do; a company may have its own.
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=true UV_LINK_MODE=hardlink
say() { printf 'versions: %s\n' "$*"; }

# python_for VERSION OTHER …: sets python.
python_for() {
  python=$(first_python "$@") || fail "none of Python $* runs here"
  found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  [ "$found" = "$1" ] && return
  [ "${MTV_TEARDOWN_VERSIONS:-}" != all ] || fail "there is no Python $1 here (pyenv install $1, or Debian: apt install python$1)"
  say "there is no Python $1 here, so $found stands for it"
}

# make_end NAME PYTHON ANSIBLE_CORE ANSIBLE RESOLUTION: a venv, and kubernetes.core from that release of the bundle.
make_end() {
  venv=$tree/$1
  wanted="$(cat requirements.txt requirements-dev.txt | cksum) $*"
  [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$wanted" ] && return
  say "making the $1 end: ansible-core $3 on $("$2" -V)"
  "$uv" venv --quiet --clear --python "$2" "$venv"
  grep -E '^(aiohttp|hypothesis|pytest)' requirements-dev.txt >"$tree/$1.txt"
  printf 'ansible-core==%s\n' "$3" >>"$tree/$1.txt"
  "$uv" pip install --quiet --compile-bytecode --python "$venv/bin/python" --resolution "$5" -r requirements.txt -r "$tree/$1.txt"
  "$uv" pip install --quiet --no-deps --python "$venv/bin/python" --target "$venv/bundle" "ansible==$4"
  printf '%s\n' "$wanted" >"$venv/.stamp"
}

# check_end NAME: sanity, units and a whole teardown with that venv.
check_end() {
  venv=$tree/$1
  core=$venv/bundle/ansible_collections/kubernetes/core
  say "$1: sanity"
  tests/checks/sanity.sh "$venv" "$core" >"$tree/$1.sanity.log" 2>&1 || { tail -n 60 "$tree/$1.sanity.log"; fail "sanity, $1 end"; }
  install_tarball "$tarball" "$tree/$1.collections" "$core"
  say "$1: units"
  # The thousands of random worlds are made once, by units.sh: they try decisions, not versions.
  pytest_at "$1" 1880 tests/unit/plugins -m 'not worlds'
  say "$1: a whole teardown"
  tests/tools/whole_teardown.sh "versions-$1" "$venv/bin" "$tree/$1.collections"
}

# pytest_at NAME AT_LEAST FILE …: the tests that the tarball carries, with that venv.
pytest_at() {
  name=$1 least=$2 report=$tree/$1.$(basename "$3").xml
  shift 2
  (cd "$tree/$name.collections/ansible_collections/mtv/teardown" && PATH=$tree/$name/bin:$PATH PYTHONPATH=$tree/$name.collections \
    MTV_TEARDOWN_LAB_DIR=$root/.cache/lab MTV_TEARDOWN_LABS=versions- python -m pytest -q -p no:cacheprovider "$@" --junit-xml="$report") ||
    fail "tests fail on the $name end"
  at_least "$least" "$report"
}

rm -rf "$tree/build"
tarball=$(build_tarball "$tree/build")

python_for 3.11 3.12 3.13
make_end lower "$python" '2.19.*' 12.2.0 lowest-direct
check_end lower
say "lower: the libraries of the source providers"
pytest_at lower 60 tests/contract/test_vsphere_clones.py tests/contract/test_vsphere_files.py \
  tests/contract/test_vsphere_reading.py tests/contract/test_vsphere_rights.py tests/contract/test_ovirt_site.py

python_for 3.13 3.12 3.11
if [ "$found" = 3.11 ]; then
  say "upper: NOT TRIED, for ansible-core 2.21 needs Python 3.12 or newer"
elif .venv/bin/python -c 'import sys, ansible.release as r; sys.exit((sys.version_info[1], r.__version__[:5]) != (int(sys.argv[1]), "2.21."))' "${found#3.}"; then
  say "upper: that is .venv, which sanity.sh, units.sh and build.sh check"
else
  make_end upper "$python" '2.21.*' 14.5.0 highest
  check_end upper
fi
