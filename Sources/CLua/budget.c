// The count of work. The VM counts in strides; where within the last one a call ended, a loop of known length tells afterwards,
// so that the count is exact and the same everywhere.
#include "watchdog.h"

enum { STRIDE = 128 };
static const char drain_key;

static void on_stride(lua_State *L, lua_Debug *activation) {
    clua_state *s = state_of(L);
    if (!s->is_draining) {
        clua_charge(L, STRIDE);
        return;
    }
    if (s->drained > 0) return;
    s->drained = 1;
    // The loop's own variable stands behind the three that drive it.
    if (!lua_getlocal(L, activation, 4)) return;
    s->drained = (uint64_t)lua_tointeger(L, -1) + 1;
    lua_pop(L, 1);
}

void clua_begin_count(clua_state *s) {
    s->spent = 0;
    s->drained = 0;
    s->is_counting = true;
    atomic_store_explicit(&s->alarm, s->budget ? s->budget : UINT64_MAX, memory_order_relaxed);
    lua_sethook(s->L, on_stride, LUA_MASKCOUNT, STRIDE);
}

/// Runs the loop; answers how many rounds of it the stride still had, 0 where it ended before the first.
static uint64_t drain(clua_state *s) {
    s->is_draining = true;
    s->drained = 0;
    lua_rawgetp(s->L, LUA_REGISTRYINDEX, &drain_key);
    lua_pcall(s->L, 0, 0, 0);
    s->is_draining = false;
    return s->drained > 0 ? s->drained - 1 : 0;
}

uint64_t clua_work(clua_state *s) {
    if (!s->is_counting) return 0;
    s->is_counting = false;
    if (!s->L) return s->spent;
    uint64_t begun = drain(s) + s->drain_prologue;
    s->spent += begun < STRIDE ? STRIDE - begun : 0;
    lua_sethook(s->L, NULL, 0, 0);
    return s->spent;
}

static int load_drain(lua_State *L) {
    static const char loop[] = "return function() for i = 1, 256 do end end";
    luaL_loadbufferx(L, loop, sizeof loop - 1, "=", "t");
    lua_call(L, 0, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &drain_key);
    return 0;
}

int clua_count_work(clua_state *s, uint64_t budget) {
    int status = clua_protect(s, load_drain, NULL);
    if (status != CLUA_OK) return status;
    s->counts = true;
    s->thread_mark = NULL;
    s->budget = 0;
    clua_begin_count(s);
    s->drain_prologue = (uint32_t)(STRIDE - drain(s));
    s->budget = budget;
    return CLUA_OK;
}

void clua_overspent(lua_State *L) {
    clua_state *s = state_of(L);
    if (s->fatal) clua_raise_fatal(L, s->fatal);
    if (s->budget && s->spent >= s->budget) clua_raise_fatal(L, CLUA_BUDGET);
}
