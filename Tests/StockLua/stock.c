#include "StockLua.h"
#include <lua5.4/lua.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>
#include <string.h>

int stock_run(const char *source, size_t count, char *out, size_t capacity) {
    lua_State *L = luaL_newstate();
    if (!L) return 0;
    luaL_openlibs(L);
    int good = luaL_loadbufferx(L, source, count, "@stock.lua", "t") == LUA_OK && lua_pcall(L, 0, 1, 0) == LUA_OK;
    size_t length;
    const char *text = luaL_tolstring(L, -1, &length);
    if (length >= capacity) length = capacity - 1;
    memcpy(out, text, length);
    out[length] = 0;
    lua_close(L);
    return good;
}
