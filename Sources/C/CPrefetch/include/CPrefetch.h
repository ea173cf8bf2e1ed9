// The one instruction of the packet path that Swift has no word for.
#pragma once

#include <stddef.h>

/// Asks for `count` bytes from `start` on to be brought into the cache, for writing too. Harmless whatever `start` is.
static inline void cprefetch(const void *start, size_t count) {
  enum { line = 64 };
  for (size_t offset = 0; offset < count; offset += line) __builtin_prefetch((const char *)start + offset, 1, 3);
}
