// Loaded into sfu-relay by the test, with LD_PRELOAD: writes down what the relay sees of media once it has taken the
// hop's encryption off, and spoils it on demand. It stands between the relay and libsrtp, so the relay is the one that
// people run; nothing in it can do this by itself.
//
// RELAY_TAP: file to which each RTP packet goes, after its length in two bytes, most significant first.
// RELAY_TAP_SPOIL: as long as a file of this name exists, the last byte of every packet is changed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

static srtp_err_status_t (*unprotect)(srtp_t, void *, int *);
static const char *spoil_path;
static int tap = -1;

static void start(void) {
  const char *path = getenv("RELAY_TAP");
  unprotect = (srtp_err_status_t(*)(srtp_t, void *, int *))dlsym(RTLD_NEXT, "srtp_unprotect");
  if (!unprotect) abort();
  spoil_path = getenv("RELAY_TAP_SPOIL");
  if (path && (tap = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) < 0) abort();
}

srtp_err_status_t srtp_unprotect(srtp_t session, void *packet, int *length) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
  srtp_err_status_t status = unprotect(session, packet, length);
  // Twelve bytes of header and at least one more.
  if (status != srtp_err_status_ok || *length < 13 || *length > UINT16_MAX) return status;
  uint8_t *bytes = packet;
  if (tap >= 0) {
    uint8_t prefix[2] = {(uint8_t)(*length >> 8), (uint8_t)*length};
    struct iovec parts[2] = {{prefix, sizeof prefix}, {bytes, (size_t)*length}};
    if (writev(tap, parts, 2) != (ssize_t)sizeof prefix + *length) abort();
  }
  // The last byte of a packet with padding counts it.
  int is_padded = bytes[0] & 0x20;
  if (spoil_path && !is_padded && access(spoil_path, F_OK) == 0) bytes[*length - 1] ^= 0x55;
  return status;
}
