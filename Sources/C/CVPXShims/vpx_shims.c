#include "vpx_shims.h"
