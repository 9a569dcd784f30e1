#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the path of a Chromium, in which the page of a report is opened. Where there is none, it is installed from
# Debian's packages, which takes root and a minute.
set -eu

find_browser() {
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name"; then return; fi
  done
  return 1
}

if find_browser; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "chromium.sh: installing chromium (about 1 min)" >&2
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  apt-get update >&2
  apt-get install --yes --no-install-recommends chromium >&2
  if find_browser; then exit 0; fi
fi
echo "chromium.sh: there is no Chromium here. Install one (Debian: apt install chromium)." >&2
exit 1
