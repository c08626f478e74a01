# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What scripts/run and scripts/test share: the packages (names of Debian 12), and how they get here.
# To be sourced by bash.

# To build and run; to test as well.
# shellcheck disable=SC2034  # used by those who source this
build_packages=(cmake ninja-build gcc libc6-dev pkg-config libglib2.0-dev)
# shellcheck disable=SC2034
test_packages=(libcmocka-dev clang g++ clang-format shellcheck python3
               socat iproute2 procps strace valgrind groff-base
               curl ncat netbase tcpdump iputils-arping iputils-ping)
# To build and run for other architectures; scripts/sysroot has their libraries.
# shellcheck disable=SC2034
cross_packages=(gcc-s390x-linux-gnu gcc-i686-linux-gnu qemu-user)
# For the virtual machine: its kernel and initial ramdisk, to run it, for tests/vm/setup in it.
# shellcheck disable=SC2034
vm_packages=(qemu-system-x86 busybox-static kmod cpio xz-utils iproute2 bluez bluez-test-tools)
# Partners of the tests in it.
# shellcheck disable=SC2034
partner_packages=(libpython3.11-testsuite can-utils kcapi-tools openssl qrtr-tools)
# The API reference.
# shellcheck disable=SC2034
docs_packages=(gobject-introspection gi-docgen libgirepository1.0-dev python3 binutils)
# To measure, and what is measured beside Kin.
# shellcheck disable=SC2034
bench_packages=(libapr1-dev libnspr4-dev libglib2.0-dev python3 socat strace valgrind)

say () { printf '%s\n' "$*"; }

# Prints those of the packages that dpkg does not have, one a line.
missing_packages () {
  dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null \
    | sed -n 's/^installed //p' | sort -u \
    | comm -13 - <(printf '%s\n' "$@" | sort -u)
}

apt_install () {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null
}

# Installs what is missing, where that can be done: on Debian, as root. Elsewhere says what it would
# install, and fails. Writes to standard error only.
need_packages () {
  local missing log
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    need_commands "$@"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  if [ ${#missing[@]} -eq 0 ]; then
    return 0
  fi
  if [ "$(id -u)" -ne 0 ]; then
    say "not root, so nothing was installed; please do: apt-get install ${missing[*]}" >&2
    return 1
  fi
  say "installing ${missing[*]}" >&2
  log=$(mktemp)
  # A bare system has no package lists yet, an old one lists what is gone.
  if ! apt_install "${missing[@]}" >"$log" 2>&1 \
     && ! { apt-get update </dev/null && apt_install "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    say "could not install: ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}

# Not Debian: the commands must be there, from whatever packages.
need_commands () {
  local command absent=()
  for command in cmake ninja cc pkg-config; do
    command -v "$command" >/dev/null || absent+=("$command")
  done
  if ! pkg-config --exists glib-2.0 2>/dev/null; then
    absent+=("glib-2.0 (with its headers)")
  fi
  if [ ${#absent[@]} -gt 0 ]; then
    say "missing: ${absent[*]}" >&2
    say "this is no Debian, so nothing was installed; there it would be: apt-get install $*" >&2
    return 1
  fi
}
