#include "COpenSSLShims.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static int set_serial(X509 *certificate) {
  // 126 random bits: positive, and within the 20 octets of RFC 5280 section 4.1.2.2.
  BIGNUM *serial = BN_new();
  int ok = serial != NULL && BN_rand(serial, 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
  BN_free(serial);
  return ok;
}

static int set_name(X509 *certificate, const char *common_name) {
  X509_NAME *name = X509_NAME_new();
  int ok = name != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
           X509_set_subject_name(certificate, name) == 1 && X509_set_issuer_name(certificate, name) == 1;
  X509_NAME_free(name);
  return ok;
}

static int add_extension(X509 *certificate, int identifier, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, identifier, value);
  int ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return ok;
}

static int fill(X509 *certificate, EVP_PKEY *key, const char *common_name, const char *alternative_names, int days) {
  const long day = 24 * 60 * 60;
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         set_name(certificate, common_name) &&
         // A day of slack for peers whose clock is behind.
         X509_gmtime_adj(X509_getm_notBefore(certificate), -day) != NULL &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), day * days) != NULL &&
         X509_set_pubkey(certificate, key) == 1 &&
         (alternative_names == NULL || (add_extension(certificate, NID_subject_alt_name, alternative_names) &&
                                        add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                                        add_extension(certificate, NID_ext_key_usage, "serverAuth"))) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

int hop_certificate_create(
    const char *common_name, const char *alternative_names, int days, X509 **certificate, EVP_PKEY **key) {
  *key = EVP_EC_gen("P-256");
  *certificate = X509_new();
  if (*key != NULL && *certificate != NULL && fill(*certificate, *key, common_name, alternative_names, days)) return 1;
  EVP_PKEY_free(*key);
  X509_free(*certificate);
  *key = NULL;
  *certificate = NULL;
  return 0;
}

int hop_certificate_fingerprint(X509 *certificate, uint8_t *out) {
  unsigned int count = 0;
  return X509_digest(certificate, EVP_sha256(), out, &count) == 1 && count == 32;
}

static size_t drain(BIO *bio, int written, char *out, size_t capacity) {
  size_t count = 0;
  if (written == 1 && BIO_ctrl_pending(bio) <= capacity) {
    int read = BIO_read(bio, out, (int)capacity);
    count = read > 0 ? (size_t)read : 0;
  }
  BIO_free(bio);
  return count;
}

size_t hop_certificate_pem(X509 *certificate, char *out, size_t capacity) {
  BIO *bio = BIO_new(BIO_s_mem());
  return bio == NULL ? 0 : drain(bio, PEM_write_bio_X509(bio, certificate), out, capacity);
}

size_t hop_private_key_pem(EVP_PKEY *key, char *out, size_t capacity) {
  // The secure-memory BIO erases its buffer when it is freed.
  BIO *bio = BIO_new(BIO_s_secmem());
  return bio == NULL ? 0 : drain(bio, PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), out, capacity);
}
