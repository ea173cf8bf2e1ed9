// What Swift cannot import because it is variadic or in no module: prctl(2) and mallopt(3).
#ifndef CHARDENING_H
#define CHARDENING_H

#include <stdbool.h>

/// No core dumps, and no other process of the same user may read this one's memory (PR_SET_DUMPABLE). Only root can then
/// trace it, and its files in /proc belong to root.
bool chardening_forbid_dumps(void);

/// From now on glibc overwrites memory that is given back to it (M_PERTURB), and what it hands out. Blocks of up to
/// 1032 bytes go through a cache that leaves them as they are: secrets of that size must be overwritten by their owner.
bool chardening_overwrite_freed_memory(void);

#endif
