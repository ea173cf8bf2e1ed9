// What Swift cannot import from <sys/socket.h>: the vectored datagram calls, control messages (macros), and socket
// options that only _GNU_SOURCE shows. Every function returns a negative errno instead of setting errno, because
// Swift may call other functions between the system call and the look at errno.
//
// No system header with _GNU_SOURCE may be included here: Dispatch's module was built without it, and one type must
// not have two definitions in one program. The structures below have the layout of the system's (asserted in the .c).
#ifndef CNETLINUX_H
#define CNETLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// struct iovec
typedef struct {
  void *base;
  size_t length;
} cnet_vector;

/// struct mmsghdr
typedef struct {
  void *address;
  uint32_t address_length;
  cnet_vector *vectors;
  size_t vector_count;
  void *control;
  size_t control_length;
  int flags;
  /// Bytes received or sent, written by the kernel.
  _Alignas(size_t) unsigned length;
} cnet_message;

/// Room for a sockaddr_in or a sockaddr_in6.
typedef struct {
  _Alignas(8) uint8_t bytes[32];
} cnet_address;

/// Room for the control messages of one datagram: UDP_SEGMENT on the way out, SO_RXQ_OVFL and SO_TIMESTAMPNS on the way in.
typedef struct {
  _Alignas(8) uint8_t bytes[64];
} cnet_control;

/// An unbound, non-blocking, close-on-exec UDP socket; AF_INET6 ones are dual stack. Buffer sizes beyond the system's
/// limit are taken as far as the system allows.
int cnet_udp_socket(int family, int receive_buffer, int send_buffer);
int cnet_bind(int fd, const cnet_address *address, uint32_t length);
int cnet_close(int fd);
/// The buffer sizes that the kernel really gave, in bytes.
int cnet_receive_buffer(int fd);
int cnet_send_buffer(int fd);
/// Whether the kernel knows UDP_SEGMENT (4.18 and later).
bool cnet_has_segmentation(int fd);

/// Address in two host-order halves; IPv4 in its mapped form. Returns the length of the socket address.
uint32_t cnet_store_address(cnet_address *target, int family, uint64_t high, uint64_t low, uint16_t port);
/// False for a family that is neither AF_INET nor AF_INET6.
bool cnet_load_address(const cnet_address *source, uint64_t *high, uint64_t *low, uint16_t *port);
bool cnet_local_address(int fd, uint64_t *high, uint64_t *low, uint16_t *port);

int cnet_recvmmsg(int fd, cnet_message *messages, unsigned count);
int cnet_sendmmsg(int fd, cnet_message *messages, unsigned count);
/// Reads and throws away one datagram. 0 when one was there.
int cnet_discard(int fd);

/// A non-blocking event counter (eventfd), for `cnet_wait_readable`.
int cnet_event(void);
/// Makes the event readable; from any thread.
void cnet_signal(int event);
/// Waits until one of the two is readable, at most this long, and takes back the event's signals. Whether `fd` is.
bool cnet_wait_readable(int fd, int event, uint64_t nanoseconds);

/// Writes the UDP_SEGMENT control message; returns its length for msg_controllen.
size_t cnet_set_segment(cnet_control *control, uint16_t segment);
/// Whether the datagram was longer than its vector.
bool cnet_was_truncated(const cnet_message *message);
/// The socket's drop counter (SO_RXQ_OVFL), if the message carries it.
bool cnet_drop_count(const cnet_message *message, uint32_t *drops);

/// Lets the kernel note when each datagram arrived.
int cnet_enable_arrival_times(int fd);
/// When the datagram arrived, in nanoseconds of the real-time clock, if the message carries it.
bool cnet_arrival_time(const cnet_message *message, uint64_t *nanoseconds);

uint64_t cnet_monotonic_nanoseconds(void);
uint64_t cnet_realtime_nanoseconds(void);

/// The addresses of interfaces that are up, without loopback and link-local ones: two host-order halves each.
/// Returns how many were written, `capacity` at most, or a negative errno.
int cnet_interface_addresses(uint64_t *halves, int capacity);

#endif
