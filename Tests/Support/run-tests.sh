#!/usr/bin/env bash
# Every check of the project, cheap ones first; stops at the first that fails. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "build: release, warnings as errors, undeclared imports as errors"
"$swift" build -c release --build-tests --explicit-target-dependency-import-check error

step "unit and system tests"
"$swift" test -c release --skip-build --no-parallel

step "proof: sfu-relay carries no end-to-end code"
Tests/Linkage/check-linkage.sh

step "benchmark: heap allocations per forwarded packet"
"$("$swift" build -c release --show-bin-path)/sfu-bench" --check

step "interoperability: Chromium, Firefox and aiortc through a running relay"
Tests/Interop/run.sh

step "all checks passed"
