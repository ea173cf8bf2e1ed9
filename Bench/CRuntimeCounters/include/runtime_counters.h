#ifndef SEALEDSFU_RUNTIME_COUNTERS_H
#define SEALEDSFU_RUNTIME_COUNTERS_H

#include <stdint.h>

// Counts what a stretch of code asks of the Swift runtime and of the C heap. The Swift side is counted by the hooks that
// libswiftCore offers to instruments; the C side by defining malloc and its relatives over glibc's own.

// Turns the Swift hooks on. False when this runtime does not have them.
int runtime_counters_install(void);

uint64_t runtime_counters_swift_allocations(void);
uint64_t runtime_counters_swift_retains(void);
uint64_t runtime_counters_swift_releases(void);
uint64_t runtime_counters_mallocs(void);

#endif
