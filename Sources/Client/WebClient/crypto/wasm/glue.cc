// ML-KEM-768, ML-KEM-1024, ML-DSA-65, SHA3-256 and SHAKE256 of BoringSSL, as vendored by swift-crypto, for browsers
// whose WebCrypto lacks them. No imports: all randomness comes from the page, and nothing else is asked of it.
//
// The page writes inputs into the arena and passes addresses, those of results last; lengths other than a message's
// follow from the algorithm. Functions that can fail return 1, or 0.
// After each operation on secrets the page calls `wipe` and clears the stack, which lies below `stack_size`.
#include <stddef.h>
#include <stdint.h>

#include "crypto/fipsmodule/keccak/keccak.cc.inc"
#include "crypto/fipsmodule/mlkem/mlkem.cc.inc"
#include "crypto/fipsmodule/mldsa/mldsa.cc.inc"

#include "crypto/bytestring/cbb.cc"
#include "crypto/bytestring/cbs.cc"

#define EXPORT(name) extern "C" __attribute__((export_name(#name), used))

namespace {

constexpr size_t kArenaSize = 128 * 1024;
// ML-DSA takes its working values, some 40 KB per operation, from here.
constexpr size_t kHeapSize = 512 * 1024;

// Everything that may hold a secret, in one place, so that one loop wipes it.
struct Scratch {
  alignas(64) uint8_t arena[kArenaSize];
  alignas(64) uint8_t heap[kHeapSize];
  union {
    BCM_mlkem768_private_key mlkem768;
    BCM_mlkem1024_private_key mlkem1024;
    BCM_mldsa65_private_key mldsa65;
  } private_key;
  union {
    BCM_mlkem768_public_key mlkem768;
    BCM_mlkem1024_public_key mlkem1024;
    BCM_mldsa65_public_key mldsa65;
  } public_key;
  BORINGSSL_keccak_st sha3;
};

Scratch scratch;
size_t heap_top;
size_t heap_live;

}  // namespace

extern "C" uint8_t __global_base;

EXPORT(arena) uint8_t *arena(void) { return scratch.arena; }
EXPORT(arena_size) size_t arena_size(void) { return kArenaSize; }

// The stack grows down from here to address 0 and is empty between calls.
EXPORT(stack_size) size_t stack_size(void) { return reinterpret_cast<size_t>(&__global_base); }

EXPORT(wipe) void wipe(void) {
  __builtin_memset(&scratch, 0, sizeof(scratch));
  // The compiler must not find the zeros useless.
  __asm__ volatile("" ::: "memory");
  heap_top = heap_live = 0;
}

#define KEM(name, type, public_length, ciphertext_length)                                                   \
  EXPORT(name##_public_key) int name##_public_key(const uint8_t *seed, uint8_t *out) {                      \
    auto *key = &scratch.private_key.name;                                                                  \
    auto *public_key = &scratch.public_key.name;                                                            \
    if (!bcm_success(BCM_##name##_private_key_from_seed(key, seed, BCM_MLKEM_SEED_BYTES))) {                \
      return 0;                                                                                             \
    }                                                                                                       \
    BCM_##name##_public_from_private(public_key, key);                                                      \
    CBB writer;                                                                                             \
    return CBB_init_fixed(&writer, out, public_length) &&                                                   \
           bcm_success(BCM_##name##_marshal_public_key(&writer, public_key));                               \
  }                                                                                                         \
  EXPORT(name##_encapsulate)                                                                                \
  int name##_encapsulate(const uint8_t *public_key, const uint8_t *entropy, uint8_t *ciphertext,            \
                         uint8_t *secret) {                                                                 \
    auto *key = &scratch.public_key.name;                                                                   \
    CBS reader;                                                                                             \
    CBS_init(&reader, public_key, public_length);                                                           \
    if (!bcm_success(BCM_##name##_parse_public_key(key, &reader))) {                                        \
      return 0;                                                                                             \
    }                                                                                                       \
    BCM_##name##_encap_external_entropy(ciphertext, secret, key, entropy);                                  \
    return 1;                                                                                               \
  }                                                                                                         \
  EXPORT(name##_decapsulate)                                                                                \
  int name##_decapsulate(const uint8_t *seed, const uint8_t *ciphertext, uint8_t *secret) {                 \
    auto *key = &scratch.private_key.name;                                                                  \
    return bcm_success(BCM_##name##_private_key_from_seed(key, seed, BCM_MLKEM_SEED_BYTES)) &&              \
           bcm_success(BCM_##name##_decap(secret, ciphertext, ciphertext_length, key));                     \
  }

KEM(mlkem768, MLKEM768, BCM_MLKEM768_PUBLIC_KEY_BYTES, BCM_MLKEM768_CIPHERTEXT_BYTES)
KEM(mlkem1024, MLKEM1024, BCM_MLKEM1024_PUBLIC_KEY_BYTES, BCM_MLKEM1024_CIPHERTEXT_BYTES)

EXPORT(mldsa65_public_key) int mldsa65_public_key(const uint8_t *seed, uint8_t *out) {
  auto *key = &scratch.private_key.mldsa65;
  auto *public_key = &scratch.public_key.mldsa65;
  CBB writer;
  return bcm_success(BCM_mldsa65_private_key_from_seed(key, seed)) &&
         bcm_success(BCM_mldsa65_public_from_private(public_key, key)) &&
         CBB_init_fixed(&writer, out, BCM_MLDSA65_PUBLIC_KEY_BYTES) &&
         bcm_success(BCM_mldsa65_marshal_public_key(&writer, public_key));
}

EXPORT(mldsa65_sign)
int mldsa65_sign(const uint8_t *seed, const uint8_t *randomizer, const uint8_t *message, size_t message_length,
                 const uint8_t *context, size_t context_length, uint8_t *signature) {
  auto *key = &scratch.private_key.mldsa65;
  if (context_length > 255 || !bcm_success(BCM_mldsa65_private_key_from_seed(key, seed))) {
    return 0;
  }
  // Pure ML-DSA (FIPS 204 algorithm 2): a zero byte and the context's length go first.
  const uint8_t prefix[2] = {0, static_cast<uint8_t>(context_length)};
  return bcm_success(BCM_mldsa65_sign_internal(signature, key, message, message_length, prefix, sizeof(prefix), context,
                                               context_length, randomizer));
}

EXPORT(mldsa65_verify)
int mldsa65_verify(const uint8_t *public_key, const uint8_t *signature, const uint8_t *message, size_t message_length,
                   const uint8_t *context, size_t context_length) {
  auto *key = &scratch.public_key.mldsa65;
  CBS reader;
  CBS_init(&reader, public_key, BCM_MLDSA65_PUBLIC_KEY_BYTES);
  return context_length <= 255 && bcm_success(BCM_mldsa65_parse_public_key(key, &reader)) &&
         bcm_success(BCM_mldsa65_verify(key, signature, message, message_length, context, context_length));
}

EXPORT(sha3_256_start) void sha3_256_start(void) { BORINGSSL_keccak_init(&scratch.sha3, boringssl_sha3_256); }
EXPORT(sha3_256_absorb) void sha3_256_absorb(const uint8_t *bytes, size_t length) {
  BORINGSSL_keccak_absorb(&scratch.sha3, bytes, length);
}
EXPORT(sha3_256_finish) void sha3_256_finish(uint8_t *out) { BORINGSSL_keccak_squeeze(&scratch.sha3, out, 32); }

EXPORT(shake256) void shake256(const uint8_t *bytes, size_t length, size_t out_length, uint8_t *out) {
  BORINGSSL_keccak(out, out_length, bytes, length, boringssl_shake256);
}

// What the sources above want from the rest of the library and from libc.
extern "C" {

int CRYPTO_memcmp(const void *a, const void *b, size_t length) {
  auto *x = static_cast<const volatile uint8_t *>(a);
  auto *y = static_cast<const volatile uint8_t *>(b);
  uint8_t difference = 0;
  for (size_t index = 0; index < length; index++) {
    difference |= x[index] ^ y[index];
  }
  return difference;
}

void *OPENSSL_malloc(size_t size) {
  size = (size + 63) & ~static_cast<size_t>(63);
  if (size > kHeapSize - heap_top) {
    return nullptr;
  }
  void *block = scratch.heap + heap_top;
  heap_top += size;
  heap_live++;
  return block;
}

void OPENSSL_free(void *block) {
  if (block != nullptr && --heap_live == 0) {
    heap_top = 0;
  }
}

void *OPENSSL_realloc(void *, size_t) { __builtin_trap(); }
void ERR_put_error(int, int, int, const char *, unsigned) {}
void abort(void) { __builtin_trap(); }

// Own one, so that no libc is linked; copying and filling are instructions of WebAssembly.
int memcmp(const void *a, const void *b, size_t length) {
  auto *x = static_cast<const uint8_t *>(a);
  auto *y = static_cast<const uint8_t *>(b);
  for (size_t index = 0; index < length; index++) {
    if (x[index] != y[index]) {
      return x[index] < y[index] ? -1 : 1;
    }
  }
  return 0;
}

}  // extern "C"
