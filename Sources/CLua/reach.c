// Everything that can be reached from a script's globals, whether the script has a way to it or not: fields, metatables, upvalues
// of C functions. For the test that compares it with a list.
#include "state.h"

typedef struct {
    void *context;
    void (*visit)(void *context, const char *path, const char *type);
} visitor;

enum { VISITED = 3, DEEPEST = 20 };

static void walk(lua_State *L, const visitor *v, const char *path, int depth);

/// Goes on with the value on top of the stack, which it takes off.
static void walk_into(lua_State *L, const visitor *v, const char *path, const char *join, const char *name, int depth) {
    const char *next = lua_pushfstring(L, "%s%s%s", path, join, name);
    lua_insert(L, -2);
    walk(L, v, next, depth + 1);
    lua_pop(L, 2);
}

static void walk_table(lua_State *L, const visitor *v, const char *path, int depth) {
    int table = lua_gettop(L);
    lua_Integer n = clua_push_keys(L, table);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, table + 1, i);
        const char *name = clua_push_text(L, -1, NULL);
        lua_pushvalue(L, -2);
        lua_rawget(L, table);
        walk_into(L, v, path, ".", name, depth);
        lua_settop(L, table + 1);
    }
    lua_settop(L, table);
}

static void walk_upvalues(lua_State *L, const visitor *v, const char *path, int depth) {
    char name[16] = "[1]";
    for (int i = 1; i < 10 && lua_getupvalue(L, -1, i); i++) {
        name[1] = (char)('0' + i);
        walk_into(L, v, path, "", name, depth);
    }
}

static void walk(lua_State *L, const visitor *v, const char *path, int depth) {
    luaL_checkstack(L, 12, NULL);
    int type = lua_type(L, -1);
    bool is_lua = type == LUA_TFUNCTION && !lua_iscfunction(L, -1);
    v->visit(v->context, path, type == LUA_TUSERDATA ? clua_kind_name(L, -1) : is_lua ? "function of the script" : luaL_typename(L, -1));
    if (type == LUA_TSTRING && depth > 1) return;  // all have the one metatable
    if (depth > DEEPEST) luaL_error(L, "%s: too deep", path);
    if (type == LUA_TTABLE || type == LUA_TUSERDATA || type == LUA_TFUNCTION) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, VISITED) != LUA_TNIL) {
            lua_pop(L, 1);
            return;
        }
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushboolean(L, 1);
        lua_rawset(L, VISITED);
    }
    if (type == LUA_TTABLE) walk_table(L, v, path, depth);
    if (type == LUA_TFUNCTION && !is_lua) walk_upvalues(L, v, path, depth);
    if (lua_getmetatable(L, -1)) walk_into(L, v, path, "", "(metatable)", depth);
}

static int reach(lua_State *L) {
    const visitor *v = lua_touserdata(L, 1);
    lua_settop(L, 2);
    lua_newtable(L);
    lua_pushglobaltable(L);
    walk(L, v, "_G", 0);
    lua_pushliteral(L, "");
    walk(L, v, "(any text)", 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_bar_key);
    walk(L, v, "(the bar)", 0);
    return 0;
}

int clua_reach(clua_state *s, void *context, void (*visit)(void *context, const char *path, const char *type)) {
    visitor v = {context, visit};
    return clua_refused(s) ? CLUA_POISONED : clua_protect(s, reach, &v);
}
