#!/usr/bin/env bash
# Lets people call each other with the real page in real browsers through a real relay, where possible in a network
# namespace that has nothing but loopback.
# Usage: run.sh [--relay RELAY] [SCENARIO ...]; without a scenario all of them, see webcall.py.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
swift=${SWIFT:-swift}

relay=
if [ "${1:-}" = --relay ]; then
  relay=$2
  shift 2
fi
: "${relay:="$(cd "$root" && "$swift" build -c release --show-bin-path)/sfu-relay"}"
[ -x "$relay" ] || { echo "webcall: $relay is missing: run make build" >&2; exit 1; }

python=$("$root/Tests/Support/python.sh")

# The driver of the browsers is the hop test's.
export PYTHONPATH="$root/Tests/Interop" PYTHONDONTWRITEBYTECODE=1
# Each scenario bounds itself; this is for the case that it cannot.
command=(timeout --foreground -k 5 560 "$python" "$here/webcall.py" "$relay" "$@")
# In a process namespace of its own nothing that it started can outlive it.
isolated=(unshare --net --pid --fork --kill-child --mount-proc)
if [ "$(id -u)" -eq 0 ] && "${isolated[@]}" true 2>/dev/null; then
  export WEBCALL_ISOLATED=yes
  exec "${isolated[@]}" sh -c 'ip link set lo up && exec "$@"' sh "${command[@]}"
fi
echo "webcall: no namespaces of its own; running on the machine's loopback"
exec "${command[@]}"
