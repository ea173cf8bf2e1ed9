#!/bin/bash
# Checks rekey.pml with Spin, its rules by variants that lack one, and that what the properties speak of is reached.
# Needs spin and gcc. Prints a table; exits non-zero if a property fails, a broken variant passes, or a search was
# cut short. MODEL_VERBOSE=1 shows what the checker said; MODEL_FULL=1 adds a search of
# three million states, and checks every index of an array (else the variants do only: it takes half the time).
set -euo pipefail
# LC_ALL: the numbers are read with a decimal point.
export LC_ALL=C

model="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/rekey.pml"
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "model: $tool is missing (Debian: apt-get install spin gcc)" >&2; exit 2; }
done
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

failures=0
total=0
unchecked="-DNOBOUNDCHECK"
[ -z "${MODEL_FULL:-}" ] || unchecked=""

# build OPTIMISATION FLAG... : makes ./pan from the model with these switches.
build() {
  local optimisation="$1"
  shift
  rm -f pan pan.? _spin_nvr.tmp ./*.trail
  if ! spin -a "$@" "$model" >spin.txt 2>&1 || grep -qi "error" spin.txt \
    || ! gcc "$optimisation" -w -DCOLLAPSE -DMEMLIM=1400 $engine $unchecked -o pan pan.c 2>gcc.txt; then
    echo "model: cannot build with $*" >&2
    cat spin.txt gcc.txt >&2 2>/dev/null || true
    exit 2
  fi
}

# search CLAIM: runs ./pan; sets `errors`, `states`, `seconds`, and `trouble` if the answer cannot be trusted.
search() {
  errors="" states=0 seconds=0 trouble=""
  ./pan $search -n -m100000 -N "$1" >pan.txt 2>&1 || true
  [ -z "${MODEL_VERBOSE:-}" ] || cut -c1-160 pan.txt
  errors="$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.txt)"
  states="$(awk '/states, stored/ { printf "%d", $1 }' pan.txt)"
  seconds="$(awk '/elapsed time/ { print $4 }' pan.txt)"
  if [ -z "$errors" ]; then trouble="no result"; fi
  if grep -qiE "max search depth too small|search not completed|out of memory|MEMLIM bound|VECTORSZ|aborting" pan.txt \
    && [ "${errors:-0}" = 0 ]; then trouble="search cut short"; fi
  # The model's own bounds and shape; a variant must fail by its property, not by these.
  if grep -qE "assertion violated .*nc<|in d_step|invalid array index|Index|unreachable end" pan.txt; then
    trouble="the model's bounds are too small"
  fi
}

row() {
  printf '%-58s %10s %6s  %s\n' "$1" "$2" "$3" "$4"
}

# holds TEXT CLAIM: no error, search complete.
holds() {
  search "$2"
  total=$((total + states))
  if [ -n "$trouble" ]; then
    row "$1" "$states" "$seconds" "FAILED: $trouble"
    failures=$((failures + 1))
  elif [ "$errors" != 0 ]; then
    row "$1" "$states" "$seconds" "FAILED: errors: $errors"
    failures=$((failures + 1))
  else
    row "$1" "$states" "$seconds" "errors: 0"
  fi
}

# fails TEXT CLAIM: an error is found.
fails() {
  search "$2"
  if [ -n "$trouble" ]; then
    row "$1" "$states" "$seconds" "FAILED: $trouble"
    failures=$((failures + 1))
  elif [ "$errors" = 0 ]; then
    row "$1" "$states" "$seconds" "FAILED: nothing found"
    failures=$((failures + 1))
  else
    row "$1" "$states" "$seconds" "found, as it must be"
  fi
}

# Safety needs no crashes: one that died is one that does nothing more, which is among the slow.
s1=(-DCOMMITS=3 -DCRASHES=0)
s2=(-DCOMMITS=3 -DCRASHES=0 -DHEARTBEATS=2 -DHEARTBEATS_COMPARED)
p=(-DCOMMITS=2 -DHEARTBEATS=0 -DMAXC=15 -DFAIR_PHASE)

engine="-DSAFETY" search=""
row "property" "states" "sec" "result"
build -O1 -DCAST=1 -DADVICE=2 -DHEARTBEATS=0 "${s1[@]}"
holds "S1 departed key, a joiner leaves again, two prepares" s1
build -O1 -DCAST=1 -DADVICE=1 -DHEARTBEATS=1 "${s1[@]}"
holds "S1 departed key, a joiner leaves again, one is heard" s1
build -O1 -DCAST=3 -DADVICE=1 -DHEARTBEATS=0 "${s1[@]}"
holds "S1 departed key, the committer leaves, another joins" s1
build -O1 -DCAST=1 -DADVICE=0 "${s2[@]}"
holds "S2 one epoch, one key" s2
build -O1 -DCAST=1 -DADVICE=1 -DCRASHES=0 -DSILENCES=0 "${p[@]}"
holds "P  one key in the end, a joiner leaves again" p
build -O1 -DCAST=1 -DADVICE=0 -DCRASHES=0 -DSILENCES=1 "${p[@]}"
holds "P  one key in the end, wrong silences" p
if [ -n "${MODEL_FULL:-}" ]; then
  build -O1 -DCAST=1 -DADVICE=1 -DCRASHES=0 -DSILENCES=1 "${p[@]}"
  holds "P  one key in the end, wrong silences and a prepare" p
fi
build -O1 -DCAST=3 -DADVICE=1 -DCRASHES=1 -DSILENCES=0 "${p[@]}"
holds "P  one key in the end, committer crash, leave, join" p
build -O1 -DCAST=4 -DADVICE=0 -DCRASHES=0 -DSILENCES=0 "${p[@]}"
holds "P  one key in the end, nobody was given a first key" p
engine="-DNOFAIR" search="-a"
build -O0 -DCAST=1 -DADVICE=0 -DCRASHES=0 -DSILENCES=0 -DROUNDS=3 "${p[@]}"
holds "P  no cycle before the end" ends

unchecked=""
echo
row "left out, so that the property must fail" "states" "sec" "result"
engine="-DSAFETY" search=""
variant() {
  local text="$1" claim="$2"
  shift 2
  build -O0 "$@"
  fails "$text" "$claim"
}
s1+=(-DHEARTBEATS=1)
variant "S1 without the client's own deadline" s1 -DBROKEN_NO_DEADLINE -DCAST=1 -DADVICE=1 "${s1[@]}"
variant "S1 ratchet although somebody left" s1 -DBROKEN_RATCHET_ON_LEAVE -DCAST=1 -DADVICE=1 "${s1[@]}"
variant "S1 no noteDeparted" s1 -DBROKEN_LATE_EPOCH -DCAST=1 -DADVICE=1 "${s1[@]}"
variant "S1 departures forgotten at a switch" s1 -DBROKEN_FORGETFUL -DCAST=1 -DADVICE=1 "${s1[@]}"
variant "S2 heartbeats without the epoch's id" s2 -DBROKEN_HEARTBEAT_WITHOUT_ID -DCAST=1 -DADVICE=1 "${s2[@]}"
variant "S2 ratchet without base id and confirmation" s2 -DBROKEN_NO_CONFIRMATION -DCAST=1 -DADVICE=2 "${s2[@]}"
variant "P  neither catch-up nor strayed" p \
  -DBROKEN_NO_CATCHUP -DBROKEN_NO_STRAY -DCAST=1 -DADVICE=1 -DCRASHES=0 "${p[@]}"
variant "P  no strayed" p -DBROKEN_NO_STRAY -DCAST=1 -DADVICE=1 -DCRASHES=0 "${p[@]}"
variant "P  no missingSince" p -DBROKEN_NO_MISSING -DCAST=1 -DADVICE=0 -DCRASHES=0 -DSILENCES=1 "${p[@]}"
variant "P  no commit by one without any key" p -DBROKEN_NO_KEYLESS -DCAST=4 -DADVICE=0 -DCRASHES=0 "${p[@]}"

echo
row "'never', so that it must fail" "states" "sec" "result"
build -O0 -DREACH -DCAST=3 -DADVICE=1 "${s1[@]}"
fails "sealing is blocked" never_blocked
fails "a fresh key is in use after a leave" never_fresh_after_leave
fails "a key is ratcheted" never_ratchet
fails "a member is caught up" never_catch_up
fails "two members send under rival keys of one epoch" never_rivals
build -O0 -DREACH -DCAST=3 -DADVICE=1 -DCRASHES=1 -DSILENCES=1 "${p[@]}"
fails "the fair phase ends" never_done
fails "... on one new key for all, after the committer left" never_converged

echo
if [ "$failures" != 0 ]; then
  echo "model: $failures of the above FAILED" >&2
  exit 1
fi
echo "model: all properties hold in $total states, searched completely; every broken variant was found out"
