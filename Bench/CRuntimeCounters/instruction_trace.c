#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <ucontext.h>

#include "runtime_counters.h"

// The processor's trap flag raises SIGTRAP after every instruction; the handler looks where it is. Some 10 us for each
// instruction, so only few packets are counted this way; but the counts are exact, the same in every run, and need no
// performance counters, which virtual machines seldom have.

enum kind { none, retain, release, exclusivity, lock };
enum { trap_flag = 0x100, symbol_limit = 48, range_limit = 16, site_limit = 64 };

static const struct { const char *name; enum kind kind; } known[] = {
    {"swift_retain", retain}, {"swift_retain_n", retain}, {"swift_tryRetain", retain},
    {"swift_nonatomic_retain", retain}, {"swift_nonatomic_retain_n", retain},
    {"swift_bridgeObjectRetain", retain}, {"swift_bridgeObjectRetain_n", retain},
    {"swift_unownedRetain", retain}, {"swift_unownedRetain_n", retain}, {"swift_unownedRetainStrong", retain},
    {"swift_unownedRetainStrongAndRelease", retain}, {"swift_weakLoadStrong", retain}, {"swift_weakCopyInit", retain},
    {"swift_weakInit", retain},
    {"swift_release", release}, {"swift_release_n", release}, {"swift_nonatomic_release", release},
    {"swift_nonatomic_release_n", release}, {"swift_bridgeObjectRelease", release},
    {"swift_bridgeObjectRelease_n", release}, {"swift_unownedRelease", release}, {"swift_unownedRelease_n", release},
    {"swift_weakDestroy", release},
    {"swift_beginAccess", exclusivity},
    {"pthread_mutex_lock", lock}, {"pthread_mutex_trylock", lock}, {"pthread_spin_lock", lock},
    {"pthread_rwlock_rdlock", lock}, {"pthread_rwlock_wrlock", lock}, {"pthread_rwlock_tryrdlock", lock},
    {"pthread_rwlock_trywrlock", lock},
};

// Libraries whose instructions are counted as cryptography.
static const char *const crypto_names[] = {
    "libcrypto", "libIPSec_MB", "libsrtp", "libnss", "libsoftokn", "libfreebl", "libnspr",
};

static struct { uintptr_t address; enum kind kind; } symbols[symbol_limit];
static struct { uintptr_t start, end; } crypto[range_limit];
static int symbol_count, crypto_count, is_installed;
static volatile sig_atomic_t is_tracing;
static struct runtime_trace counts;
static struct { uintptr_t caller; uint64_t count; } sites[site_limit];
static int site_count;

#if defined(__x86_64__)

static int is_crypto(uintptr_t place) {
  for (int index = 0; index < crypto_count; index += 1) {
    if (place >= crypto[index].start && place < crypto[index].end) return 1;
  }
  return 0;
}

// Where a call came from: its return address lies on top of the stack.
static void note_site(const greg_t *registers) {
  uintptr_t caller = *(const uintptr_t *)registers[REG_RSP];
  int index = 0;
  while (index < site_count && sites[index].caller != caller) index += 1;
  if (index == site_limit) return;
  sites[index].caller = caller;
  sites[index].count = index == site_count ? 1 : sites[index].count + 1;
  if (index == site_count) site_count += 1;
}

static void on_step(int number, siginfo_t *info, void *opaque) {
  (void)number;
  (void)info;
  greg_t *registers = ((ucontext_t *)opaque)->uc_mcontext.gregs;
  if (!is_tracing) {
    registers[REG_EFL] &= ~trap_flag;
    return;
  }
  registers[REG_EFL] |= trap_flag;
  uintptr_t place = (uintptr_t)registers[REG_RIP];
  const uint8_t *code = (const uint8_t *)place;
  counts.instructions += 1;
  if (is_crypto(place)) counts.crypto_instructions += 1;
  // The LOCK prefix, alone or behind one other; and SYSCALL.
  if (code[0] == 0xF0 || (code[0] == 0x66 && code[1] == 0xF0)) counts.locked_instructions += 1;
  if (code[0] == 0x0F && code[1] == 0x05) counts.system_calls += 1;
  for (int index = 0; index < symbol_count; index += 1) {
    if (symbols[index].address != place) continue;
    switch (symbols[index].kind) {
      case retain: counts.retains += 1; note_site(registers); break;
      case release: counts.releases += 1; break;
      case exclusivity: counts.exclusivity_checks += 1; note_site(registers); break;
      case lock: counts.locks += 1; note_site(registers); break;
      case none: break;
    }
    return;
  }
}

static int note_crypto(struct dl_phdr_info *info, size_t size, void *argument) {
  (void)size;
  (void)argument;
  int matches = 0;
  for (size_t index = 0; index < sizeof crypto_names / sizeof *crypto_names; index += 1) {
    if (strstr(info->dlpi_name, crypto_names[index])) matches = 1;
  }
  for (int index = 0; matches && index < info->dlpi_phnum && crypto_count < range_limit; index += 1) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[index];
    if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
    crypto[crypto_count].start = info->dlpi_addr + header->p_vaddr;
    crypto[crypto_count].end = crypto[crypto_count].start + header->p_memsz;
    crypto_count += 1;
  }
  return 0;
}

int runtime_trace_install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_step;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGTRAP, &action, NULL) != 0) return 0;
  symbol_count = crypto_count = 0;
  for (size_t index = 0; index < sizeof known / sizeof *known && symbol_count < symbol_limit; index += 1) {
    void *address = dlsym(RTLD_DEFAULT, known[index].name);
    if (address == NULL) continue;
    symbols[symbol_count].address = (uintptr_t)address;
    symbols[symbol_count].kind = known[index].kind;
    symbol_count += 1;
  }
  // NSS's cryptography is in memory only while a libsrtp2 session is: the caller holds one.
  dl_iterate_phdr(note_crypto, NULL);
  is_installed = 1;
  return 1;
}

void runtime_trace_begin(void) {
  if (!is_installed) return;
  memset(&counts, 0, sizeof counts);
  site_count = 0;
  is_tracing = 1;
  raise(SIGTRAP);
}

struct runtime_trace runtime_trace_end(void) {
  is_tracing = 0;
  // The step after this store has cleared the flag.
  return counts;
}

#else

int runtime_trace_install(void) { return 0; }
void runtime_trace_begin(void) {}
struct runtime_trace runtime_trace_end(void) { return counts; }

#endif

int runtime_trace_site(int index, const char **symbol, uint64_t *offset, uint64_t *count) {
  if (index < 0 || index >= site_count) return 0;
  Dl_info info;
  memset(&info, 0, sizeof info);
  dladdr((void *)sites[index].caller, &info);
  *symbol = info.dli_sname != NULL ? info.dli_sname : info.dli_fname != NULL ? info.dli_fname : "?";
  *offset = sites[index].caller - (uintptr_t)(info.dli_sname != NULL ? info.dli_saddr : info.dli_fbase);
  *count = sites[index].count;
  return 1;
}

void runtime_trace_probe_locks(int number) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (int index = 0; index < number; index += 1) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}
