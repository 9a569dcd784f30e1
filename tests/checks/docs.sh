#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The documentation: every module, role and guide; the changelog; and HTML in .cache/docs.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/checks/lib.sh"

# antsibull writes a log into the home folder.
HOME=$root/.cache/home
export HOME
mkdir -p "$HOME"
# Below .venv, which git ignores, antsibull-docs must not ask git for the files of a dependency: there would be none.
GIT_CEILING_DIRECTORIES=$root
export GIT_CEILING_DIRECTORIES
antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs dependent --check-extra-docs-refs .
antsibull-changelog lint
rm -rf .cache/docs
mkdir -p .cache/docs
(umask 022 && antsibull-docs sphinx-init --use-current --squash-hierarchy --dest-dir .cache/docs mtv.teardown >/dev/null)
cd .cache/docs
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --dest-dir rst mtv.teardown
# Without intersphinx, which asks other sites; what only they could resolve is not our error.
sphinx-build -q -b html -c . -D extensions=sphinx_antsibull_ext -D suppress_warnings=ref.ref,ref.envvar -W --keep-going rst build/html
[ -s build/html/docsite/guide_safety.html ] || fail "the guides were not built"
echo "documentation: .cache/docs/build/html/index.html"
