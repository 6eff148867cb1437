// The allocator of a state: counts exactly, keeps a cap, and never fails to shrink.
#include "memory.h"
#include <stdlib.h>

void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size) {
    memory *m = context;
    size_t old = block ? old_size : 0;  // for a new block Lua passes a type here, not a size
    if (new_size == 0) {
        free(block);
        m->used -= old;
        return NULL;
    }
    if (new_size > old) {
        if (new_size - old > m->limit - m->used) return NULL;
        if (m->fail_in > 0 && --m->fail_in == 0) {
            m->fail_in = 1;
            return NULL;
        }
    }
    void *result = realloc(block, new_size);
    if (!result) return new_size <= old ? block : NULL;
    m->used += new_size - old;
    if (m->used > m->peak) m->peak = m->used;
    return result;
}
