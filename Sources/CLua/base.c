// The basic functions: the standard ones that are safe, and our own where the standard one is not.
#include "state.h"
#include <math.h>

static int protected_call(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    if (status == LUA_OK) return lua_gettop(L);
    // What stops the strategy is not for the strategy to catch.
    clua_state *s = state_of(L);
    if (s->fatal || (status == LUA_ERRMEM && !s->memory.long_text)) return clua_rethrow(L, status);
    if (status == LUA_ERRMEM) {
        lua_pop(L, 1);
        clua_push_long_text(L);
    }
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static void push_object_text(lua_State *L, int index) {
    const object *o = lua_touserdata(L, index);
    switch (o->kind) {
    case KIND_INSTRUMENT:
        lua_pushfstring(L, "%s:%s", ((const instrument *)o)->facts.venue, ((const instrument *)o)->facts.symbol);
        break;
    case KIND_ORDER:
        lua_pushfstring(L, "order %s", clua_push_order_id(L, &((const order *)o)->now));
        lua_remove(L, -2);
        break;
    case KIND_TIMER: case KIND_INDICATOR:
        lua_pushfstring(L, "%s %I", clua_kind_name(L, index), (LUAI_UACINT)o->id);
        break;
    default:
        lua_pushstring(L, clua_kind_name(L, index));
    }
}

const char *clua_push_text(lua_State *L, int index, size_t *length) {
    index = lua_absindex(L, index);
    if (lua_type(L, index) != LUA_TUSERDATA && luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
        return lua_tolstring(L, -1, length);
    }
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        lua_pushvalue(L, index);
        break;
    case LUA_TNUMBER:
        // The sign of a NaN differs from machine to machine.
        if (!lua_isinteger(L, index) && isnan(lua_tonumber(L, index))) {
            lua_pushliteral(L, "nan");
        } else {
            lua_pushvalue(L, index);
        }
        break;
    case LUA_TBOOLEAN:
        lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TNIL:
        lua_pushliteral(L, "nil");
        break;
    case LUA_TUSERDATA:
        push_object_text(L, index);
        break;
    default:  // no address: it would differ from run to run
        lua_pushstring(L, luaL_typename(L, index));
    }
    return lua_tolstring(L, -1, length);
}

static int to_string(lua_State *L) {
    luaL_checkany(L, 1);
    clua_push_text(L, 1, NULL);
    return 1;
}

static int print(lua_State *L) {
    clua_state *s = state_of(L);
    int n = lua_gettop(L);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (int i = 1; i <= n; i++) {
        if (i > 1) luaL_addchar(&text, '\t');
        size_t length;
        clua_push_text(L, i, &length);
        luaL_addvalue(&text);
        clua_charge(L, length / 16 + 1);
        if (luaL_bufflen(&text) > CLUA_LOG_CAP) break;  // the rest would not be shown
    }
    luaL_pushresult(&text);
    clua_text out;
    out.bytes = lua_tolstring(L, -1, &out.count);
    if (out.count > CLUA_LOG_CAP) out.count = CLUA_LOG_CAP;
    if (clua_admit_note(s, out.count)) s->host.log(s->host.context, CLUA_INFO, out);
    return 0;
}

static int set_metatable(lua_State *L) {
    static const char *const refused[] = {"__gc", "__close", "__mode"};
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
    if (lua_istable(L, 2)) {
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            lua_pushstring(L, refused[i]);
            if (lua_rawget(L, 2) != LUA_TNIL) return luaL_error(L, "setmetatable refuses a metatable with %s", refused[i]);
            lua_pop(L, 1);
        }
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

void clua_open_base(lua_State *L) {
    static const char *const absent[] = {"collectgarbage", "dofile", "load", "loadfile", "xpcall", "warn"};
    static const luaL_Reg own[] = {
        {"pcall", protected_call}, {"tostring", to_string}, {"print", print}, {"setmetatable", set_metatable},
        {"next", clua_next}, {"pairs", clua_pairs}, {NULL, NULL},
    };
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, absent[i]);
    }
    luaL_setfuncs(L, own, 0);
    lua_pop(L, 1);
    static const struct { const char *name; lua_CFunction open; } libraries[] = {
        {LUA_STRLIBNAME, luaopen_string}, {LUA_TABLIBNAME, luaopen_table},
        {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].open, 1);
        lua_pop(L, 1);
    }
    // luaL_requiref keeps what it opened where a loader of packages would look; there is none.
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}
