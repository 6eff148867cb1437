// What every object of the strategy API has in common.
#include "state.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

const char clua_instruments_key, clua_bar_key, clua_timers_key, clua_known_key, clua_intervals_key;
const char clua_callbacks_key, clua_params_key, clua_keys_key;
const char clua_bar_fields_key, clua_bar_metatable_key, clua_bar_index_key;

void *clua_raise_kind(lua_State *L, int index, uint32_t kind) {
    const char *wanted = kind == KIND_INSTRUMENT ? "instrument" : kind == KIND_ORDER ? "order" : kind == KIND_TIMER ? "timer"
        : kind == KIND_INDICATOR ? "indicator" : kind == KIND_QUOTE ? "quote" : "bar";
    lua_pushfstring(L, "%s expected, got %s%s", wanted, clua_kind_name(L, index), index == 1 ? "; methods are called with a colon" : "");
    luaL_argerror(L, index, lua_tostring(L, -1));
    return NULL;
}

static int refuse_write(lua_State *L) {
    return luaL_error(L, "%s.%s cannot be set: it is read-only", clua_kind_name(L, 1), lua_isstring(L, 2) ? lua_tostring(L, 2) : "?");
}

void clua_new_metatable(lua_State *L, const char *name) {
    lua_createtable(L, 0, 8);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
}

int clua_pairs_of(lua_State *L, const char *const *names) {
    lua_newtable(L);
    for (size_t i = 0; names[i]; i++) {
        lua_getfield(L, 1, names[i]);
        lua_setfield(L, -2, names[i]);
    }
    lua_replace(L, 1);
    lua_settop(L, 1);
    return clua_pairs(L);
}

const char *clua_unknown_key(lua_State *L, int index, const char *const *names, size_t count) {
    int least = 0;  // the least of them, so that the message is the same in every run
    index = lua_absindex(L, index);
    lua_pushnil(L);
    lua_pushnil(L);
    least = lua_gettop(L) - 1;
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        clua_charge(L, 1);
        bool known = false;
        if (lua_type(L, -1) == LUA_TSTRING) {
            for (size_t i = 0; i < count && !known; i++) known = strcmp(lua_tostring(L, -1), names[i]) == 0;
        }
        if (known) continue;
        clua_push_text(L, -1, NULL);
        if (lua_isnil(L, least) || strcmp(lua_tostring(L, -1), lua_tostring(L, least)) < 0) lua_replace(L, least);
        else lua_pop(L, 1);
    }
    if (!lua_isnil(L, least)) return lua_tostring(L, least);
    lua_pop(L, 1);
    return NULL;
}

int clua_push_refusal(lua_State *L, const clua_refusal *refusal) {
    lua_pushnil(L);
    lua_pushstring(L, refusal->message);
    lua_pushstring(L, refusal->code);
    return 3;
}

int clua_refuse(lua_State *L, const char *code, const char *format, ...) {
    clua_refusal refusal = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(refusal.message, sizeof refusal.message, format, arguments);
    va_end(arguments);
    snprintf(refusal.code, sizeof refusal.code, "%s", code);
    return clua_push_refusal(L, &refusal);
}

clua_state *clua_desk(lua_State *L, const char *function) {
    clua_state *s = state_of(L);
    if (s->loading) luaL_error(L, "%s cannot be called while the file is being read: call it in on_start", function);
    return s;
}

bool clua_plain_number(lua_State *L, int index, double *out) {
    if (lua_type(L, index) != LUA_TNUMBER) return false;
    if (lua_isinteger(L, index)) {
        lua_Integer value = lua_tointeger(L, index);
        if (value > (1LL << 53) || value < -(1LL << 53)) return false;
        *out = (double)value;
    } else {
        *out = lua_tonumber(L, index);
    }
    return true;
}

clua_text clua_text_at(lua_State *L, int index) {
    clua_text text;
    text.bytes = lua_tolstring(L, index, &text.count);
    return text;
}

const char *clua_member(int object, size_t index) {
    static const char *const none[] = {NULL};
    static const luaL_Reg no_methods[] = {{NULL, NULL}};
    static const char *const *const fields[] = {clua_instrument_fields, clua_order_fields, clua_bar_fields, none, none, clua_quote_fields};
    static const luaL_Reg *const methods[] = {
        clua_instrument_methods, clua_order_methods, no_methods, clua_timer_methods, clua_indicator_methods,
        clua_quote_methods,
    };
    for (size_t i = 0; fields[object][i]; i++) {
        if (index-- == 0) return fields[object][i];
    }
    for (size_t i = 0; methods[object][i].name; i++) {
        if (index-- == 0) return methods[object][i].name;
    }
    return NULL;
}
