// AES-GCM as SRTP uses it (RFC 7714): one key for the life of a context, one nonce for each packet.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SRTP_CIPHER_SALT_LENGTH 12

/// Which library does the work.
enum srtp_cipher_library {
  /// Intel's Multi-Buffer library where it was built in and the processor has what it needs, else OpenSSL.
  SRTP_CIPHER_FASTEST = 0,
  SRTP_CIPHER_OPENSSL = 1,
};

/// Whether `SRTP_CIPHER_FASTEST` is not OpenSSL here.
int srtp_cipher_has_ipsec_mb(void);

/// The session key and salt of one use (RTP or RTCP) of one direction, made ready once.
struct srtp_cipher;

/// Derives session key and salt from master key (16 or 32 bytes) and salt (12 bytes) by the labels of RFC 3711 section
/// 4.3.2. `seals` is 1 for a context that seals. NULL on failure. Free with `srtp_cipher_free`, which wipes.
struct srtp_cipher *srtp_cipher_new(
    enum srtp_cipher_library library, const uint8_t *master_key, size_t key_length, const uint8_t *master_salt,
    uint8_t key_label, uint8_t salt_label, int seals);
void srtp_cipher_free(struct srtp_cipher *cipher);

/// Brings what the next packet needs into the cache. Stage 1 asks for memory whose address is known, stage 2 for what
/// that refers to.
void srtp_cipher_prefetch(const struct srtp_cipher *cipher, int stage);

/// Encrypts the `count` bytes at `plain` to `body`, which may be the same place but not overlap otherwise, and writes the
/// 16 bytes of the tag behind them. `header` and then `more` (which may be empty) are authenticated. The caller never
/// repeats an index under one SSRC. Returns 1 or 0.
int srtp_cipher_seal(
    struct srtp_cipher *cipher, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, const uint8_t *plain, uint8_t *body, size_t count);

/// The reverse in place, in a context that does not seal: the tag lies behind `body`. Returns 1, or 0 when it does not
/// match; `body` is of no use then.
int srtp_cipher_open(
    struct srtp_cipher *cipher, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, uint8_t *body, size_t count);
