#define _GNU_SOURCE 1
#include "CNetLinux.h"

#include <endian.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

_Static_assert(sizeof(cnet_vector) == sizeof(struct iovec), "layout of iovec");
_Static_assert(offsetof(cnet_vector, length) == offsetof(struct iovec, iov_len), "layout of iovec");
_Static_assert(offsetof(cnet_message, address_length) == offsetof(struct msghdr, msg_namelen), "layout of msghdr");
_Static_assert(offsetof(cnet_message, vectors) == offsetof(struct msghdr, msg_iov), "layout of msghdr");
_Static_assert(offsetof(cnet_message, vector_count) == offsetof(struct msghdr, msg_iovlen), "layout of msghdr");
_Static_assert(offsetof(cnet_message, control) == offsetof(struct msghdr, msg_control), "layout of msghdr");
_Static_assert(offsetof(cnet_message, control_length) == offsetof(struct msghdr, msg_controllen), "layout of msghdr");
_Static_assert(offsetof(cnet_message, flags) == offsetof(struct msghdr, msg_flags), "layout of msghdr");
_Static_assert(offsetof(cnet_message, length) == offsetof(struct mmsghdr, msg_len), "layout of mmsghdr");
_Static_assert(sizeof(cnet_message) == sizeof(struct mmsghdr), "layout of mmsghdr");

// The FORCE form goes beyond net.core.rmem_max but needs CAP_NET_ADMIN; without it the plain form is clamped.
static void set_buffer(int fd, int force, int plain, int bytes) {
  if (bytes <= 0) return;
  if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0)
    (void)setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes);
}

int cnet_udp_socket(int family, int receive_buffer, int send_buffer) {
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int one = 1, zero = 0;
  if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) != 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive_buffer);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, send_buffer);
  (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
  return fd;
}

int cnet_bind(int fd, const cnet_address *address, uint32_t length) {
  return bind(fd, (const struct sockaddr *)address->bytes, length) == 0 ? 0 : -errno;
}

int cnet_close(int fd) { return close(fd) == 0 ? 0 : -errno; }

int cnet_receive_buffer(int fd) {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &length) == 0 ? bytes : -errno;
}

int cnet_send_buffer(int fd) {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &length) == 0 ? bytes : -errno;
}

bool cnet_has_segmentation(int fd) {
  int segment = 0;
  return setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0;
}

uint32_t cnet_store_address(cnet_address *target, int family, uint64_t high, uint64_t low, uint16_t port) {
  if (family == AF_INET) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl((uint32_t)low);
    memcpy(target->bytes, &address, sizeof address);
    return sizeof address;
  }
  struct sockaddr_in6 address;
  memset(&address, 0, sizeof address);
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  uint64_t halves[2] = {htobe64(high), htobe64(low)};
  memcpy(&address.sin6_addr, halves, sizeof halves);
  memcpy(target->bytes, &address, sizeof address);
  return sizeof address;
}

bool cnet_load_address(const cnet_address *source, uint64_t *high, uint64_t *low, uint16_t *port) {
  sa_family_t family;
  memcpy(&family, source->bytes, sizeof family);
  if (family == AF_INET) {
    struct sockaddr_in address;
    memcpy(&address, source->bytes, sizeof address);
    *high = 0;
    *low = 0xFFFF00000000ull | ntohl(address.sin_addr.s_addr);
    *port = ntohs(address.sin_port);
    return true;
  }
  if (family != AF_INET6) return false;
  struct sockaddr_in6 address;
  memcpy(&address, source->bytes, sizeof address);
  uint64_t halves[2];
  memcpy(halves, &address.sin6_addr, sizeof halves);
  *high = be64toh(halves[0]);
  *low = be64toh(halves[1]);
  *port = ntohs(address.sin6_port);
  return true;
}

bool cnet_local_address(int fd, uint64_t *high, uint64_t *low, uint16_t *port) {
  cnet_address address;
  socklen_t length = sizeof address.bytes;
  if (getsockname(fd, (struct sockaddr *)address.bytes, &length) != 0) return false;
  return cnet_load_address(&address, high, low, port);
}

int cnet_recvmmsg(int fd, cnet_message *messages, unsigned count) {
  int received = recvmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT, NULL);
  return received < 0 ? -errno : received;
}

int cnet_sendmmsg(int fd, cnet_message *messages, unsigned count) {
  int sent = sendmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}

int cnet_discard(int fd) {
  char byte;
  return recv(fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC) < 0 ? -errno : 0;
}

int cnet_event(void) {
  int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return event < 0 ? -errno : event;
}

void cnet_signal(int event) {
  uint64_t one = 1;
  // It fails only when the counter is full, and then it is readable.
  (void)!write(event, &one, sizeof one);
}

bool cnet_wait_readable(int fd, int event, uint64_t nanoseconds) {
  struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = event, .events = POLLIN}};
  struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  if (ppoll(both, 2, &limit, NULL) <= 0) return false;
  if (both[1].revents & POLLIN) {
    uint64_t count;
    (void)!read(event, &count, sizeof count);
  }
  return (both[0].revents & POLLIN) != 0;
}

size_t cnet_set_segment(cnet_control *control, uint16_t segment) {
  _Static_assert(CMSG_SPACE(sizeof(uint16_t)) <= sizeof control->bytes, "control message does not fit");
  struct cmsghdr *header = (struct cmsghdr *)control->bytes;
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof segment);
  memcpy(CMSG_DATA(header), &segment, sizeof segment);
  return CMSG_SPACE(sizeof segment);
}

bool cnet_was_truncated(const cnet_message *message) { return (message->flags & MSG_TRUNC) != 0; }

bool cnet_drop_count(const cnet_message *source, uint32_t *drops) {
  struct msghdr *message = (struct msghdr *)source;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
      memcpy(drops, CMSG_DATA(header), sizeof *drops);
      return true;
    }
  }
  return false;
}

int cnet_enable_arrival_times(int fd) {
  int one = 1;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) == 0 ? 0 : -errno;
}

bool cnet_arrival_time(const cnet_message *source, uint64_t *arrival) {
  struct msghdr *message = (struct msghdr *)source;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec time;
      memcpy(&time, CMSG_DATA(header), sizeof time);
      *arrival = (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
      return true;
    }
  }
  return false;
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

uint64_t cnet_monotonic_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC); }
uint64_t cnet_realtime_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }

static bool is_usable(const struct ifaddrs *entry) {
  if (entry->ifa_addr == NULL || (entry->ifa_flags & IFF_UP) == 0 || (entry->ifa_flags & IFF_LOOPBACK) != 0)
    return false;
  if (entry->ifa_addr->sa_family == AF_INET) return true;
  if (entry->ifa_addr->sa_family != AF_INET6) return false;
  return !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)->sin6_addr);
}

int cnet_interface_addresses(uint64_t *halves, int capacity) {
  struct ifaddrs *list;
  if (getifaddrs(&list) != 0) return -errno;
  int count = 0;
  for (struct ifaddrs *entry = list; entry && count < capacity; entry = entry->ifa_next) {
    if (!is_usable(entry)) continue;
    cnet_address address;
    size_t length =
        entry->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    memcpy(address.bytes, entry->ifa_addr, length);
    uint16_t port;
    if (cnet_load_address(&address, &halves[2 * count], &halves[2 * count + 1], &port)) count++;
  }
  freeifaddrs(list);
  return count;
}
