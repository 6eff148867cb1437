#include "CFloors.h"

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <lua5.4/lualib.h>
#include <stdlib.h>

struct floor_lua {
    lua_State *state;
};

/* A moving sum over a ring: the least an indicator can do. */
typedef struct {
    int window, filled, next;
    double sum, ring[64];
} moving_sum;

static int moving_update(lua_State *L) {
    moving_sum *self = lua_touserdata(L, 1);
    double value = lua_tonumber(L, 2);
    self->sum += value - self->ring[self->next];
    self->ring[self->next] = value;
    self->next = self->next + 1 == self->window ? 0 : self->next + 1;
    if (self->filled < self->window) self->filled++;
    if (self->filled < self->window) return 0;
    lua_pushnumber(L, self->sum / self->window);
    return 1;
}

static int moving_new(lua_State *L) {
    int window = (int)luaL_checkinteger(L, 1);
    moving_sum *self = lua_newuserdata(L, sizeof *self);
    *self = (moving_sum){.window = window};
    luaL_setmetatable(L, "moving_sum");
    return 1;
}

static const char *const script =
    "function empty(a, b, c, d) end\n"
    "do local n = 0; function count(a, b, c, d) n = n + 1 end; function counted() local m = n; n = 0; return m end end\n"
    "do local fast, slow, side, crosses\n"
    "function bars_begin() fast, slow, side, crosses = moving_sum(10), moving_sum(30), 0, 0 end\n"
    "function bar(close)\n"
    "  local f, s = fast:update(close), slow:update(close)\n"
    "  if not s then return end\n"
    "  local now = f > s and 1 or -1\n"
    "  if now ~= side then side = now; crosses = crosses + 1 end\n"
    "end\n"
    "function bars_end() return crosses end end\n";

floor_lua *floor_lua_open(void) {
    floor_lua *lua = malloc(sizeof *lua);
    lua_State *L = luaL_newstate();
    if (!lua || !L) abort();
    luaL_openlibs(L);
    luaL_newmetatable(L, "moving_sum");
    lua_newtable(L);
    lua_pushcfunction(L, moving_update);
    lua_setfield(L, -2, "update");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_register(L, "moving_sum", moving_new);
    if (luaL_dostring(L, script)) abort();
    lua->state = L;
    return lua;
}

void floor_lua_close(floor_lua *lua) {
    lua_close(lua->state);
    free(lua);
}

static void call_each(lua_State *L, const char *name, const floor_event *events, size_t count) {
    lua_getglobal(L, name);
    int function = lua_gettop(L);
    for (size_t i = 0; i < count; i++) {
        const floor_event *event = &events[i];
        lua_pushvalue(L, function);
        lua_pushnumber(L, (lua_Number)event->local_time);
        lua_pushnumber(L, event->tick);
        lua_pushnumber(L, (lua_Number)event->size);
        lua_pushnumber(L, event->side);
        if (lua_pcall(L, 4, 0, 0)) abort();
    }
    lua_settop(L, function - 1);
}

static int64_t answer(lua_State *L, const char *name) {
    lua_getglobal(L, name);
    if (lua_pcall(L, 0, 1, 0)) abort();
    int64_t value = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value;
}

int64_t floor_lua_empty(floor_lua *lua, const floor_event *events, size_t count) {
    call_each(lua->state, "empty", events, count);
    return (int64_t)count;
}

int64_t floor_lua_count(floor_lua *lua, const floor_event *events, size_t count) {
    call_each(lua->state, "count", events, count);
    return answer(lua->state, "counted");
}

int64_t floor_lua_bars(floor_lua *lua, const double *closes, size_t count) {
    lua_State *L = lua->state;
    lua_getglobal(L, "bars_begin");
    if (lua_pcall(L, 0, 0, 0)) abort();
    lua_getglobal(L, "bar");
    int function = lua_gettop(L);
    for (size_t i = 0; i < count; i++) {
        lua_pushvalue(L, function);
        lua_pushnumber(L, closes[i]);
        if (lua_pcall(L, 1, 0, 0)) abort();
    }
    lua_settop(L, function - 1);
    return answer(L, "bars_end");
}
