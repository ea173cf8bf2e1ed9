#include "CHardening.h"

#include <malloc.h>
#include <sys/prctl.h>

bool chardening_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; }

// Any byte but 0 switches it on; freed blocks are filled with it.
bool chardening_overwrite_freed_memory(void) { return mallopt(M_PERTURB, 0xA5) == 1; }
