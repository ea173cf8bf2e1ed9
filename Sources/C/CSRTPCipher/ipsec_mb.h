// AES-GCM of Intel's Multi-Buffer library, https://github.com/intel/intel-ipsec-mb: the functions for single packets.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Whether the library is built in and has an implementation for this processor that takes its time from no secret.
int ipsec_mb_usable(void);

/// Bytes of an expanded key, which must lie at a multiple of 64, and how many of them a packet reads on this processor.
size_t ipsec_mb_key_size(void);
size_t ipsec_mb_key_bytes_read(void);

/// Expands a key of 16 or 32 bytes.
void ipsec_mb_expand(const uint8_t *key, size_t key_length, void *expanded);

void ipsec_mb_seal(
    const void *expanded, size_t key_length, const uint8_t *nonce, const uint8_t *header, size_t header_count,
    const uint8_t *plain, uint8_t *body, size_t count, uint8_t *tag);
/// Decrypts in place and says in `tag` what the tag must be.
void ipsec_mb_open(
    const void *expanded, size_t key_length, const uint8_t *nonce, const uint8_t *header, size_t header_count,
    uint8_t *body, size_t count, uint8_t *tag);
