#include "datagram_bio.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A flight is three datagrams or so. More than this is a loop of retransmissions that nobody drains; the rest is lost,
// as on any network.
enum { queue_limit = 64 };

static int bio_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

static int bio_write(BIO *bio, const char *bytes, int count) {
  struct hop_dtls_state *state = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (state == NULL || count <= 0) return 0;
  if (state->queued >= queue_limit) return count;
  struct hop_datagram *datagram = malloc(sizeof(struct hop_datagram) + (size_t)count);
  if (datagram == NULL) return -1;
  datagram->next = NULL;
  datagram->count = (size_t)count;
  memcpy(datagram->bytes, bytes, (size_t)count);
  *state->last = datagram;
  state->last = &datagram->next;
  state->queued += 1;
  return count;
}

static int bio_read(BIO *bio, char *out, int capacity) {
  struct hop_dtls_state *state = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (state == NULL || capacity <= 0) return 0;
  if (state->input == NULL) {
    BIO_set_retry_read(bio);
    return -1;
  }
  // Like recv: one datagram per read, and what does not fit is cut off.
  size_t count = state->input_count < (size_t)capacity ? state->input_count : (size_t)capacity;
  memcpy(out, state->input, count);
  state->input = NULL;
  state->input_count = 0;
  return (int)count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
  struct hop_dtls_state *state = BIO_get_data(bio);
  (void)number;
  if (state == NULL) return 0;
  switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
      return 1;
    case BIO_CTRL_PENDING:
      return state->input == NULL ? 0 : (long)state->input_count;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return state->mtu;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      // Sent at each start (and stop) of the handshake timer. Up to 3.1 the pointer is the timer itself, from 3.2 on it
      // is a copy on the stack; the library at hand decides, not the header, as all of them are libssl.so.3.
      state->next_timeout = OPENSSL_version_major() == 3 && OPENSSL_version_minor() < 2 ? pointer : NULL;
      state->timer_starts += 1;
      return 0;
    default:
      return 0;
  }
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void) {
  BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
  if (made == NULL) return;
  BIO_meth_set_create(made, bio_create);
  BIO_meth_set_write(made, bio_write);
  BIO_meth_set_read(made, bio_read);
  BIO_meth_set_ctrl(made, bio_control);
  method = made;
}

BIO *hop_datagram_bio_new(struct hop_dtls_state *state) {
  pthread_once(&method_once, make_method);
  if (method == NULL) return NULL;
  BIO *bio = BIO_new(method);
  if (bio != NULL) BIO_set_data(bio, state);
  return bio;
}

void hop_datagram_bio_drop_output(struct hop_dtls_state *state) {
  while (state->first != NULL) {
    struct hop_datagram *datagram = state->first;
    state->first = datagram->next;
    free(datagram);
  }
  state->last = &state->first;
  state->queued = 0;
}
