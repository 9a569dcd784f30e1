#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Read by every check, which has set root, the checkout: the tools of .venv first in PATH, and a few words.
cd "${root:?}" || exit 1
# Modules are run from where the collection is: compiled once, and not by every process.
unset PYTHONDONTWRITEBYTECODE
PATH=$root/.venv/bin:$PATH
# ansible wants UTF-8; a caller's own configuration must not change what a check sees.
LC_ALL=C.UTF-8
ANSIBLE_CONFIG=$root/tests/tools/ansible.cfg
export PATH LC_ALL ANSIBLE_CONFIG
[ -x .venv/bin/python ] || { echo "there is no .venv: run make setup" >&2; exit 1; }

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# A copy of what git would hand out, where ansible-test and galaxy-importer want a collection to be.
clean_copy() {
  copy=$1/ansible_collections/mtv/teardown
  rm -rf "$copy"
  mkdir -p "$copy"
  git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$copy"
}

# at_least NUMBER FILE: fail when fewer tests than that really ran, by pytest's own report.
at_least() {
  ran=$(python -c 'import sys, xml.etree.ElementTree as t; s = t.parse(sys.argv[1]).getroot()[0]; print(int(s.get("tests")) - int(s.get("skipped")))' "$2")
  [ "$ran" -ge "$1" ] || fail "only $ran tests ran"
}

# lint_alone NAME ARGUMENT …: ansible-lint with a home of its own. What it mocks for a run stands there, and goes when any ends.
lint_alone() {
  home=$root/.cache/ansible-lint/$1
  shift
  mkdir -p "$home"
  ANSIBLE_HOME=$home ansible-lint "$@"
}

# Where the collections of .venv are, and its kubernetes.core.
bundled() { python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | sed 's|$|/ansible_collections|'; }
kubernetes_core() { bundled | sed 's|$|/kubernetes/core|'; }

# link_dependencies FROM FOLDER: the collections that galaxy.yml names, and those that they import, from a bundle of them.
link_dependencies() {
  for name in kubernetes/core community/vmware vmware/vmware openstack/cloud ovirt/ovirt; do
    mkdir -p "$2/$(dirname "$name")"
    ln -sfn "$1/$name" "$2/$name"
  done
}

# build_tarball FOLDER: the tarball, built in that folder from a clean copy; prints its path.
build_tarball() {
  clean_copy "$1"
  (cd "$1/ansible_collections/mtv/teardown" && ansible-galaxy collection build --force --output-path "$1" . >/dev/null)
  ls "$1"/mtv-teardown-*.tar.gz
}

# install_tarball TARBALL FOLDER COLLECTIONS: into an empty folder, beside those that it depends on, from that bundle.
install_tarball() {
  rm -rf "$2"
  # Without this it finds the link to the checkout beside Python's packages, and installs nothing.
  ANSIBLE_COLLECTIONS_SCAN_SYS_PATH=false ansible-galaxy collection install --no-deps --collections-path "$2" "$1" >/dev/null 2>&1
  [ -f "$2/ansible_collections/mtv/teardown/MANIFEST.json" ] || fail "the tarball was not installed"
  link_dependencies "$3" "$2/ansible_collections"
}

# With MTV_TEARDOWN_TESTS=all (make test-all) also what is marked exhaustive.
all_tests() { [ "${MTV_TEARDOWN_TESTS:-}" = all ]; }

# at_least_of CHOSEN ALL FILE: as at_least, by which of them were asked for.
at_least_of() {
  if all_tests; then at_least "$2" "$3"; else at_least "$1" "$3"; fi
}

# contract_tests CHECK CHOSEN ALL [PYTEST ARGUMENT …]: the tests of tests/contract that bear its marker (contract/checks.py), in
# labs of its own, and at least so many.
contract_tests() {
  check=$1 chosen=$2 all=$3 marked=$1
  shift 3
  all_tests || marked="$check and not exhaustive"
  mkdir -p .cache/checks
  MTV_TEARDOWN_LABS=$check- python -m pytest -q -m "$marked" --junit-xml=".cache/checks/$check.xml" tests/contract "$@"
  at_least_of "$chosen" "$all" ".cache/checks/$check.xml"
}
