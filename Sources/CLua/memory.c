// The allocator of a state: counts exactly, keeps a cap, and never fails to shrink.
#include "memory.h"
#include <stdio.h>
#include <stdlib.h>

/// Calls within calls that no sound script makes.
enum { DEEP = 100000 };

/// Where the script stood when it was refused memory: by the time that Lua tells, its calls are gone.
static void *refuse(clua_state *s) {
    lua_Debug ar;
    s->memory.line = 0;
    if (!s->L || !(atomic_load_explicit(&s->sequence, memory_order_relaxed) & 1)) return NULL;
    s->memory.is_deep = lua_getstack(s->L, DEEP, &ar);
    for (int level = 0; level < 8 && lua_getstack(s->L, level, &ar); level++) {
        if (!lua_getinfo(s->L, "Sl", &ar) || ar.currentline <= 0) continue;
        snprintf(s->memory.file, sizeof s->memory.file, "%s", ar.short_src);
        s->memory.line = ar.currentline;
        break;
    }
    return NULL;
}

void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size) {
    clua_state *s = context;
    memory *m = &s->memory;
    size_t old = block ? old_size : 0;  // for a new block Lua passes a type here, not a size
    if (new_size == 0) {
        free(block);
        m->used -= old;
        return NULL;
    }
    if (new_size > old) {
        if (new_size - old > m->limit - m->used) return refuse(s);
        if (m->fail_in > 0 && --m->fail_in == 0) {
            m->fail_in = 1;
            return refuse(s);
        }
    }
    void *result = realloc(block, new_size);
    if (!result) return new_size <= old ? block : NULL;
    m->used += new_size - old;
    if (m->used > m->peak) m->peak = m->used;
    return result;
}
