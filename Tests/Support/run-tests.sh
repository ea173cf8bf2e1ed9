#!/usr/bin/env bash
# Every check of the project, cheap ones first; stops at the first that fails. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "the tests' Python environment"
Tests/Support/python.sh

step "build: release, warnings as errors, undeclared imports as errors"
"$swift" build -c release --build-tests --explicit-target-dependency-import-check error

step "unit and system tests"
"$swift" test -c release --skip-build --no-parallel

step "proof: sfu-relay carries no end-to-end code"
Tests/Linkage/check-linkage.sh

step "proof on paper: a model of membership and rekey, with a relay that lies"
Tests/Model/run.sh

bin=$("$swift" build -c release --show-bin-path)
step "benchmark: heap allocations per forwarded packet"
"$bin/sfu-bench" --check

step "benchmark: messages, bytes and CPU time for a change of keys"
"$bin/sfu-bench-keys" --check

step "browser client: pq.wasm is what its sources give"
Sources/Client/WebClient/crypto/wasm/build.sh --check

step "browser client: cryptography, SFrame and keys in Chromium and Firefox"
Tests/Web/run.sh

step "calls: people with Chromium, Firefox and the Swift client, the relay's view of them, and what goes wrong"
Tests/WebCall/run.sh

step "interoperability: Chromium, Firefox and aiortc through a running relay"
Tests/Interop/run.sh

step "all checks passed"
