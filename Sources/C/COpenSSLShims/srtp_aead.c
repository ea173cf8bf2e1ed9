// AES-GCM as SRTP uses it (RFC 7714): one key for the life of a context, one nonce for each packet.
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "COpenSSLShims.h"

enum { tag_length = 16 };

struct hop_aead {
  EVP_CIPHER_CTX *cipher;
  uint8_t salt[HOP_AEAD_SALT_LENGTH];
};

// Fetched once for the process: a search by name takes locks and costs as much as some packets do.
static EVP_CIPHER *gcm_128, *gcm_256, *ctr_128, *ctr_256;
static pthread_once_t methods_once = PTHREAD_ONCE_INIT;

static void fetch_methods(void) {
  gcm_128 = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
  gcm_256 = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
  ctr_128 = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
  ctr_256 = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
}

/// The key derivation of RFC 3711 section 4.3: the master key's counter mode over (master salt XOR label), whose 96-bit
/// salt RFC 7714 section 11 pads with zeros on the right.
static int derive(
    const uint8_t *master_key, size_t key_length, const uint8_t *master_salt, uint8_t label, uint8_t *out,
    size_t count) {
  uint8_t counter[16] = {0};
  memcpy(counter, master_salt, HOP_AEAD_SALT_LENGTH);
  counter[7] ^= label;
  memset(out, 0, count);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  int written;
  int ok = context != NULL &&
           EVP_EncryptInit_ex2(context, key_length == 32 ? ctr_256 : ctr_128, master_key, counter, NULL) == 1 &&
           EVP_EncryptUpdate(context, out, &written, out, (int)count) == 1;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

struct hop_aead *hop_aead_new(
    const uint8_t *master_key, size_t key_length, const uint8_t *master_salt, uint8_t key_label, uint8_t salt_label,
    int seals) {
  pthread_once(&methods_once, fetch_methods);
  if (gcm_128 == NULL || gcm_256 == NULL || ctr_128 == NULL || ctr_256 == NULL) return NULL;
  if (key_length != 16 && key_length != 32) return NULL;
  uint8_t key[32];
  struct hop_aead *aead = calloc(1, sizeof *aead);
  int ok = aead != NULL && derive(master_key, key_length, master_salt, key_label, key, key_length) &&
           derive(master_key, key_length, master_salt, salt_label, aead->salt, sizeof aead->salt) &&
           (aead->cipher = EVP_CIPHER_CTX_new()) != NULL &&
           EVP_CipherInit_ex2(aead->cipher, key_length == 32 ? gcm_256 : gcm_128, key, NULL, seals, NULL) == 1;
  OPENSSL_cleanse(key, sizeof key);
  if (ok) return aead;
  hop_aead_free(aead);
  return NULL;
}

void hop_aead_free(struct hop_aead *aead) {
  if (aead == NULL) return;
  // libcrypto wipes the expanded key as it frees it.
  EVP_CIPHER_CTX_free(aead->cipher);
  OPENSSL_cleanse(aead, sizeof *aead);
  free(aead);
}

void hop_aead_prefetch(const struct hop_aead *aead) {
  for (int offset = 0; offset < 192; offset += 64) __builtin_prefetch((const char *)aead->cipher + offset, 1, 3);
}

/// The nonce of RFC 7714 sections 8.1 and 9.1: two zero bytes, the SSRC and the 48-bit index, XOR the salt. SRTCP's
/// 31-bit index behind two zero bytes is the same arrangement.
static void nonce_of(const struct hop_aead *aead, uint32_t ssrc, uint64_t index, uint8_t *nonce) {
  memcpy(nonce, aead->salt, HOP_AEAD_SALT_LENGTH);
  for (int byte = 0; byte < 4; byte += 1) nonce[2 + byte] ^= (uint8_t)(ssrc >> (24 - 8 * byte));
  for (int byte = 0; byte < 6; byte += 1) nonce[6 + byte] ^= (uint8_t)(index >> (40 - 8 * byte));
}

/// The steps before the tag. With the key kept, a packet costs one reset of the nonce; the tag goes as a parameter,
/// which saves the translation of a control command (some 20 ns of 200).
static int run(
    struct hop_aead *aead, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, uint8_t *body, size_t body_count) {
  uint8_t nonce[HOP_AEAD_SALT_LENGTH];
  int count;
  nonce_of(aead, ssrc, index, nonce);
  return EVP_CipherInit_ex2(aead->cipher, NULL, NULL, nonce, -1, NULL) == 1 &&
         EVP_CipherUpdate(aead->cipher, NULL, &count, header, (int)header_count) == 1 &&
         (more_count == 0 || EVP_CipherUpdate(aead->cipher, NULL, &count, more, (int)more_count) == 1) &&
         (body_count == 0 || EVP_CipherUpdate(aead->cipher, body, &count, body, (int)body_count) == 1);
}

int hop_aead_seal(
    struct hop_aead *aead, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, uint8_t *body, size_t body_count) {
  uint8_t *tag = body + body_count;
  int count;
  if (!run(aead, ssrc, index, header, header_count, more, more_count, body, body_count)) return 0;
  OSSL_PARAM wanted[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_length), OSSL_PARAM_END};
  return EVP_CipherFinal_ex(aead->cipher, tag, &count) == 1 && EVP_CIPHER_CTX_get_params(aead->cipher, wanted) == 1;
}

int hop_aead_open(
    struct hop_aead *aead, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, uint8_t *body, size_t body_count) {
  uint8_t *tag = body + body_count;
  uint8_t rest[tag_length];
  int count;
  // OpenSSL wants the tag after the nonce and before the end; it copies it.
  if (!run(aead, ssrc, index, header, header_count, more, more_count, body, body_count)) return 0;
  OSSL_PARAM expected[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_length), OSSL_PARAM_END};
  return EVP_CIPHER_CTX_set_params(aead->cipher, expected) == 1 && EVP_CipherFinal_ex(aead->cipher, rest, &count) == 1;
}
