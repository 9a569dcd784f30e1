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
# Without intersphinx, which asks other sites: labels of theirs are not resolved here. Nothing else may be warned of.
# Not -Q, which writes no log at all.
sphinx-build -q -b html -c . -D extensions=sphinx_antsibull_ext -D suppress_warnings=ref.envvar -w warnings.log --keep-going rst build/html 2>/dev/null
[ -s warnings.log ] || fail "sphinx has no word even of the labels of other sites: are its warnings lost?"
theirs="undefined label: '(common_return_values|ansible_configuration_settings|action_plugins|callback_plugins|ansible_collections\.(community|kubernetes|openstack|ovirt|vmware)\.[a-z_.0-9]+_module)'"
if grep -vE "$theirs" warnings.log; then fail "sphinx warns"; fi
# Modules of others that we refer to exist, in the releases that are installed here. The one of community.okd is named by
# kubernetes.core, and bears another name by now.
site=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for label in $(grep -oE "'ansible_collections\.[^']+_module'" warnings.log | tr -d "'" | grep -v community.okd | sort -u); do
  module=$(printf '%s' "${label%_module}" | sed -E 's|\.([^.]+)\.([^.]+)\.([^.]+)$|/\1/\2/plugins/modules/\3.py|')
  [ -f "$site/$module" ] || fail "there is no $module, which the documentation refers to"
done
for guide in "$root"/docs/docsite/rst/*.rst; do
  [ -s "build/html/docsite/$(basename "$guide" .rst).html" ] || fail "$guide was not built: is it in docs/docsite/extra-docs.yml?"
done
python "$root/tests/tools/links.py" build/html || fail "there are broken links"
echo "documentation: .cache/docs/build/html/index.html"
