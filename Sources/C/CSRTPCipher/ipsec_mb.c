#include "ipsec_mb.h"

#ifdef SRTP_CIPHER_IPSEC_MB

#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <stddef.h>

enum { tag_length = 16 };

// The library's table of functions for this processor; the functions used here read nothing else of it, so that threads
// share it. Never freed: it holds no keys.
static IMB_MGR *manager;
static size_t key_bytes_read;
static pthread_once_t manager_once = PTHREAD_ONCE_INIT;

static void make_manager(void) {
  // Without the AES instructions the library falls back to tables, whose timing tells about the key.
  const uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  IMB_ARCH chosen = IMB_ARCH_NONE;
  IMB_MGR *made = alloc_mb_mgr(0);
  if (made == NULL) return;
  init_mb_mgr_auto(made, &chosen);
  if (imb_get_errno(made) != 0 || (made->features & needed) != needed || chosen < IMB_ARCH_SSE) {
    free_mb_mgr(made);
    return;
  }
  // Behind the round keys lie powers of the hash key: eight in two forms, or forty-eight for wide registers.
  key_bytes_read = chosen >= IMB_ARCH_AVX512 ? sizeof(struct gcm_key_data)
                                             : offsetof(struct gcm_key_data, ghash_keys) + 2 * 8 * 16;
  manager = made;
}

int ipsec_mb_usable(void) {
  pthread_once(&manager_once, make_manager);
  return manager != NULL;
}

size_t ipsec_mb_key_size(void) { return sizeof(struct gcm_key_data); }

size_t ipsec_mb_key_bytes_read(void) { return key_bytes_read; }

void ipsec_mb_expand(const uint8_t *key, size_t key_length, void *expanded) {
  if (key_length == 32)
    IMB_AES256_GCM_PRE(manager, key, expanded);
  else
    IMB_AES128_GCM_PRE(manager, key, expanded);
}

void ipsec_mb_seal(
    const void *expanded, size_t key_length, const uint8_t *nonce, const uint8_t *header, size_t header_count,
    const uint8_t *plain, uint8_t *body, size_t count, uint8_t *tag) {
  struct gcm_context_data state;
  if (key_length == 32)
    IMB_AES256_GCM_ENC(manager, expanded, &state, body, plain, count, nonce, header, header_count, tag, tag_length);
  else
    IMB_AES128_GCM_ENC(manager, expanded, &state, body, plain, count, nonce, header, header_count, tag, tag_length);
}

void ipsec_mb_open(
    const void *expanded, size_t key_length, const uint8_t *nonce, const uint8_t *header, size_t header_count,
    uint8_t *body, size_t count, uint8_t *tag) {
  struct gcm_context_data state;
  if (key_length == 32)
    IMB_AES256_GCM_DEC(manager, expanded, &state, body, body, count, nonce, header, header_count, tag, tag_length);
  else
    IMB_AES128_GCM_DEC(manager, expanded, &state, body, body, count, nonce, header, header_count, tag, tag_length);
}

#else

// Elsewhere the library does not exist. None of the others is called when it is not usable.
int ipsec_mb_usable(void) { return 0; }
size_t ipsec_mb_key_size(void) { return 0; }
size_t ipsec_mb_key_bytes_read(void) { return 0; }
void ipsec_mb_expand(const uint8_t *key, size_t key_length, void *expanded) {}
void ipsec_mb_seal(
    const void *expanded, size_t key_length, const uint8_t *nonce, const uint8_t *header, size_t header_count,
    const uint8_t *plain, uint8_t *body, size_t count, uint8_t *tag) {}
void ipsec_mb_open(
    const void *expanded, size_t key_length, const uint8_t *nonce, const uint8_t *header, size_t header_count,
    uint8_t *body, size_t count, uint8_t *tag) {}

#endif
