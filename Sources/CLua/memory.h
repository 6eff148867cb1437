#pragma once
#include "state.h"

void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size);
