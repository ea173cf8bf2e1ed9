// malloc_trim(3), which no Swift module has.
#pragma once

#include <stdbool.h>

/// Gives free memory of all arenas back to the system, also where it lies between memory that is in use. Each arena is
/// locked while it is gone through. False when there was nothing to give back, or the C library has no such call.
bool cmalloc_trim(void);
