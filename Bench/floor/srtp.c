#include "forwarder.h"

#include <string.h>

// One block run of the AES counter mode that RFC 3711 section 4.3.3 derives keys with.
static int derive(const uint8_t *master, uint8_t label, uint8_t *result, int length) {
  static const uint8_t zeros[MASTER_KEY];
  // The salt of 12 bytes is padded to 14 at its right (RFC 7714 section 11); the label is XORed in at byte 7.
  uint8_t counter[16] = {0};
  memcpy(counter, master + MASTER_KEY, MASTER_SALT);
  counter[7] ^= label;
  int written = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  int ok = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, master, counter) == 1 &&
           EVP_EncryptUpdate(context, result, &written, zeros, length) == 1 && written == length;
  EVP_CIPHER_CTX_free(context);
  return ok ? 0 : -1;
}

int direction_init(struct direction *direction, const uint8_t master[MASTER_KEY + MASTER_SALT], int encrypt) {
  uint8_t key[MASTER_KEY];
  if (derive(master, 0, key, sizeof key) != 0 || derive(master, 2, direction->salt, MASTER_SALT) != 0) return -1;
  direction->context = EVP_CIPHER_CTX_new();
  if (direction->context == NULL) return -1;
  return EVP_CipherInit_ex(direction->context, EVP_aes_256_gcm(), NULL, key, NULL, encrypt) == 1 ? 0 : -1;
}

int rtp_header_length(const uint8_t *packet, int length) {
  if (length < 12 + GCM_TAG || packet[0] >> 6 != 2) return 0;
  int header = 12 + 4 * (packet[0] & 0x0F);
  if (packet[0] & 0x10) {
    if (header + 4 > length) return 0;
    header += 4 + 4 * (packet[header + 2] << 8 | packet[header + 3]);
  }
  return header + GCM_TAG <= length ? header : 0;
}

int64_t peer_rollover(struct peer *peer, uint32_t ssrc, uint16_t sequence) {
  struct source *source = NULL;
  for (int i = 0; i < peer->source_count; i++)
    if (peer->sources[i].ssrc == ssrc) source = &peer->sources[i];
  if (source == NULL) {
    if (peer->source_count == MAX_SOURCES) return -1;
    source = &peer->sources[peer->source_count++];
    *source = (struct source){ssrc, 0, sequence};
    return 0;
  }
  int16_t distance = (int16_t)(uint16_t)(sequence - source->highest);
  uint32_t rollover = source->rollover;
  if (distance > 0) {
    if (sequence < source->highest) rollover = ++source->rollover;
    source->highest = sequence;
  } else if (sequence > source->highest) {
    rollover--;
  }
  return rollover;
}

// RFC 7714 section 8.1.
static void nonce(uint8_t iv[12], const uint8_t *salt, const uint8_t *packet, uint32_t rollover) {
  uint8_t plain[12] = {0};
  memcpy(plain + 2, packet + 8, 4);
  plain[6] = (uint8_t)(rollover >> 24);
  plain[7] = (uint8_t)(rollover >> 16);
  plain[8] = (uint8_t)(rollover >> 8);
  plain[9] = (uint8_t)rollover;
  memcpy(plain + 10, packet + 2, 2);
  for (int i = 0; i < 12; i++) iv[i] = plain[i] ^ salt[i];
}

int srtp_open(struct direction *direction, uint8_t *packet, int header, int length, uint32_t rollover) {
  uint8_t iv[12];
  int written = 0, last = 0, end = length - GCM_TAG;
  nonce(iv, direction->salt, packet, rollover);
  EVP_CIPHER_CTX *context = direction->context;
  if (EVP_DecryptInit_ex(context, NULL, NULL, NULL, iv) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, packet + end) != 1 ||
      EVP_DecryptUpdate(context, NULL, &written, packet, header) != 1 ||
      EVP_DecryptUpdate(context, packet + header, &written, packet + header, end - header) != 1 ||
      EVP_DecryptFinal_ex(context, packet + header + written, &last) != 1)
    return -1;
  return end;
}

int srtp_seal(struct direction *direction, uint8_t *packet, int header, int length, uint32_t rollover) {
  uint8_t iv[12];
  int written = 0, last = 0;
  nonce(iv, direction->salt, packet, rollover);
  EVP_CIPHER_CTX *context = direction->context;
  if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv) != 1 ||
      EVP_EncryptUpdate(context, NULL, &written, packet, header) != 1 ||
      EVP_EncryptUpdate(context, packet + header, &written, packet + header, length - header) != 1 ||
      EVP_EncryptFinal_ex(context, packet + header + written, &last) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, packet + length) != 1)
    return -1;
  return length + GCM_TAG;
}
