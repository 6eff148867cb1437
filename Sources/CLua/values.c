// Strategy state as bytes: numbers, strings, booleans, nested tables, in the order of their keys, so that equal state is
// equal bytes. `N` nil, `T` `F` booleans, `I` integer, `D` double, `S` length bytes, `{` key value … `}`; numbers little-endian.
#include "state.h"
#include <stdlib.h>

static const char header[] = "PGS1";

static void put(lua_State *L, const void *bytes, size_t count) {
    clua_state *s = state_of(L);
    if (s->saved_count + count > CLUA_SAVE_CAP) luaL_error(L, "on_save returned more than 1 MiB of state");
    if (s->saved_count + count > s->saved_capacity) {
        size_t capacity = s->saved_capacity ? s->saved_capacity * 2 : 4096;
        while (capacity < s->saved_count + count) capacity *= 2;
        char *larger = realloc(s->saved, capacity);
        if (!larger) luaL_error(L, "no memory to save the state in");
        s->saved = larger;
        s->saved_capacity = capacity;
    }
    memcpy(s->saved + s->saved_count, bytes, count);
    s->saved_count += count;
}

static void put_tag(lua_State *L, char tag) { put(L, &tag, 1); }

static void encode(lua_State *L, int index, int depth, const char *role);

static void encode_table(lua_State *L, int index, int depth) {
    if (depth > CLUA_SAVE_DEPTH) luaL_error(L, "on_save returned tables nested more than %d deep (or one inside itself)", CLUA_SAVE_DEPTH);
    luaL_checkstack(L, 8, "state nested too deep");
    put_tag(L, '{');
    lua_Integer n = clua_push_keys(L, index);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, keys, i);
        encode(L, -1, depth, "key");
        lua_rawget(L, index);
        encode(L, -1, depth, "value");
        lua_pop(L, 1);
    }
    lua_settop(L, keys - 1);
    put_tag(L, '}');
}

static void encode(lua_State *L, int index, int depth, const char *role) {
    index = lua_absindex(L, index);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        put_tag(L, 'N');
        return;
    case LUA_TBOOLEAN:
        put_tag(L, lua_toboolean(L, index) ? 'T' : 'F');
        return;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            lua_Integer value = lua_tointeger(L, index);
            put_tag(L, 'I');
            put(L, &value, sizeof value);
        } else {
            lua_Number value = lua_tonumber(L, index);
            put_tag(L, 'D');
            put(L, &value, sizeof value);
        }
        return;
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(L, index, &length);
        uint32_t count = (uint32_t)length;
        if (length > CLUA_SAVE_CAP) luaL_error(L, "on_save returned more than 1 MiB of state");
        put_tag(L, 'S');
        put(L, &count, sizeof count);
        put(L, text, length);
        return;
    }
    case LUA_TTABLE:
        encode_table(L, index, depth + 1);
        return;
    default:
        luaL_error(L, "on_save returned a %s as a %s: it keeps numbers, strings, booleans and nested tables", clua_kind_name(L, index), role);
    }
}

// Argument 1: what `on_save` returned. The bytes are left in the state.
int clua_encode(lua_State *L) {
    state_of(L)->saved_count = 0;
    if (lua_isnil(L, 1)) return 0;
    if (!lua_istable(L, 1)) return luaL_error(L, "on_save returned a %s; it returns a table, or nothing", luaL_typename(L, 1));
    put(L, header, 4);
    encode(L, 1, 0, "value");
    return 0;
}

typedef struct {
    const char *at, *end;
} reader;

static void take(lua_State *L, reader *r, void *out, size_t count) {
    if ((size_t)(r->end - r->at) < count) luaL_error(L, "the saved state is cut short");
    memcpy(out, r->at, count);
    r->at += count;
}

static bool decode(lua_State *L, reader *r, int depth) {
    char tag;
    take(L, r, &tag, 1);
    switch (tag) {
    case 'N': lua_pushnil(L); return true;
    case 'T': lua_pushboolean(L, 1); return true;
    case 'F': lua_pushboolean(L, 0); return true;
    case 'I': {
        lua_Integer value;
        take(L, r, &value, sizeof value);
        lua_pushinteger(L, value);
        return true;
    }
    case 'D': {
        lua_Number value;
        take(L, r, &value, sizeof value);
        lua_pushnumber(L, value);
        return true;
    }
    case 'S': {
        uint32_t count;
        take(L, r, &count, sizeof count);
        if ((size_t)(r->end - r->at) < count) luaL_error(L, "the saved state is cut short");
        lua_pushlstring(L, r->at, count);
        r->at += count;
        return true;
    }
    case '{':
        if (depth >= CLUA_SAVE_DEPTH) luaL_error(L, "the saved state is nested too deep");
        luaL_checkstack(L, 8, "saved state nested too deep");
        lua_newtable(L);
        while (decode(L, r, depth + 1)) {
            if (!decode(L, r, depth + 1) || lua_isnil(L, -2) || (lua_isnumber(L, -2) && lua_tonumber(L, -2) != lua_tonumber(L, -2))) {
                luaL_error(L, "the saved state is damaged");
            }
            lua_rawset(L, -3);
        }
        return true;
    case '}':
        if (depth == 0) luaL_error(L, "the saved state is damaged");
        return false;
    default:
        luaL_error(L, "the saved state is damaged");
        return false;
    }
}

// Argument 1: a light userdata with the text. Pushes the table.
int clua_decode(lua_State *L) {
    const clua_text *saved = lua_touserdata(L, 1);
    reader r = {saved->bytes, saved->bytes + saved->count};
    char start[4];
    take(L, &r, start, 4);
    if (memcmp(start, header, 4) != 0) return luaL_error(L, "the saved state is of another kind or version");
    decode(L, &r, 0);
    if (r.at != r.end || !lua_istable(L, -1)) return luaL_error(L, "the saved state is damaged");
    return 1;
}
