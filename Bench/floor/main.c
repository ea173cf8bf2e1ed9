// sfu-floor PORT COALESCE_US
//
// Forwards each SRTP packet of a peer to all other peers of its room: recvmmsg, open, one copy and one seal for each
// receiver, UDP_SEGMENT runs with sendmmsg. One thread, one socket on 127.0.0.1, no retransmission, no signalling: a
// peer registers by a datagram that starts with REGISTER and holds its room and its two master keys.
//
// While packets wake it more than BUSY_WAKEUPS times a second it reads every COALESCE_US microseconds instead of at
// once, as the relay does; 0 never does that.
#define _GNU_SOURCE 1
#include "forwarder.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
  REGISTER = 0x01,  // a first byte that neither RTP nor DTLS has
  REGISTER_BYTES = 1 + 4 + 2 * (MASTER_KEY + MASTER_SALT),
  MAX_RUN_BYTES = 60 * 1024,
  MAX_MESSAGES = 512,
  PARENT_CHECK_MS = 1000,
  OUT_BYTES = 4 << 20,
  BUSY_WAKEUPS = 2500,
  WINDOW_NS = 10000000,
};

struct packet {
  uint8_t *bytes;
  int header, length, from;
  uint32_t rollover;
};

static struct peer peers[MAX_PEERS];
static int peer_count;
static int peer_of_port[65536];  // 0 is none, else the index + 1

static uint8_t in_bytes[READ_BATCH][MAX_DATAGRAM];
static struct mmsghdr in_messages[READ_BATCH];
static struct iovec in_vectors[READ_BATCH];
static struct sockaddr_in in_addresses[READ_BATCH];

static uint8_t out_bytes[OUT_BYTES];
static struct mmsghdr out_messages[MAX_MESSAGES];
static struct iovec out_vectors[MAX_MESSAGES];
static union {
  char bytes[CMSG_SPACE(sizeof(uint16_t))];
  struct cmsghdr align;
} out_controls[MAX_MESSAGES];
static int out_count;
static size_t out_used;

static void fail(const char *what) {
  fprintf(stderr, "sfu-floor: %s: %s\n", what, strerror(errno));
  exit(2);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void register_peer(const uint8_t *datagram, int length, const struct sockaddr_in *address) {
  if (length != REGISTER_BYTES) return;
  int *place = &peer_of_port[ntohs(address->sin_port)];
  if (*place != 0 || peer_count == MAX_PEERS) return;
  struct peer *peer = &peers[peer_count];
  peer->address = *address;
  peer->room = (uint32_t)datagram[1] << 24 | (uint32_t)datagram[2] << 16 | (uint32_t)datagram[3] << 8 | datagram[4];
  const uint8_t *keys = datagram + 5;
  if (direction_init(&peer->in, keys, 0) != 0 ||
      direction_init(&peer->out, keys + MASTER_KEY + MASTER_SALT, 1) != 0)
    return;
  *place = ++peer_count;
}

static void flush(int fd) {
  int sent = 0;
  while (sent < out_count) {
    int result = sendmmsg(fd, out_messages + sent, (unsigned)(out_count - sent), 0);
    // What the kernel does not take is lost, as it is with any relay.
    sent += result > 0 ? result : 1;
  }
  out_count = 0;
  out_used = 0;
}

// One message for `bytes` from `start` on, in segments of `segment`.
static void append_run(struct peer *to, uint8_t *start, size_t bytes, uint16_t segment) {
  if (out_count == MAX_MESSAGES) fail("too many messages in one batch");
  int i = out_count++;
  out_vectors[i] = (struct iovec){start, bytes};
  struct msghdr *header = &out_messages[i].msg_hdr;
  *header = (struct msghdr){
      .msg_name = &to->address, .msg_namelen = sizeof to->address, .msg_iov = &out_vectors[i], .msg_iovlen = 1};
  if (bytes > segment) {
    header->msg_control = out_controls[i].bytes;
    header->msg_controllen = sizeof out_controls[i].bytes;
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(control), &segment, sizeof segment);
  }
}

// Everything of this batch that goes to one peer, sealed into one stretch of memory and cut into runs.
static void forward_to(int fd, struct peer *to, int index, struct packet *packets, int count) {
  // Room for the worst case: every packet a run of its own.
  if (out_used + (size_t)count * MAX_DATAGRAM > OUT_BYTES || out_count + count > MAX_MESSAGES) flush(fd);
  uint8_t *start = NULL;
  size_t bytes = 0;
  int segment = 0, last = 0, segments = 0;
  for (int i = 0; i < count; i++) {
    struct packet *packet = &packets[i];
    if (packet->from == index || peers[packet->from].room != to->room) continue;
    uint8_t *target = out_bytes + out_used;
    memcpy(target, packet->bytes, (size_t)packet->length);
    int sealed = srtp_seal(&to->out, target, packet->header, packet->length, packet->rollover);
    if (sealed < 0) continue;
    int fits = segments > 0 && last == segment && sealed <= segment && segments < 64 &&
               bytes + (size_t)sealed <= MAX_RUN_BYTES;
    if (!fits) {
      if (segments > 0) append_run(to, start, bytes, (uint16_t)segment);
      start = target;
      bytes = 0;
      segments = 0;
      segment = sealed;
    }
    bytes += (size_t)sealed;
    last = sealed;
    segments++;
    out_used += (size_t)sealed;
  }
  if (segments > 0) append_run(to, start, bytes, (uint16_t)segment);
}

// Reads one batch and forwards it. Returns how many datagrams were there.
static int turn(int fd) {
  for (int i = 0; i < READ_BATCH; i++) {
    in_messages[i].msg_hdr.msg_namelen = sizeof in_addresses[i];
    in_vectors[i].iov_len = MAX_DATAGRAM;
  }
  int count = recvmmsg(fd, in_messages, READ_BATCH, MSG_DONTWAIT, NULL);
  if (count <= 0) return 0;
  struct packet packets[READ_BATCH];
  int kept = 0;
  for (int i = 0; i < count; i++) {
    uint8_t *bytes = in_bytes[i];
    int length = (int)in_messages[i].msg_len;
    if (length > 0 && bytes[0] == REGISTER) register_peer(bytes, length, &in_addresses[i]);
    int from = peer_of_port[ntohs(in_addresses[i].sin_port)] - 1;
    // RTCP is not forwarded.
    if (from < 0 || length < 2 || (bytes[1] >= 192 && bytes[1] <= 223)) continue;
    int header = rtp_header_length(bytes, length);
    if (header == 0) continue;
    uint32_t ssrc = (uint32_t)bytes[8] << 24 | (uint32_t)bytes[9] << 16 | (uint32_t)bytes[10] << 8 | bytes[11];
    int64_t rollover = peer_rollover(&peers[from], ssrc, (uint16_t)(bytes[2] << 8 | bytes[3]));
    if (rollover < 0) continue;
    int opened = srtp_open(&peers[from].in, bytes, header, length, (uint32_t)rollover);
    if (opened < 0) continue;
    packets[kept++] = (struct packet){bytes, header, opened, from, (uint32_t)rollover};
  }
  for (int i = 0; i < peer_count && kept > 0; i++) forward_to(fd, &peers[i], i, packets, kept);
  flush(fd);
  return count;
}

static int open_socket(int port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 4 << 20;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("the port cannot be opened");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  return fd;
}

int main(int argc, char **argv) {
  int port = argc == 3 ? atoi(argv[1]) : 0, coalesce = argc == 3 ? atoi(argv[2]) : -1;
  if (port < 1 || port > 65535 || coalesce < 0 || coalesce > 100000) {
    fprintf(stderr, "usage: sfu-floor PORT COALESCE_US (1-65535, 0-100000)\n");
    return 2;
  }
  // Who started this one may die first: then nobody would end it. PR_SET_PDEATHSIG would look at a thread of it.
  pid_t parent = getppid();
  int fd = open_socket(port);
  for (int i = 0; i < READ_BATCH; i++) {
    in_vectors[i] = (struct iovec){in_bytes[i], MAX_DATAGRAM};
    in_messages[i].msg_hdr = (struct msghdr){
        .msg_name = &in_addresses[i], .msg_namelen = sizeof in_addresses[i], .msg_iov = &in_vectors[i], .msg_iovlen = 1};
  }
  uint64_t window = now_ns(), events = 0;
  int polling = 0;
  for (;;) {
    if (polling) {
      nanosleep(&(struct timespec){0, coalesce * 1000L}, NULL);
    } else {
      struct pollfd wait = {fd, POLLIN, 0};
      int found = poll(&wait, 1, PARENT_CHECK_MS);
      if (found < 0 && errno != EINTR) fail("poll");
      if (found == 0 && getppid() != parent) return 0;
      events += found > 0;
    }
    int count;
    do {
      count = turn(fd);
      if (polling) events += (uint64_t)count;
    } while (count == READ_BATCH);
    uint64_t now = now_ns(), elapsed = now - window;
    if (coalesce == 0 || elapsed < WINDOW_NS) continue;
    uint64_t rate = events * 1000000000u / elapsed;
    polling = polling ? rate >= BUSY_WAKEUPS / 2 : rate > BUSY_WAKEUPS;
    window = now;
    events = 0;
  }
}
