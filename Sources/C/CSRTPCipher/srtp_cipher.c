#include "CSRTPCipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ipsec_mb.h"

enum { tag_length = 16, cache_line = 64, longest_split_header = 64 };

struct srtp_cipher {
  uint8_t salt[SRTP_CIPHER_SALT_LENGTH];
  uint32_t key_length;
  /// NULL when the expanded key behind this struct is used instead.
  EVP_CIPHER_CTX *evp;
  size_t bytes;
  // One allocation, so that no packet waits for memory twice: where the key lies is known with the context.
  _Alignas(cache_line) uint8_t expanded[];
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

int srtp_cipher_has_ipsec_mb(void) { return ipsec_mb_usable(); }

/// The key derivation of RFC 3711 section 4.3: the master key's counter mode over (master salt XOR label), whose 96-bit
/// salt RFC 7714 section 11 pads with zeros on the right.
static int derive(
    const uint8_t *master_key, size_t key_length, const uint8_t *master_salt, uint8_t label, uint8_t *out,
    size_t count) {
  uint8_t counter[16] = {0};
  memcpy(counter, master_salt, SRTP_CIPHER_SALT_LENGTH);
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

static int make_evp(struct srtp_cipher *cipher, const uint8_t *key, int seals) {
  cipher->evp = EVP_CIPHER_CTX_new();
  return cipher->evp != NULL &&
         EVP_CipherInit_ex2(cipher->evp, cipher->key_length == 32 ? gcm_256 : gcm_128, key, NULL, seals, NULL) == 1;
}

struct srtp_cipher *srtp_cipher_new(
    enum srtp_cipher_library library, const uint8_t *master_key, size_t key_length, const uint8_t *master_salt,
    uint8_t key_label, uint8_t salt_label, int seals) {
  pthread_once(&methods_once, fetch_methods);
  if (gcm_128 == NULL || gcm_256 == NULL || ctr_128 == NULL || ctr_256 == NULL) return NULL;
  if (key_length != 16 && key_length != 32) return NULL;
  int uses_ipsec_mb = library == SRTP_CIPHER_FASTEST && ipsec_mb_usable();
  size_t bytes = sizeof(struct srtp_cipher) + (uses_ipsec_mb ? ipsec_mb_key_size() : 0);
  bytes = (bytes + cache_line - 1) / cache_line * cache_line;
  struct srtp_cipher *cipher = aligned_alloc(cache_line, bytes);
  if (cipher == NULL) return NULL;
  memset(cipher, 0, bytes);
  cipher->bytes = bytes;
  cipher->key_length = (uint32_t)key_length;
  uint8_t key[32];
  int ok = derive(master_key, key_length, master_salt, key_label, key, key_length) &&
           derive(master_key, key_length, master_salt, salt_label, cipher->salt, sizeof cipher->salt);
  if (ok && uses_ipsec_mb) ipsec_mb_expand(key, key_length, cipher->expanded);
  if (ok && !uses_ipsec_mb) ok = make_evp(cipher, key, seals);
  OPENSSL_cleanse(key, sizeof key);
  if (ok) return cipher;
  srtp_cipher_free(cipher);
  return NULL;
}

void srtp_cipher_free(struct srtp_cipher *cipher) {
  if (cipher == NULL) return;
  // libcrypto wipes the expanded key as it frees it.
  EVP_CIPHER_CTX_free(cipher->evp);
  OPENSSL_cleanse(cipher, cipher->bytes);
  free(cipher);
}

static void prefetch(const void *start, size_t count) {
  for (size_t offset = 0; offset < count; offset += cache_line) __builtin_prefetch((const char *)start + offset, 0, 3);
}

void srtp_cipher_prefetch(const struct srtp_cipher *cipher, int stage) {
  if (stage == 1)
    prefetch(cipher, sizeof *cipher);
  else if (cipher->evp == NULL)
    prefetch(cipher->expanded, ipsec_mb_key_bytes_read());
  else
    // What lies behind it is libcrypto's own.
    prefetch(cipher->evp, 192);
}

/// The nonce of RFC 7714 sections 8.1 and 9.1: two zero bytes, the SSRC and the 48-bit index, XOR the salt. SRTCP's
/// 31-bit index behind two zero bytes is the same arrangement.
static void nonce_of(const struct srtp_cipher *cipher, uint32_t ssrc, uint64_t index, uint8_t *nonce) {
  memcpy(nonce, cipher->salt, SRTP_CIPHER_SALT_LENGTH);
  for (int byte = 0; byte < 4; byte += 1) nonce[2 + byte] ^= (uint8_t)(ssrc >> (24 - 8 * byte));
  for (int byte = 0; byte < 6; byte += 1) nonce[6 + byte] ^= (uint8_t)(index >> (40 - 8 * byte));
}

/// What is authenticated beside the body, in one piece: `header` itself, or both parts in `room`. NULL if that is too
/// small, which SRTCP's twelve bytes never meet.
static const uint8_t *joined(
    const uint8_t *header, size_t header_count, const uint8_t *more, size_t more_count, uint8_t *room) {
  if (more_count == 0) return header;
  if (header_count + more_count > longest_split_header) return NULL;
  memcpy(room, header, header_count);
  memcpy(room + header_count, more, more_count);
  return room;
}

/// OpenSSL's steps before the tag. With the key kept, a packet costs one reset of the nonce; the tag goes as a parameter,
/// which saves the translation of a control command (some 20 ns of 200).
static int run_evp(
    EVP_CIPHER_CTX *evp, const uint8_t *nonce, const uint8_t *header, size_t header_count, const uint8_t *source,
    uint8_t *target, size_t count) {
  int written;
  return EVP_CipherInit_ex2(evp, NULL, NULL, nonce, -1, NULL) == 1 &&
         EVP_CipherUpdate(evp, NULL, &written, header, (int)header_count) == 1 &&
         (count == 0 || EVP_CipherUpdate(evp, target, &written, source, (int)count) == 1);
}

int srtp_cipher_seal(
    struct srtp_cipher *cipher, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, const uint8_t *plain, uint8_t *body, size_t count) {
  uint8_t nonce[SRTP_CIPHER_SALT_LENGTH], room[longest_split_header], *tag = body + count;
  nonce_of(cipher, ssrc, index, nonce);
  const uint8_t *authenticated = joined(header, header_count, more, more_count, room);
  if (authenticated == NULL) return 0;
  if (cipher->evp == NULL) {
    ipsec_mb_seal(
        cipher->expanded, cipher->key_length, nonce, authenticated, header_count + more_count, plain, body, count, tag);
    return 1;
  }
  int last;
  OSSL_PARAM wanted[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_length), OSSL_PARAM_END};
  return run_evp(cipher->evp, nonce, authenticated, header_count + more_count, plain, body, count) &&
         EVP_CipherFinal_ex(cipher->evp, tag, &last) == 1 && EVP_CIPHER_CTX_get_params(cipher->evp, wanted) == 1;
}

int srtp_cipher_open(
    struct srtp_cipher *cipher, uint32_t ssrc, uint64_t index, const uint8_t *header, size_t header_count,
    const uint8_t *more, size_t more_count, uint8_t *body, size_t count) {
  uint8_t nonce[SRTP_CIPHER_SALT_LENGTH], room[longest_split_header], right[tag_length], *tag = body + count;
  nonce_of(cipher, ssrc, index, nonce);
  const uint8_t *authenticated = joined(header, header_count, more, more_count, room);
  if (authenticated == NULL) return 0;
  if (cipher->evp == NULL) {
    ipsec_mb_open(
        cipher->expanded, cipher->key_length, nonce, authenticated, header_count + more_count, body, count, right);
    return CRYPTO_memcmp(right, tag, tag_length) == 0;
  }
  int last;
  // OpenSSL wants the tag after the nonce and before the end; it copies it.
  OSSL_PARAM expected[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_length), OSSL_PARAM_END};
  return run_evp(cipher->evp, nonce, authenticated, header_count + more_count, body, body, count) &&
         EVP_CIPHER_CTX_set_params(cipher->evp, expected) == 1 && EVP_CipherFinal_ex(cipher->evp, right, &last) == 1;
}
