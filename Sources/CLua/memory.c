// The allocator of a state: counts exactly, keeps a cap, and can give everything back at once, whatever state Lua is in.
//
// Small blocks come from slabs of one size each, larger ones from the system with a link before them, so that both can be
// found without Lua. A state is one thread's at a time, so nothing is locked. A slab that empties goes back.
#include "memory.h"
#include <stdio.h>
#include <stdlib.h>

/// Calls within calls that no sound script makes.
enum { DEEP = 100000 };
/// What Lua says instead of an old size where it makes a string; the upper bits tell variants.
enum { TYPE_MASK = 0x0F };

enum { SLAB = 1 << 14, GRAIN = 16 };
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SMALL 0  // every block its own, so that the sanitizer sees each
#endif
#endif
#ifndef SMALL
#define SMALL CLUA_SMALL_BLOCK
#endif

struct slab {
    slab *next, *previous;  // all of them, or those of its size that have room
    slab *next_with_room, *previous_with_room;
    void *free;             // blocks that came back, each holding the address of the next
    uint32_t size, live, fresh, capacity;
};
enum { SLAB_HEADER = (sizeof(slab) + GRAIN - 1) / GRAIN * GRAIN };

struct large_block {
    large_block *next, *previous;
};

/// Where the script stood when it was refused memory: by the time that Lua tells, its calls are gone.
static void *refuse(clua_state *s) {
    lua_Debug ar;
    s->memory.line = 0;
    s->memory.was_refused = true;
    if (!s->L || s->is_broken || !(atomic_load_explicit(&s->sequence, memory_order_relaxed) & 1)) return NULL;
    s->memory.is_deep = lua_getstack(s->L, DEEP, &ar);
    for (int level = 0; level < 8 && lua_getstack(s->L, level, &ar); level++) {
        if (!lua_getinfo(s->L, "Sl", &ar) || ar.currentline <= 0) continue;
        snprintf(s->memory.file, sizeof s->memory.file, "%s", ar.short_src);
        s->memory.line = ar.currentline;
        break;
    }
    return NULL;
}

// MARK: slabs

static slab *slab_of(void *block) { return (slab *)((uintptr_t)block & ~(uintptr_t)(SLAB - 1)); }

static void offer(memory *m, slab *b) {
    slab **head = &m->with_room[b->size / GRAIN];
    b->previous_with_room = NULL;
    b->next_with_room = *head;
    if (*head) (*head)->previous_with_room = b;
    *head = b;
}

static void withdraw(memory *m, slab *b) {
    if (b->next_with_room) b->next_with_room->previous_with_room = b->previous_with_room;
    if (b->previous_with_room) b->previous_with_room->next_with_room = b->next_with_room;
    else m->with_room[b->size / GRAIN] = b->next_with_room;
}

static slab *add_slab(memory *m, uint32_t size) {
    // Slabs that are nearly empty count too: a script that leaves one block in each must not hold many times its share.
    if (m->slab_bytes > 2 * m->limit + SLAB * (SMALL / GRAIN) && !m->is_shrinking) return NULL;
    slab *b = aligned_alloc(SLAB, SLAB);
    if (!b) return NULL;
    *b = (slab){.next = m->slabs, .size = size, .capacity = (SLAB - SLAB_HEADER) / size};
    if (m->slabs) m->slabs->previous = b;
    m->slabs = b;
    m->slab_bytes += SLAB;
    offer(m, b);
    return b;
}

static void drop_slab(memory *m, slab *b) {
    withdraw(m, b);
    if (b->next) b->next->previous = b->previous;
    if (b->previous) b->previous->next = b->next; else m->slabs = b->next;
    m->slab_bytes -= SLAB;
    free(b);
}

static void *take_small(memory *m, size_t bytes) {
    uint32_t size = (uint32_t)((bytes + GRAIN - 1) / GRAIN * GRAIN);
    slab *b = m->with_room[size / GRAIN];
    if (__builtin_expect(!b, 0) && !(b = add_slab(m, size))) return NULL;
    void *block = b->free;
    if (block) b->free = *(void **)block;
    else block = (char *)b + SLAB_HEADER + (size_t)b->fresh++ * size;
    if (++b->live == b->capacity) withdraw(m, b);
    return block;
}

static void give_small(memory *m, void *block) {
    slab *b = slab_of(block);
    *(void **)block = b->free;
    b->free = block;
    if (b->live-- == b->capacity) offer(m, b);
    else if (b->live == 0 && (b->next_with_room || b->previous_with_room)) drop_slab(m, b);  // the last with room stays
}

// MARK: larger blocks

static void *linked(memory *m, large_block *b) {
    b->previous = NULL;
    b->next = m->large;
    if (b->next) b->next->previous = b;
    m->large = b;
    return b + 1;
}

static void unlink_block(memory *m, large_block *b) {
    if (b->next) b->next->previous = b->previous;
    if (b->previous) b->previous->next = b->next; else m->large = b->next;
}

static void *take_large(memory *m, size_t bytes) {
    large_block *b = malloc(sizeof *b + bytes);
    return b ? linked(m, b) : NULL;
}

static void *resize_large(memory *m, void *block, size_t bytes) {
    large_block *b = (large_block *)block - 1;
    unlink_block(m, b);
    large_block *moved = realloc(b, sizeof *b + bytes);
    void *result = linked(m, moved ? moved : b);
    return moved ? result : NULL;
}

// MARK: blocks

static inline bool is_small(size_t bytes) { return bytes <= SMALL; }

static void *take(memory *m, size_t bytes) { return is_small(bytes) ? take_small(m, bytes) : take_large(m, bytes); }

static void give(memory *m, void *block, size_t bytes) {
    if (is_small(bytes)) {
        give_small(m, block);
        return;
    }
    large_block *b = (large_block *)block - 1;
    unlink_block(m, b);
    free(b);
}

static void *resize(memory *m, void *block, size_t old_size, size_t new_size) {
    if (!is_small(old_size) && !is_small(new_size)) return resize_large(m, block, new_size);
    if (is_small(old_size) && is_small(new_size) && (old_size + GRAIN - 1) / GRAIN == (new_size + GRAIN - 1) / GRAIN) return block;
    void *moved = take(m, new_size);
    if (!moved) return NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    give(m, block, old_size);
    return moved;
}

void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size) {
    clua_state *s = context;
    memory *m = &s->memory;
    size_t old = block ? old_size : 0;  // for a new block Lua passes a type here, not a size
    if (new_size == 0) {
        if (block) give(m, block, old);
        m->used -= old;
        return NULL;
    }
    if (new_size > old) {
        if (new_size - old > m->limit - m->used) return refuse(s);
        if (!block && new_size > CLUA_STRING_CAP + 64 && (old_size & TYPE_MASK) == LUA_TSTRING) {
            m->long_text = new_size;
            return refuse(s);
        }
        if (m->fail_in > 0 && --m->fail_in == 0) {
            m->fail_in = 1;
            return refuse(s);
        }
    }
    m->is_shrinking = new_size <= old;  // which never fails
    void *result = block ? resize(m, block, old, new_size) : take(m, new_size);
    if (!result) return refuse(s);
    m->used += new_size - old;
    if (m->used > m->peak) m->peak = m->used;
    return result;
}

void clua_release_all(memory *m) {
    for (slab *b = m->slabs, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    for (large_block *b = m->large, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    m->slabs = NULL;
    m->large = NULL;
    memset(m->with_room, 0, sizeof m->with_room);
    m->used = m->slab_bytes = 0;
}
