// `require`: modules beside the strategy or in its library folders; text only, no way out of those folders.
#define _GNU_SOURCE
#include "state.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_CAP = 64 };
static const char loaded_key, stack_key;

static void check_name(lua_State *L, const char *name, size_t length) {
    bool good = length > 0 && length <= NAME_CAP && name[0] != '.' && name[length - 1] != '.';
    for (size_t i = 0; i < length && good; i++) {
        char c = name[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c == '.' && name[i + 1] != '.');
    }
    if (!good) {
        luaL_error(L, "module name '%s' is refused: write lower-case letters, digits, _ and single dots between folders", name);
    }
}

/// Opens `root/a/b.lua` for `a.b`, one folder at a time, following no link below the root.
static int open_below(const char *root, const char *name) {
    int folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *part = name;
    while (folder >= 0) {
        const char *dot = strchr(part, '.');
        size_t length = dot ? (size_t)(dot - part) : strlen(part);
        char file[NAME_CAP + 8];
        memcpy(file, part, length);
        strcpy(file + length, dot ? "" : ".lua");
        int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (dot ? O_DIRECTORY : 0);
        int next = openat(folder, file, flags);
        close(folder);
        if (!dot) return next;
        folder = next;
        part = dot + 1;
    }
    return -1;
}

/// Reads a whole file; the bytes are good until the next module is read. Closes the file.
static const char *read_all(lua_State *L, int file, const char *name, size_t *count) {
    struct stat status;
    bool good = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    if (!good || status.st_size > CLUA_SOURCE_CAP) {
        close(file);
        if (!good) luaL_error(L, "module '%s' is not a plain file", name);
        luaL_error(L, "module '%s' has %I bytes; the most is %d", name, (LUAI_UACINT)status.st_size, CLUA_SOURCE_CAP);
    }
    clua_state *s = state_of(L);
    const size_t capacity = CLUA_SOURCE_CAP + 1;
    if (!s->source) s->source = malloc(capacity);  // not Lua's: nothing may raise before the file is closed
    size_t used = 0;
    ssize_t n;
    while (s->source && used < capacity && (n = read(file, s->source + used, capacity - used)) > 0) used += (size_t)n;
    close(file);
    if (!s->source) luaL_error(L, "no memory to read module '%s'", name);
    if (used > CLUA_SOURCE_CAP) luaL_error(L, "module '%s' has more than %d bytes", name, CLUA_SOURCE_CAP);
    *count = used;
    return s->source;
}

static const char *find(lua_State *L, clua_state *s, const char *name, size_t *count) {
    for (size_t i = 0; i < s->root_count; i++) {
        int file = open_below(s->roots[i], name);
        if (file >= 0) return read_all(L, file, name, count);
    }
    luaL_error(L, "no module '%s': looked for %s.lua beside the strategy and in strategies/lib", name, name);
    return NULL;
}

/// Raises where the module is being loaded already. The list of those is at the top of the stack.
static void check_cycle(lua_State *L, const char *name) {
    lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
    bool found = false;
    luaL_Buffer path;
    for (lua_Integer i = 1; i <= n && !found; i++) {
        lua_rawgeti(L, -1, i);
        found = strcmp(lua_tostring(L, -1), name) == 0;
        lua_pop(L, 1);
    }
    if (!found) return;
    int list = lua_gettop(L);
    luaL_buffinit(L, &path);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, list, i);
        luaL_addvalue(&path);
        luaL_addstring(&path, " → ");
    }
    luaL_addstring(&path, name);
    luaL_pushresult(&path);
    luaL_error(L, "modules require each other: %s", lua_tostring(L, -1));
}

static int run_module(lua_State *L) {
    clua_state *s = state_of(L);
    const char *name = lua_tostring(L, 1);
    clua_text source, title = {name, strlen(name)};
    source.bytes = find(L, s, name, &source.count);
    char chunk[NAME_CAP + 8];
    lua_pushfstring(L, "@%s.lua", name);
    strcpy(chunk, lua_tostring(L, -1));
    for (char *c = chunk + 1; c[4]; c++) {
        if (*c == '.') *c = '/';
    }
    if (luaL_loadbufferx(L, source.bytes, source.count, chunk, "t") != LUA_OK) return lua_error(L);
    s->host.module(s->host.context, title, source);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int require(lua_State *L) {
    size_t length;
    const char *name = luaL_checklstring(L, 1, &length);
    lua_settop(L, 1);
    check_name(L, name, length);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, 2) != LUA_TNIL) return 1;
    lua_settop(L, 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &stack_key);
    check_cycle(L, name);
    lua_Integer depth = (lua_Integer)lua_rawlen(L, 3);
    lua_pushvalue(L, 1);
    lua_rawseti(L, 3, depth + 1);
    lua_pushcfunction(L, run_module);
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 1, 1, 0);
    lua_pushnil(L);
    lua_rawseti(L, 3, depth + 1);
    if (status != LUA_OK) return clua_rethrow(L, status);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    return 1;
}

void clua_open_require(lua_State *L) {
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &stack_key);
    lua_pushcfunction(L, require);
    lua_setglobal(L, "require");
}
