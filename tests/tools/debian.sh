#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the path of a program that tests need. Where there is none of these, Debian's packages are installed, which takes
# root and a minute.
#   tests/tools/debian.sh 'PROGRAM …' 'PACKAGE …'
set -eu

programs=$1 packages=$2
PATH=$PATH:/usr/sbin:/sbin
export PATH

find_one() {
  for name in $programs; do
    if command -v "$name"; then return; fi
  done
  return 1
}

if find_one; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "debian.sh: installing $packages (about 1 min)" >&2
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  apt-get update >&2
  # Names are words.
  # shellcheck disable=SC2086
  apt-get install --yes --no-install-recommends $packages >&2
  if find_one; then exit 0; fi
fi
echo "debian.sh: none of $programs is here. Install one (Debian: apt install $packages), then call this again." >&2
exit 1
