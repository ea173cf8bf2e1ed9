#!/usr/bin/env bash
# Lets Chromium, Firefox and aiortc meet in one room of a running relay, where possible in a network namespace that has
# nothing but loopback.
# Usage: run.sh [RELAY], where RELAY is an sfu-relay; without it the one of the release build.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
swift=${SWIFT:-swift}

relay=${1:-"$(cd "$root" && "$swift" build -c release --show-bin-path)/sfu-relay"}
[ -x "$relay" ] || { echo "interop: $relay is missing: run make build" >&2; exit 1; }

python=$("$root/Tests/Support/python.sh")

# The test bounds itself; this is for the case that it cannot.
command=(timeout --foreground -k 5 110 "$python" "$here/interop.py" "$relay")
# In a process namespace of its own nothing that it started can outlive it.
isolated=(unshare --net --pid --fork --kill-child --mount-proc)
if [ "$(id -u)" -eq 0 ] && "${isolated[@]}" true 2>/dev/null; then
  exec "${isolated[@]}" sh -c 'ip link set lo up && exec "$@"' sh "${command[@]}"
fi
echo "interop: no namespaces of its own; running on the machine's loopback"
exec "${command[@]}"
