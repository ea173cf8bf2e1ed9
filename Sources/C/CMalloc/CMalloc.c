#include "CMalloc.h"

#include <malloc.h>

bool cmalloc_trim(void) {
#ifdef __GLIBC__
  return malloc_trim(0) == 1;
#else
  return false;
#endif
}
