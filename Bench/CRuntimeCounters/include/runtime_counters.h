#ifndef SEALEDSFU_RUNTIME_COUNTERS_H
#define SEALEDSFU_RUNTIME_COUNTERS_H

#include <stdint.h>

// Counts what a stretch of code asks of the heap, by defining malloc and its relatives over glibc's own. Every Swift
// object and buffer is allocated by a call from within libswiftCore, so a request is Swift's if it comes from there.

// Finds libswiftCore in memory. 0 when it is not there as a shared library.
int runtime_counters_install(void);

uint64_t runtime_counters_swift_allocations(void);
// Swift's included; the rest is that of C libraries, such as libsrtp2's NSS.
uint64_t runtime_counters_mallocs(void);

#endif
