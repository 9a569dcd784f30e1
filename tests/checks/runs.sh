#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Where people run it: the execution environment, CI pipelines, other people's molecule, each as shipped, in a lab of its own;
# and the page that it leaves, in a Chromium.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

# The example is a project of its own; in a copy, for ansible-lint would ask our git which of its files there are.
tree=$root/.cache/example
rm -rf "$tree"
mkdir -p "$tree/ansible_collections/acme"
cp -r docs/examples/acme.migrations "$tree/ansible_collections/acme/migrations"
(cd "$tree/ansible_collections/acme/migrations" && git init -q && git add . &&
  ANSIBLE_COLLECTIONS_PATH=$tree lint_alone runs --offline --strict --profile production)

contract_tests runs 33 36 "$@"
