// What Swift cannot import from OpenSSL (macros, variadics, callbacks with state), as plain functions.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The same opaque types as in OpenSSL's headers, which stay out of this one: Swift sees OpaquePointer either way.
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;

// ---- certificate.c

/// Makes a P-256 key and a self-signed certificate for it, valid from one day ago for `days` days by the system's
/// clock. `alternative_names` is in OpenSSL's form ("DNS:a,IP:b") or NULL. Returns 1, or 0 with nothing allocated.
int hop_certificate_create(
    const char *common_name, const char *alternative_names, int days, X509 **certificate, EVP_PKEY **key);

/// Writes the SHA-256 of the certificate's DER form to `out` (32 bytes). Returns 1 or 0.
int hop_certificate_fingerprint(X509 *certificate, uint8_t *out);

/// Writes the PEM text, without a terminating zero, and returns its length; 0 when it fails or does not fit.
size_t hop_certificate_pem(X509 *certificate, char *out, size_t capacity);
/// As above for the private key, in PKCS #8.
size_t hop_private_key_pem(EVP_PKEY *key, char *out, size_t capacity);

// ---- dtls.c

/// Retransmission: the first wait, and the longest one after doublings, in milliseconds. RFC 6347 section 4.2.4.1
/// proposes 1 s and 60 s; a call's set-up cannot wait a second for each lost flight, and a wait below a common round
/// trip only sends a flight twice.
#define HOP_DTLS_FIRST_TIMEOUT_MS 200
#define HOP_DTLS_LONGEST_TIMEOUT_MS 3200

/// The outcome of a step.
enum hop_dtls_status {
  HOP_DTLS_HANDSHAKING = 0,
  HOP_DTLS_CONNECTED = 1,
  /// The peer said close_notify.
  HOP_DTLS_CLOSED = 2,
  /// Fatal; `hop_dtls_failure` tells why.
  HOP_DTLS_FAILED = 3,
};

/// Why a handshake failed.
enum hop_dtls_failure {
  HOP_DTLS_FAILURE_OTHER = 0,
  HOP_DTLS_FAILURE_FINGERPRINT = 1,
  /// Too many retransmissions without an answer.
  HOP_DTLS_FAILURE_TIMEOUT = 2,
  /// The peer sent a fatal alert.
  HOP_DTLS_FAILURE_ALERT = 3,
  /// No common cipher suite, version, group or signature algorithm.
  HOP_DTLS_FAILURE_NEGOTIATION = 4,
  /// A message that is not what the handshake allows here.
  HOP_DTLS_FAILURE_PROTOCOL = 5,
};

/// A context for both roles: DTLS 1.2, forward-secret AEAD suites, a certificate demanded from the peer. NULL on
/// failure. The context takes its own references to certificate and key.
SSL_CTX *hop_dtls_context_new(X509 *certificate, EVP_PKEY *key);

/// A session over its own datagram BIO. `fingerprint` is the 32-byte SHA-256 the peer's certificate must have,
/// `profiles` the SRTP protection profiles in OpenSSL's form, `mtu` the largest UDP payload. NULL on failure.
SSL *hop_dtls_new(SSL_CTX *context, int is_server, const uint8_t *fingerprint, const char *profiles, long mtu);
void hop_dtls_free(SSL *ssl);

/// Advances the session with one datagram, or with none (`bytes` NULL): then a client sends its first flight.
/// `bytes` is not kept.
int hop_dtls_step(SSL *ssl, const uint8_t *bytes, size_t count);
/// Retransmits the last flight now, whatever OpenSSL's own clock says. Returns 1 when it did, 0 when there was
/// nothing to send, -1 when the session has failed.
int hop_dtls_expire(SSL *ssl);
/// Whether a flight waits for its answer.
int hop_dtls_timer_is_armed(SSL *ssl);
/// Counts every start of the timer, so that a caller can tell a new flight from one already waiting.
uint64_t hop_dtls_timer_starts(SSL *ssl);
/// Sends close_notify if the handshake is complete; before that there is nothing to close.
void hop_dtls_close(SSL *ssl);
int hop_dtls_failure(SSL *ssl);

/// The length of the next datagram to send; 0 when there is none.
size_t hop_dtls_output_length(SSL *ssl);
/// Moves that datagram to `out`, which has room for it.
void hop_dtls_take_output(SSL *ssl, uint8_t *out);

/// The identifier of the chosen SRTP profile; 0 when there is none.
unsigned long hop_dtls_srtp_profile(SSL *ssl);
/// DTLS-SRTP keying material (RFC 5764 section 4.2). Returns 1 or 0.
int hop_dtls_export_srtp(SSL *ssl, uint8_t *out, size_t count);
