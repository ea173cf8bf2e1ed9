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

// Bytes that malloc has given out, and the process's resident set.
uint64_t runtime_heap_bytes(void);
uint64_t runtime_resident_bytes(void);

// Counts what a stretch of code does, instruction by instruction; on x86-64 only.
struct runtime_trace {
  uint64_t instructions;
  // Those of libcrypto, libIPSec_MB, libsrtp2 and NSS.
  uint64_t crypto_instructions;
  // Calls into libswiftCore that count references, and those that check for exclusive access.
  uint64_t retains, releases, exclusivity_checks;
  // Mutexes and reader-writer locks taken, by whomever.
  uint64_t locks;
  // Atomic read-modify-write instructions: those of locks and reference counts, and all others.
  uint64_t locked_instructions;
  uint64_t system_calls;
};

// 0 when this machine cannot trace.
int runtime_trace_install(void);
// Everything that the calling thread does from here to `runtime_trace_end` is counted, a few instructions of the two
// calls included.
void runtime_trace_begin(void);
struct runtime_trace runtime_trace_end(void);

// From where retains, exclusivity checks and locks were called in the last trace: symbol, offset in it, and how often.
// 0 when there is no such place.
int runtime_trace_site(int index, const char **symbol, uint64_t *offset, uint64_t *count);

// Takes a lock so many times: a count that must be found.
void runtime_trace_probe_locks(int number);

#endif
