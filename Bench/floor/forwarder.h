// A forwarder that does what an SFU's packet path must do and nothing else: the floor that this machine, its kernel
// and its crypto library set for any relay.
#ifndef FLOOR_FORWARDER_H
#define FLOOR_FORWARDER_H

#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdint.h>

enum {
  MAX_PEERS = 2048,
  MAX_SOURCES = 4,      // SSRCs of one sender
  MAX_DATAGRAM = 1500,
  READ_BATCH = 64,
  MASTER_KEY = 32,
  MASTER_SALT = 12,
  GCM_TAG = 16,
};

// One direction of SRTP with AEAD_AES_256_GCM (RFC 7714): a context that is keyed once, and the salt of its nonces.
struct direction {
  EVP_CIPHER_CTX *context;
  uint8_t salt[MASTER_SALT];
};

// The rollover counter of one incoming stream (RFC 3711 section 3.3.1). It leaves under the same numbers.
struct source {
  uint32_t ssrc;
  uint32_t rollover;
  uint16_t highest;
};

struct peer {
  struct sockaddr_in address;
  uint32_t room;
  struct direction in, out;
  struct source sources[MAX_SOURCES];
  int source_count;
};

// Derives the session key and salt (RFC 3711 section 4.3) and keys the context. 0 on success.
int direction_init(struct direction *direction, const uint8_t master[MASTER_KEY + MASTER_SALT], int encrypt);

// The length of an RTP header with its extension; 0 for what is none or has no room for a tag.
int rtp_header_length(const uint8_t *packet, int length);

// The extended index's upper half for a packet of `peer`; makes a source if there is room, else returns -1.
int64_t peer_rollover(struct peer *peer, uint32_t ssrc, uint16_t sequence);

// Opens in place; returns the plain length, or -1 when the tag is wrong.
int srtp_open(struct direction *direction, uint8_t *packet, int header, int length, uint32_t rollover);
// Seals `length` plain bytes in place and appends the tag; returns the new length, or -1.
int srtp_seal(struct direction *direction, uint8_t *packet, int header, int length, uint32_t rollover);

#endif
