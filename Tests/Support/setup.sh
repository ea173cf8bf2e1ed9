#!/usr/bin/env bash
# Installs the Debian packages that building and testing need and that are missing. Safe to run again.
set -euo pipefail

packages=(
  libssl-dev libsrtp2-dev libopus-dev pkg-config   # libraries that the relay and the clients link
  python3 python3-venv                             # reading the package graph; driving browsers and aiortc
  espeak-ng ffmpeg                                 # speech and a VP8 clip as real input of the tests
  chromium chromium-driver firefox-esr             # the browsers that must reach the relay
  iproute2 util-linux procps                       # a network namespace for the browsers
)

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
