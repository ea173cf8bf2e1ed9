// A BIO that keeps datagram boundaries: BIO_s_mem joins datagrams, and BIO_s_dgram_mem came with OpenSSL 3.2.
#pragma once

#include <openssl/bio.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

/// A datagram that waits to be sent.
struct hop_datagram {
  struct hop_datagram *next;
  size_t count;
  uint8_t bytes[];
};

/// The state behind one session: its BIO's two directions, and what its callbacks need to know.
struct hop_dtls_state {
  /// Borrowed for the length of one step.
  const uint8_t *input;
  size_t input_count;
  struct hop_datagram *first;
  struct hop_datagram **last;
  size_t queued;
  long mtu;

  /// OpenSSL's own deadline; NULL when the library passes a copy of it only (3.2 and later).
  struct timeval *next_timeout;
  uint64_t timer_starts;

  uint8_t fingerprint[32];
  int fingerprint_matched;
  int fingerprint_mismatched;
  int failure;
};

/// A BIO over `state`, which it does not own. NULL on failure.
BIO *hop_datagram_bio_new(struct hop_dtls_state *state);
/// Frees the datagrams that nobody took.
void hop_datagram_bio_drop_output(struct hop_dtls_state *state);
