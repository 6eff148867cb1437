#pragma once
#include "state.h"

void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size);
/// Gives back everything that was ever allocated and not freed, without asking Lua. Nothing of the state may be touched then.
void clua_release_all(memory *m);
