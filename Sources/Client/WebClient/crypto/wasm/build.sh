#!/usr/bin/env bash
# Builds pq.wasm, the post-quantum algorithms for browsers whose WebCrypto lacks them, from the BoringSSL in this
# package's checkout of swift-crypto. The same bytes each time, which pq.wasm.sha256 records.
# Usage: build.sh            builds pq.wasm and records its hash
#        build.sh --check    builds beside it and fails unless the committed file is what comes out
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../../../.." && pwd)"
swift=${SWIFT:-swift}

# What the committed file was built with. Another compiler makes other bytes from the same sources.
llvm_revision=11673e6660b2d0a5f9f99b1c7b773f4c2f6df1b0
built_with_compiler="clang version 21.0.0 (https://github.com/swiftlang/llvm-project.git $llvm_revision)"
# The C and C++ headers of Debian 12; nothing of the libraries is linked.
packages=(wasi-libc libc++-14-dev-wasm32 libc++abi-14-dev-wasm32)

check=false
case "${1-}" in
  "") ;;
  --check) check=true ;;
  *) echo "usage: build.sh [--check]" >&2; exit 2 ;;
esac

sources="$root/.build/checkouts/swift-crypto/Sources/CCryptoBoringSSL"
[ -d "$sources" ] || (cd "$root" && "$swift" package resolve)
[ -d "$sources" ] || { echo "build.sh: $sources is missing" >&2; exit 1; }

# The compiler of the Swift toolchain that `swift` names.
tools="$(dirname "$(readlink -f "$(command -v "$swift")")")"
compiler=$("$tools/clang" --version | head -1)

# Without the headers there is nothing to build with. A check then goes as far as the committed hash.
unavailable() {
  echo "build.sh: ${packages[*]} are neither installed nor to be had: $1" >&2
  $check || exit 1
  (cd "$here" && sha256sum --check --quiet pq.wasm.sha256) || exit 1
  echo "pq.wasm: SKIPPED: not rebuilt for want of these packages; it has the SHA-256 that is recorded for it" >&2
  exit 0
}

# The headers: installed, or unpacked without installing.
headers=/
if ! dpkg-query -W "${packages[@]}" >/dev/null 2>&1; then
  headers="$root/.build/wasm-headers"
  if [ ! -f "$headers/complete" ]; then
    rm -rf "$headers"
    mkdir -p "$headers/packages"
    if ! reason=$(cd "$headers/packages" && timeout 120 apt-get -qq download "${packages[@]}" 2>&1); then
      unavailable "$(tail -1 <<<"$reason")"
    fi
    for package in "$headers"/packages/*.deb; do dpkg-deb -x "$package" "$headers"; done
    touch "$headers/complete"
  fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(
  --target=wasm32-wasi -std=c++17 -O2 -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections
  -nostdinc++ -isystem "$headers/usr/lib/llvm-14/include/wasm32-wasi/c++/v1"
  -isystem "$headers/usr/include/wasm32-wasi" -I "$sources" -I "$sources/include"
  -mbulk-memory
  # One thread is all there is in an instance.
  -DOPENSSL_NO_ASM -DNDEBUG -DOPENSSL_NO_THREADS_CORRUPT_MEMORY_AND_LEAK_SECRETS_IF_THREADED
  # No path of this machine in the bytes.
  "-ffile-prefix-map=$sources=boringssl" "-ffile-prefix-map=$here=glue" "-ffile-prefix-map=$headers=headers"
)
"$tools/clang++" "${flags[@]}" -c "$here/glue.cc" -o "$work/glue.o"
"$tools/wasm-ld" --no-entry --gc-sections --strip-all --stack-first -z stack-size=131072 \
  "$work/glue.o" -o "$work/pq.wasm"

hash=$(sha256sum "$work/pq.wasm" | cut -d' ' -f1)
if ! $check; then
  if [ "$compiler" != "$built_with_compiler" ]; then
    echo "build.sh: note the compiler in this script: $compiler" >&2
  fi
  install -m 644 "$work/pq.wasm" "$here/pq.wasm"
  echo "$hash  pq.wasm" >"$here/pq.wasm.sha256"
  echo "pq.wasm: $(stat -c %s "$here/pq.wasm") bytes, SHA-256 $hash"
  exit
fi

(cd "$here" && sha256sum --check --quiet pq.wasm.sha256) || exit 1
if [ "$hash" = "$(cut -d' ' -f1 "$here/pq.wasm.sha256")" ]; then
  echo "pq.wasm: rebuilt, the same bytes: SHA-256 $hash"
elif [ "$compiler" != "$built_with_compiler" ]; then
  echo "pq.wasm: cannot be compared: it was built by $built_with_compiler, here is $compiler"
else
  echo "build.sh: pq.wasm is not what its sources give: $hash" >&2
  exit 1
fi
