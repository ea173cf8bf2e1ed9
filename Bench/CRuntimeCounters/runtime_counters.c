#define _GNU_SOURCE 1
#include "runtime_counters.h"

#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic uint64_t swift_allocations, mallocs;
static uintptr_t swift_start, swift_end;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static inline void count(void *caller) {
  atomic_fetch_add_explicit(&mallocs, 1, memory_order_relaxed);
  if ((uintptr_t)caller >= swift_start && (uintptr_t)caller < swift_end) {
    atomic_fetch_add_explicit(&swift_allocations, 1, memory_order_relaxed);
  }
}

void *malloc(size_t size) {
  count(__builtin_return_address(0));
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(__builtin_return_address(0));
  return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
  count(__builtin_return_address(0));
  return __libc_realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : 12;
}

static int find(struct dl_phdr_info *info, size_t size, void *found) {
  (void)size;
  if (!strstr(info->dlpi_name, "libswiftCore.so")) return 0;
  for (int index = 0; index < info->dlpi_phnum; index += 1) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[index];
    if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
    swift_start = info->dlpi_addr + header->p_vaddr;
    swift_end = swift_start + header->p_memsz;
    *(int *)found = 1;
  }
  return 1;
}

int runtime_counters_install(void) {
  int found = 0;
  dl_iterate_phdr(find, &found);
  return found;
}

uint64_t runtime_counters_swift_allocations(void) {
  return atomic_load_explicit(&swift_allocations, memory_order_relaxed);
}

uint64_t runtime_counters_mallocs(void) { return atomic_load_explicit(&mallocs, memory_order_relaxed); }

uint64_t runtime_heap_bytes(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

uint64_t runtime_resident_bytes(void) {
  unsigned long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%lu %lu", &size, &resident) != 2) resident = 0;
  fclose(file);
  return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
