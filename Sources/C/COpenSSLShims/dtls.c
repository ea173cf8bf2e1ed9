#include "COpenSSLShims.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "datagram_bio.h"

static struct hop_dtls_state *state_of(const SSL *ssl) { return SSL_get_app_data(ssl); }

/// Replaces the check of a certificate chain: peers are self-signed, and known by fingerprint (RFC 8122 section 6.2).
static int verify_fingerprint(X509_STORE_CTX *context, void *argument) {
  (void)argument;
  SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
  X509 *certificate = X509_STORE_CTX_get0_cert(context);
  struct hop_dtls_state *state = ssl == NULL ? NULL : state_of(ssl);
  uint8_t digest[32];
  if (state != NULL && certificate != NULL && hop_certificate_fingerprint(certificate, digest) &&
      CRYPTO_memcmp(digest, state->fingerprint, sizeof digest) == 0) {
    state->fingerprint_matched = 1;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
  }
  if (state != NULL) state->fingerprint_mismatched = 1;
  X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_REJECTED);
  return 0;
}

/// OpenSSL's timer reads the real clock. Where it can be set from outside, it is put off for an hour here, and
/// `hop_dtls_expire` alone brings it forward; elsewhere it runs on the schedule that the caller follows too.
static unsigned int timer_interval(SSL *ssl, unsigned int microseconds) {
  (void)ssl;
  if (OPENSSL_version_major() == 3 && OPENSSL_version_minor() < 2) return 3600u * 1000 * 1000;
  if (microseconds == 0) return HOP_DTLS_FIRST_TIMEOUT_MS * 1000;
  unsigned int doubled = microseconds * 2;
  return doubled < HOP_DTLS_LONGEST_TIMEOUT_MS * 1000 ? doubled : HOP_DTLS_LONGEST_TIMEOUT_MS * 1000;
}

SSL_CTX *hop_dtls_context_new(X509 *certificate, EVP_PKEY *key) {
  SSL_CTX *context = SSL_CTX_new(DTLS_method());
  if (context == NULL) return NULL;
  // Forward secrecy and AEAD only. RSA is for the peer's certificate; our own is ECDSA.
  const char *ciphers =
      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305";
  int ok = SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
  if (!ok) {
    SSL_CTX_free(context);
    return NULL;
  }
  // No resumption: a resumed session would show no certificate. No path MTU queries: the caller states the MTU.
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(context, verify_fingerprint, NULL);
  // A self-signed certificate has a few hundred bytes; the default allows 100 KiB per unfinished handshake.
  SSL_CTX_set_max_cert_list(context, 16 * 1024);
  return context;
}

SSL *hop_dtls_new(SSL_CTX *context, int is_server, const uint8_t *fingerprint, const char *profiles, long mtu) {
  struct hop_dtls_state *state = calloc(1, sizeof *state);
  if (state == NULL) return NULL;
  state->last = &state->first;
  state->mtu = mtu;
  memcpy(state->fingerprint, fingerprint, sizeof state->fingerprint);
  SSL *ssl = SSL_new(context);
  BIO *bio = ssl == NULL ? NULL : hop_datagram_bio_new(state);
  // SSL_set_tlsext_use_srtp returns 0 for success.
  if (bio == NULL || SSL_set_app_data(ssl, state) != 1 || SSL_set_tlsext_use_srtp(ssl, profiles) != 0) {
    BIO_free(bio);
    SSL_free(ssl);
    free(state);
    return NULL;
  }
  SSL_set_bio(ssl, bio, bio);
  SSL_set_mtu(ssl, mtu);
  DTLS_set_timer_cb(ssl, timer_interval);
  if (is_server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return ssl;
}

void hop_dtls_free(SSL *ssl) {
  struct hop_dtls_state *state = state_of(ssl);
  SSL_free(ssl);
  hop_datagram_bio_drop_output(state);
  free(state);
}

static int classify(const struct hop_dtls_state *state) {
  if (state->fingerprint_mismatched) return HOP_DTLS_FAILURE_FINGERPRINT;
  unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return HOP_DTLS_FAILURE_OTHER;
  int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET) return HOP_DTLS_FAILURE_ALERT;
  switch (reason) {
    case SSL_R_READ_TIMEOUT_EXPIRED:
      return HOP_DTLS_FAILURE_TIMEOUT;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:
      return HOP_DTLS_FAILURE_NEGOTIATION;
    default:
      return HOP_DTLS_FAILURE_PROTOCOL;
  }
}

static int failed(struct hop_dtls_state *state) {
  state->failure = classify(state);
  ERR_clear_error();
  return HOP_DTLS_FAILED;
}

/// What follows the handshake: repeated flights, alerts, and application data, which is not used here.
static int read_records(SSL *ssl, struct hop_dtls_state *state) {
  uint8_t scratch[2048];
  for (;;) {
    int count = SSL_read(ssl, scratch, sizeof scratch);
    if (count > 0) continue;
    switch (SSL_get_error(ssl, count)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return HOP_DTLS_CONNECTED;
      case SSL_ERROR_ZERO_RETURN:
        return HOP_DTLS_CLOSED;
      default:
        return failed(state);
    }
  }
}

/// A connected session hears next to nothing and holds two record buffers of 17 KiB each for it. They go when a step is
/// done and come back for the next; a session that cannot have them drops what came, as the network might have.
static int wake(SSL *ssl) { return !SSL_is_init_finished(ssl) || SSL_alloc_buffers(ssl) == 1; }

static void rest(SSL *ssl) {
  if (SSL_is_init_finished(ssl)) SSL_free_buffers(ssl);
}

int hop_dtls_step(SSL *ssl, const uint8_t *bytes, size_t count) {
  struct hop_dtls_state *state = state_of(ssl);
  // The error queue belongs to the thread; SSL_get_error misreads what another session left there.
  ERR_clear_error();
  if (!wake(ssl)) return HOP_DTLS_CONNECTED;
  state->input = count == 0 ? NULL : bytes;
  state->input_count = count;
  int status = HOP_DTLS_HANDSHAKING;
  if (!SSL_is_init_finished(ssl)) {
    int result = SSL_do_handshake(ssl);
    if (result != 1) {
      int error = SSL_get_error(ssl, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) status = failed(state);
    }
  }
  if (status == HOP_DTLS_HANDSHAKING && SSL_is_init_finished(ssl)) {
    if (state->fingerprint_matched) {
      status = read_records(ssl, state);
    } else {
      state->failure = HOP_DTLS_FAILURE_FINGERPRINT;
      status = HOP_DTLS_FAILED;
    }
  }
  state->input = NULL;
  state->input_count = 0;
  rest(ssl);
  return status;
}

int hop_dtls_expire(SSL *ssl) {
  struct hop_dtls_state *state = state_of(ssl);
  if (!hop_dtls_timer_is_armed(ssl)) return 0;
  ERR_clear_error();
  if (state->next_timeout != NULL) {
    // Long past, and not zero, which would mean "no timer".
    state->next_timeout->tv_sec = 1;
    state->next_timeout->tv_usec = 0;
  }
  int result = DTLSv1_handle_timeout(ssl);
  if (result < 0) failed(state);
  return result;
}

int hop_dtls_timer_is_armed(SSL *ssl) {
  struct timeval left;
  return !SSL_is_init_finished(ssl) && DTLSv1_get_timeout(ssl, &left) == 1;
}

uint64_t hop_dtls_timer_starts(SSL *ssl) { return state_of(ssl)->timer_starts; }

void hop_dtls_close(SSL *ssl) {
  ERR_clear_error();
  // SSL_shutdown refuses while a handshake runs; the peer then learns of it by its own time limit.
  if (SSL_is_init_finished(ssl) && wake(ssl)) {
    SSL_shutdown(ssl);
    rest(ssl);
  }
  ERR_clear_error();
}

int hop_dtls_failure(SSL *ssl) { return state_of(ssl)->failure; }

size_t hop_dtls_output_length(SSL *ssl) {
  const struct hop_datagram *datagram = state_of(ssl)->first;
  return datagram == NULL ? 0 : datagram->count;
}

void hop_dtls_take_output(SSL *ssl, uint8_t *out) {
  struct hop_dtls_state *state = state_of(ssl);
  struct hop_datagram *datagram = state->first;
  if (datagram == NULL) return;
  memcpy(out, datagram->bytes, datagram->count);
  state->first = datagram->next;
  if (state->first == NULL) state->last = &state->first;
  state->queued -= 1;
  free(datagram);
}

unsigned long hop_dtls_srtp_profile(SSL *ssl) {
  const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(ssl);
  return profile == NULL ? 0 : profile->id;
}

int hop_dtls_export_srtp(SSL *ssl, uint8_t *out, size_t count) {
  static const char label[] = "EXTRACTOR-dtls_srtp";
  ERR_clear_error();
  int ok = SSL_export_keying_material(ssl, out, count, label, sizeof label - 1, NULL, 0, 0) == 1;
  ERR_clear_error();
  return ok;
}
