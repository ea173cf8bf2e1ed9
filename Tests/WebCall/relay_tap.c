// Loaded into sfu-relay by the test, with LD_PRELOAD: writes down what the relay sees of media once it has taken the
// hop's encryption off, and spoils it on demand. It stands between the relay and the libraries that do AES-GCM for it,
// Intel's Multi-Buffer library or libcrypto, so the relay is the one that people run; nothing in it can do this by itself.
//
// What is authenticated with AES-GCM beside an RTP packet's payload is its header (RFC 7714 section 8.2), so that a
// decryption shows the whole packet. Other users of the libraries authenticate what does not look like such a header.
//
// RELAY_TAP: file to which each RTP packet goes, after its length in two bytes, most significant first.
// RELAY_TAP_SPOIL: as long as a file of this name exists, the last byte of every packet is changed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#ifdef __x86_64__
#include <intel-ipsec-mb.h>
#endif
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { largest_header = 12 + 4 * 15 + 4 + 4 * 255 };

static int (*update)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
static int (*final)(EVP_CIPHER_CTX *, unsigned char *, int *);
static const char *spoil_path;
static int tap = -1;

// The packet that this thread is decrypting.
static _Thread_local struct {
  const EVP_CIPHER_CTX *cipher;
  uint8_t header[largest_header];
  size_t header_length;
  uint8_t *body;
  size_t body_length;
} current;

static void start(void) {
  const char *path = getenv("RELAY_TAP");
  *(void **)&update = dlsym(RTLD_NEXT, "EVP_CipherUpdate");
  *(void **)&final = dlsym(RTLD_NEXT, "EVP_CipherFinal_ex");
  if (!update || !final) abort();
  spoil_path = getenv("RELAY_TAP_SPOIL");
  if (path && (tap = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) < 0) abort();
}

static void begin(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
}

// An RTP header and not one of RTCP (RFC 5761 section 4).
static int is_rtp(const uint8_t *header, size_t length) {
  return length >= 12 && header[0] >> 6 == 2 && (header[1] < 192 || header[1] > 223);
}

// An authentic packet was decrypted.
static void opened(const uint8_t *header, size_t header_length, uint8_t *body, size_t body_length) {
  if (!is_rtp(header, header_length) || body_length == 0) return;
  size_t length = header_length + body_length;
  if (length > UINT16_MAX) abort();
  if (tap >= 0) {
    uint8_t prefix[2] = {(uint8_t)(length >> 8), (uint8_t)length};
    struct iovec parts[3] = {{prefix, sizeof prefix}, {(void *)header, header_length}, {body, body_length}};
    if (writev(tap, parts, 3) != (ssize_t)(sizeof prefix + length)) abort();
  }
  // The last byte of a packet with padding counts it.
  int is_padded = header[0] & 0x20;
  if (spoil_path && !is_padded && access(spoil_path, F_OK) == 0) body[body_length - 1] ^= 0x55;
}

int EVP_CipherUpdate(EVP_CIPHER_CTX *cipher, unsigned char *out, int *count, const unsigned char *in, int length) {
  begin();
  int status = update(cipher, out, count, in, length);
  if (status != 1 || length <= 0) return status;
  if (out == NULL) {
    current.cipher = (size_t)length <= sizeof current.header ? cipher : NULL;
    if (!current.cipher) return status;
    memcpy(current.header, in, (size_t)length);
    current.header_length = (size_t)length;
    current.body_length = 0;
  } else if (cipher == current.cipher) {
    current.body = out;
    current.body_length = (size_t)*count;
  }
  return status;
}

int EVP_CipherFinal_ex(EVP_CIPHER_CTX *cipher, unsigned char *out, int *count) {
  begin();
  int status = final(cipher, out, count);
  if (status == 1 && cipher == current.cipher && !EVP_CIPHER_CTX_is_encrypting(cipher))
    opened(current.header, current.header_length, current.body, current.body_length);
  if (cipher == current.cipher) current.cipher = NULL;
  return status;
}

#ifdef __x86_64__

static aes_gcm_enc_dec_t open_128, open_256;

// The caller compares the tag itself; it lies behind the body, which is decrypted in place.
static void note(
    const uint8_t *header, uint64_t header_length, uint8_t *body, uint64_t count, const uint8_t *tag, uint64_t tag_length) {
  if (memcmp(body + count, tag, tag_length) == 0) opened(header, header_length, body, count);
}

static void tapped_128(
    const struct gcm_key_data *key, struct gcm_context_data *state, uint8_t *out, uint8_t const *in, uint64_t count,
    const uint8_t *nonce, uint8_t const *header, uint64_t header_length, uint8_t *tag, uint64_t tag_length) {
  open_128(key, state, out, in, count, nonce, header, header_length, tag, tag_length);
  note(header, header_length, out, count, tag, tag_length);
}

static void tapped_256(
    const struct gcm_key_data *key, struct gcm_context_data *state, uint8_t *out, uint8_t const *in, uint64_t count,
    const uint8_t *nonce, uint8_t const *header, uint64_t header_length, uint8_t *tag, uint64_t tag_length) {
  open_256(key, state, out, in, count, nonce, header, header_length, tag, tag_length);
  note(header, header_length, out, count, tag, tag_length);
}

// The library's functions are reached by way of the table that this fills.
void init_mb_mgr_auto(IMB_MGR *manager, IMB_ARCH *chosen) {
  begin();
  void (*fill)(IMB_MGR *, IMB_ARCH *);
  *(void **)&fill = dlsym(RTLD_NEXT, "init_mb_mgr_auto");
  if (!fill) abort();
  fill(manager, chosen);
  open_128 = manager->gcm128_dec;
  open_256 = manager->gcm256_dec;
  manager->gcm128_dec = tapped_128;
  manager->gcm256_dec = tapped_256;
}

#endif
