#!/usr/bin/env bash
# Lets people call each other with the real page in real browsers through a real relay, where possible in a network
# namespace that has nothing but loopback.
# Usage: run.sh [--programs FOLDER] [SCENARIO ...], where FOLDER has sfu-relay, sfu-web and sfu-loadgen; without a
# scenario all of them, see webcall.py.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
swift=${SWIFT:-swift}

programs=
if [ "${1:-}" = --programs ]; then
  programs=$(cd "$2" && pwd)
  shift 2
fi
: "${programs:="$(cd "$root" && "$swift" build -c release --show-bin-path)"}"
for program in sfu-relay sfu-web sfu-loadgen; do
  [ -x "$programs/$program" ] || { echo "webcall: $programs/$program is missing: run make build" >&2; exit 1; }
done

python=$("$root/Tests/Support/python.sh")

# The driver of the browsers is the hop test's.
export PYTHONPATH="$root/Tests/Interop" PYTHONDONTWRITEBYTECODE=1
# Each scenario bounds itself; this is for the case that it cannot.
command=(timeout --foreground -k 5 2400 "$python" "$here/webcall.py" "$programs" "$@")
# In a process namespace of its own nothing that it started can outlive it.
isolated=(unshare --net --pid --fork --kill-child --mount-proc)
if [ "$(id -u)" -eq 0 ] && "${isolated[@]}" true 2>/dev/null; then
  export WEBCALL_ISOLATED=yes
  exec "${isolated[@]}" sh -c 'ip link set lo up && exec "$@"' sh "${command[@]}"
fi
echo "webcall: no namespaces of its own; running on the machine's loopback"
exec "${command[@]}"
