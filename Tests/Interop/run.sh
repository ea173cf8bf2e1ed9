#!/usr/bin/env bash
# Lets Chromium, Firefox and aiortc meet in one room of a running relay, where possible in a network namespace that has
# nothing but loopback.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
swift=${SWIFT:-swift}

relay="$("$swift" build -c release --show-bin-path)/sfu-relay"
[ -x "$relay" ] || { echo "interop: $relay is missing: run make build" >&2; exit 1; }

venv=.build/interop-venv
if ! "$venv/bin/python" -c 'import websockets, aiortc' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
fi

command=("$venv/bin/python" "$here/interop.py" "$relay")
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
  exec timeout 300 unshare -n sh -c 'ip link set lo up && exec "$@"' sh "${command[@]}"
fi
echo "interop: no network namespace without root; running on the machine's own loopback"
exec timeout 300 "${command[@]}"
