#pragma once

#include <stddef.h>
#include <srtp2/srtp.h>

/// Overwrites memory that held a key. The barrier makes the stores observable, so that no optimizer drops them as
/// dead before a free.
static inline void hop_wipe(void *memory, size_t count) {
  __builtin_memset(memory, 0, count);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}
