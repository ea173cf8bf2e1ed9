#!/usr/bin/env bash
# Takes pictures of the page in every state that people meet, light and dark, from calls through a real relay.
# Usage: screenshots.sh [--programs FOLDER] [--keep] FOLDER [SCENE ...]; --keep puts the chosen ones into the page's own
# folder too. The programs are sfu-relay, sfu-web and sfu-loadgen as `make build` leaves them.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
programs=
if [ "${1:-}" = --programs ]; then
  programs=$(cd "$2" && pwd)
  shift 2
fi
: "${programs:="$(cd "$root" && "${SWIFT:-swift}" build -c release --show-bin-path)"}"
python=$("$root/Tests/Support/python.sh")

export PYTHONPATH="$root/Tests/Interop" PYTHONDONTWRITEBYTECODE=1
command=(timeout --foreground -k 5 560 "$python" "$here/screenshots.py" "$programs" "$@")
isolated=(unshare --net --pid --fork --kill-child --mount-proc)
if [ "$(id -u)" -eq 0 ] && "${isolated[@]}" true 2>/dev/null; then
  exec "${isolated[@]}" sh -c 'ip link set lo up && exec "$@"' sh "${command[@]}"
fi
exec "${command[@]}"
