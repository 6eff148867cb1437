// The string functions that differ from the standard ones. The others get a work budget of our own in a later step.
#include "state.h"
#include <ctype.h>
#include <math.h>

static const char standard_format;

/// Replaces what a directive would print with an address, or with the machine's own idea of a NaN.
static void prepare_argument(lua_State *L, char directive, int index) {
    if (directive == 'p') luaL_error(L, "string.format has no %%p here: an address differs from run to run");
    if (directive == 's' && lua_type(L, index) != LUA_TSTRING) {
        clua_push_text(L, index, NULL);
        lua_replace(L, index);
    }
    if (directive != 0 && strchr("aAeEfFgG", directive) && lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index)
        && isnan(lua_tonumber(L, index))) {
        lua_pushnumber(L, (lua_Number)NAN);
        lua_replace(L, index);
    }
}

int clua_format(lua_State *L) {
    size_t length;
    int top = lua_gettop(L), index = 1;
    const char *at = luaL_checklstring(L, 1, &length), *end = at + length;
    while (at < end) {
        if (*at++ != '%') continue;
        if (at < end && *at == '%') {
            at++;
            continue;
        }
        while (at < end && (strchr("-+ #0.", *at) ? *at != 0 : isdigit((unsigned char)*at))) at++;
        if (at == end) break;
        if (++index <= top) prepare_argument(L, *at, index);
        at++;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &standard_format);
    lua_insert(L, 1);
    lua_call(L, top, 1);
    return 1;
}

static int repeat(lua_State *L) {
    size_t length, gap;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer n = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &gap);
    if (n <= 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (length + gap == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (n > CLUA_STRING_CAP || (lua_Integer)(length + gap) > CLUA_STRING_CAP / n) {
        return luaL_error(L, "string.rep would make more than %d bytes", CLUA_STRING_CAP);
    }
    luaL_Buffer buffer;
    luaL_buffinitsize(L, &buffer, (length + gap) * (size_t)n);
    for (lua_Integer i = 0; i < n; i++) {
        if (i > 0) luaL_addlstring(&buffer, between, gap);
        luaL_addlstring(&buffer, text, length);
    }
    luaL_pushresult(&buffer);
    return 1;
}

void clua_open_strings(lua_State *L) {
    lua_getglobal(L, LUA_STRLIBNAME);
    lua_getfield(L, -1, "format");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &standard_format);
    lua_pushcfunction(L, clua_format);
    lua_setfield(L, -2, "format");
    lua_pushcfunction(L, repeat);
    lua_setfield(L, -2, "rep");
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 3);
}
