#define _GNU_SOURCE 1
#include "runtime_counters.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static _Atomic uint64_t allocations, retains, releases, mallocs;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t size) {
  atomic_fetch_add_explicit(&mallocs, 1, memory_order_relaxed);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  atomic_fetch_add_explicit(&mallocs, 1, memory_order_relaxed);
  return __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size) {
  atomic_fetch_add_explicit(&mallocs, 1, memory_order_relaxed);
  return __libc_realloc(pointer, size);
}

static void *(*original_alloc)(const void *, size_t, size_t);
static void *(*original_retain)(void *);
static void (*original_release)(void *);

static void *counted_alloc(const void *metadata, size_t size, size_t mask) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  return original_alloc(metadata, size, mask);
}

static void *counted_retain(void *object) {
  atomic_fetch_add_explicit(&retains, 1, memory_order_relaxed);
  return original_retain(object);
}

static void counted_release(void *object) {
  atomic_fetch_add_explicit(&releases, 1, memory_order_relaxed);
  original_release(object);
}

int runtime_counters_install(void) {
  void *(**alloc)(const void *, size_t, size_t) = dlsym(RTLD_DEFAULT, "_swift_allocObject");
  void *(**retain)(void *) = dlsym(RTLD_DEFAULT, "_swift_retain");
  void (**release)(void *) = dlsym(RTLD_DEFAULT, "_swift_release");
  atomic_bool *enabled =
      dlsym(RTLD_DEFAULT, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly");
  if (!alloc || !retain || !release) return 0;
  if (enabled) atomic_store(enabled, true);
  original_alloc = *alloc;
  original_retain = *retain;
  original_release = *release;
  *alloc = counted_alloc;
  *retain = counted_retain;
  *release = counted_release;
  return 1;
}

uint64_t runtime_counters_swift_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }
uint64_t runtime_counters_swift_retains(void) { return atomic_load_explicit(&retains, memory_order_relaxed); }
uint64_t runtime_counters_swift_releases(void) { return atomic_load_explicit(&releases, memory_order_relaxed); }
uint64_t runtime_counters_mallocs(void) { return atomic_load_explicit(&mallocs, memory_order_relaxed); }
