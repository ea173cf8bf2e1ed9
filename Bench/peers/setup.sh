#!/usr/bin/env bash
# Installs Janus from Debian if it is missing, without starting it, and builds the library that lets it use loopback.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=()
for package in janus gcc libc6-dev python3; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    packages+=("$package")
  fi
done
if [ ${#packages[@]} -gt 0 ]; then
  echo "setup: installing ${packages[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  # RUNLEVEL=1: the package would start a server that nobody asked for (invoke-rc.d(8)).
  "${as_root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

mkdir -p .build/peers
if [ ! -e .build/peers/loopback.so ] || [ Bench/peers/loopback.c -nt .build/peers/loopback.so ]; then
  gcc -O2 -Wall -Wextra -shared -fPIC -o .build/peers/loopback.so Bench/peers/loopback.c -ldl
fi
