#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs a command as a container with a read-only root would: every file system is read-only but for one folder and
# /dev/shm, which such containers have too; the user is not root and stands in no passwd file, as on OpenShift.
#   unshare --user --map-root-user --mount sh tests/tools/readonly.sh FOLDER COMMAND …
set -eu

folder=$1
shift
mount --bind "$folder" "$folder"
# Flags that a mount has already must be named, or they would count as taken off, which is not allowed here.
while read -r _ _ _ _ target flags _; do
  case $target in "$folder" | /proc | /proc/*) continue ;; esac
  mount -o "remount,bind,ro,${flags#r?}" "$(printf %b "$target")"
done </proc/self/mountinfo
mount -t tmpfs shm /dev/shm
exec unshare --user --map-user=1000710000 --map-group=0 -- "$@"
