#!/usr/bin/env bash
# Runs the web client's unit tests in Chromium, in Chromium without post-quantum WebCrypto and in Firefox, where
# possible in a network namespace that has nothing but loopback.
# Usage: run.sh [BROWSER ...], where BROWSER is chromium, chromium-wasm or firefox; without it all, one after the other.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
interop="$root/Tests/Interop"

python=$("$root/Tests/Support/python.sh")

# The driver of the browsers is the hop test's.
export PYTHONPATH="$interop" PYTHONDONTWRITEBYTECODE=1
# The test bounds itself; this is for the case that it cannot.
command=(timeout --foreground -k 5 300 "$python" "$here/web.py" "$@")
# In a process namespace of its own nothing that it started can outlive it.
isolated=(unshare --net --pid --fork --kill-child --mount-proc)
if [ "$(id -u)" -eq 0 ] && "${isolated[@]}" true 2>/dev/null; then
  exec "${isolated[@]}" sh -c 'ip link set lo up && exec "$@"' sh "${command[@]}"
fi
echo "web: no namespaces of its own; running on the machine's loopback"
exec "${command[@]}"
