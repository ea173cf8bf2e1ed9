// Preloaded into Janus: makes it take 127.0.0.1 for an address like any other. Janus leaves loopback interfaces out when
// it looks for candidates, which is right for a server and of no use on a bench. Nothing of this is on the media path.
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>

int getifaddrs(struct ifaddrs **list) {
  int (*original)(struct ifaddrs **) = (int (*)(struct ifaddrs **))dlsym(RTLD_NEXT, "getifaddrs");
  if (original == 0) return -1;
  int status = original(list);
  if (status != 0) return status;
  for (struct ifaddrs *entry = *list; entry != 0; entry = entry->ifa_next) entry->ifa_flags &= ~(unsigned)IFF_LOOPBACK;
  return 0;
}
