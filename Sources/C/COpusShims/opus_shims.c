#include "opus_shims.h"
