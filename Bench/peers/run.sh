#!/usr/bin/env bash
# Measures the relay beside Janus and the C floor, and refreshes Bench/RESULTS.md with what it finds.
# usage: run.sh [--quick] [--no-janus] [--scale DURATION] [--keep-results] [flags of `sfu-loadgen bench`]
set -euo pipefail
cd "$(dirname "$0")/../.."

janus=yes scale="" write=yes quick=() flags=()
while [ $# -gt 0 ]; do
  case "$1" in
    --no-janus) janus=no ;;
    --quick) quick=(--quick) ;;
    --scale) [ -n "${2:-}" ] || { echo "bench-peers: --scale: a time such as 60s or 30m is needed" >&2; exit 2; }
      scale=$2; shift ;;
    --keep-results) write=no ;;
    *) flags+=("$1") ;;
  esac
  shift
done

bin=$("${SWIFT:-swift}" build -c release --show-bin-path)
if [ "$janus" = yes ]; then
  Bench/peers/setup.sh
  flags+=(--janus Bench/peers/janus --janus-preload .build/peers/loopback.so)
fi

mkdir -p out
status=0
"$bin/sfu-loadgen" bench "${quick[@]}" --json out/bench.json "${flags[@]}" || status=$?
if [ -n "$scale" ]; then
  "$bin/sfu-loadgen" scale "${quick[@]}" --duration "$scale" --json out/scale.json || status=$?
  # At the rate of the other tables as well: one voice for each of a thousand.
  "$bin/sfu-loadgen" scale "${quick[@]}" --rate 50000 --duration 10s --json out/scale-50000.json || status=$?
fi
if [ "$write" = yes ] && [ -s out/bench.json ]; then
  inputs=(out/bench.json)
  for file in out/scale.json out/scale-50000.json; do
    if [ -s "$file" ]; then inputs+=("$file"); fi
  done
  python3 Bench/peers/results.py --plots Bench/plots "${inputs[@]}" > Bench/RESULTS.md.new
  mv Bench/RESULTS.md.new Bench/RESULTS.md
  echo "wrote Bench/RESULTS.md and Bench/plots/"
fi
exit "$status"
