#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Style and types: ruff, mypy, yamllint, shellcheck; ansible-lint unless "quick" is given.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

ruff check .
ruff format --check .
# Our own collection's imports resolve through this link; the checkout's own path says nothing of ansible_collections.
mkdir -p .cache/mypy/ansible_collections/mtv
ln -sfn "$root" .cache/mypy/ansible_collections/mtv/teardown
mypy --config-file pyproject.toml
yamllint --strict .
# shellcheck disable=SC2046
shellcheck --external-sources --source-path=tests/checks $(git ls-files -co --exclude-standard '*.sh' .ci/run)
if [ "${1:-}" != quick ]; then lint_alone lint --offline --strict --profile production; fi
