#!/usr/bin/env bash
# Proves that sfu-relay carries no end-to-end code. Four independent readings; any one that fails, fails the check.
set -euo pipefail
export LC_ALL=C
here="$(cd "$(dirname "$0")" && pwd)"
cd "$here/../.."
swift=${SWIFT:-swift}
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
fail() { echo "linkage: $*" >&2; exit 1; }

# 1. The declared graph: nothing of the client is reachable from the relay.
"$swift" package describe --type json 2>/dev/null >"$work/package.json"
python3 "$here/declared-graph.py" sfu-relay "$here/forbidden-targets.txt" <"$work/package.json" \
  || fail "the declared graph of sfu-relay reaches client code"

# 2. The real imports: building with the import check refuses a module that imports what it does not declare.
map="$work/relay.map"
"$swift" build -c release --product sfu-relay --explicit-target-dependency-import-check error -Xlinker "-Map=$map" \
  >"$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; fail "the build or its import check failed"; }
bin="$("$swift" build -c release --show-bin-path)/sfu-relay"
[ -s "$map" ] || fail "the linker wrote no map"

# 3. The objects: only modules on the allow-list went into the binary.
grep -oE '[A-Za-z0-9_-]+\.build/' "$map" | sort -u | tr -d / >"$work/objects.txt"
[ -s "$work/objects.txt" ] || fail "the link map names no modules"
extra="$(comm -23 "$work/objects.txt" <(sort -u "$here/allowed-modules.txt"))"
[ -z "$extra" ] || fail "modules linked that are not on the allow-list:" $extra

# 4. The symbols: no client module, no second BoringSSL, and ML-KEM only inside NIOSSL's own TLS library.
nm "$bin" >"$work/symbols.txt"
grep -q 'RelayEngine' "$work/symbols.txt" || fail "the binary has no symbols to read"
if grep -E '\$s(6SFrame|7E2EKeys|12ClientEngine|7LoadGen|6Crypto)[0-9A-Z]|CCryptoBoringSSL' "$work/symbols.txt" >"$work/found.txt"; then
  head -5 "$work/found.txt" >&2
  fail "client symbols in the binary"
fi
# In the map a long section name stands alone on its line, with its object on the next.
awk 'NF == 1 { printf "%s ", $0; next } { print }' "$map" | grep -iE 'mlkem|kyber|xwing' >"$work/kem.txt" || true
grep -q 'CNIOBoringSSL' "$work/kem.txt" || fail "NIOSSL's own ML-KEM is not in the map: this check would see nothing"
if grep -vE 'CNIOBoringSSL|NIOSSL' "$work/kem.txt" >"$work/found.txt"; then
  head -5 "$work/found.txt" >&2
  fail "ML-KEM outside NIOSSL's TLS library"
fi
nm -D --undefined-only "$bin" | grep -oE '[A-Za-z0-9_]+@OPENSSL' | cut -d@ -f1 | sort -u >"$work/openssl.txt" || true
extra="$(comm -23 "$work/openssl.txt" <(sort -u "$here/allowed-openssl-symbols.txt"))"
[ -z "$extra" ] || fail "OpenSSL entry points that are not on the allow-list:" $extra

echo "linkage: sfu-relay holds no end-to-end code (graph, imports, $(wc -l <"$work/objects.txt") modules, symbols)"
