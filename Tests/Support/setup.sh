#!/usr/bin/env bash
# Installs the Debian packages of the named groups (build, test) that are missing. Safe to run again.
set -euo pipefail

# What building and running need.
build=(libssl-dev libsrtp2-dev libopus-dev libvpx-dev pkg-config)
# Fast AES-GCM, which exists for x86-64 only; elsewhere OpenSSL does it.
if [ "$(dpkg --print-architecture)" = amd64 ]; then build+=(libipsec-mb-dev); fi
# What the tests need besides: reading the package graph, driving browsers and aiortc, speech and a VP8 clip as real
# input, the browsers, a network namespace for them; a model checker and the compiler for what it writes.
test=(
  python3 python3-venv espeak-ng ffmpeg chromium chromium-driver firefox-esr iproute2 util-linux procps binutils
  spin gcc libc6-dev
)

packages=()
for group in "$@"; do
  case "$group" in
    build) packages+=("${build[@]}") ;;
    test) packages+=("${test[@]}") ;;
    *) echo "usage: setup.sh build|test ..." >&2; exit 2 ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

echo "setup: installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
