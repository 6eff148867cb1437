// A strategy's file: run once, then its callbacks and parameters are bound.
#include "state.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const callback_names[CLUA_CALLBACKS] = {
    "on_start", "on_quote", "on_book", "on_trade", "on_bar", "on_order", "on_fill", "on_rfq", "on_status", "on_reconcile",
    "on_stop", "on_save", "on_load", "on_rfq_refused",
};

const char *clua_callback_name(int callback) { return callback_names[callback]; }

typedef struct {
    clua_text source;
    const char *file;
    const clua_text *keys, *values;
    size_t count;
} loading;

// MARK: callbacks

static void check_callback_names(lua_State *L, int strategy) {
    char least[64] = "";
    lua_pushnil(L);
    while (lua_next(L, strategy)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) continue;
        const char *name = lua_tostring(L, -1);
        bool known = strncmp(name, "on_", 3) != 0;
        for (int i = 0; i < CLUA_CALLBACKS && !known; i++) known = strcmp(name, callback_names[i]) == 0;
        if (!known && (!least[0] || strcmp(name, least) < 0)) snprintf(least, sizeof least, "%s", name);
    }
    if (strcmp(least, "on_error") == 0) {
        luaL_error(L, "on_error is no callback: it is a key of the configuration, in [run] or [[strategy]], and \"stop\" by default");
    }
    if (least[0]) {
        luaL_error(L, "unknown callback '%s'; the nearest one is '%s'", least, clua_nearest(least, callback_names, CLUA_CALLBACKS));
    }
}

static void bind_callbacks(lua_State *L, int strategy) {
    clua_state *s = state_of(L);
    check_callback_names(L, strategy);
    lua_createtable(L, CLUA_CALLBACKS, 0);
    for (int i = 0; i < CLUA_CALLBACKS; i++) {
        int type = lua_getfield(L, strategy, callback_names[i]);
        if (type != LUA_TNIL && type != LUA_TFUNCTION) {
            luaL_error(L, "%s is a %s; a callback is a function", callback_names[i], luaL_typename(L, -1));
        }
        s->has[i] = type == LUA_TFUNCTION;
        if (type == LUA_TNIL) {  // a place that is never called, but must be there
            lua_pop(L, 1);
            lua_pushboolean(L, 0);
        }
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_callbacks_key);
}

// MARK: parameters

static char *copy(const char *bytes, size_t count) {
    char *out = malloc(count + 1);
    if (!out) return NULL;
    memcpy(out, bytes, count);
    out[count] = 0;
    return out;
}

static bool is_decimal(const char *text, bool whole) {
    if (*text == '-' || *text == '+') text++;
    int digits = 0;
    while (isdigit((unsigned char)*text)) text++, digits++;
    if (whole) return digits > 0 && *text == 0;
    if (*text == '.') {
        text++;
        while (isdigit((unsigned char)*text)) text++, digits++;
    }
    if (digits > 0 && (*text == 'e' || *text == 'E')) {
        text++;
        if (*text == '-' || *text == '+') text++;
        if (!isdigit((unsigned char)*text)) return false;
        while (isdigit((unsigned char)*text)) text++;
    }
    return digits > 0 && *text == 0;
}

/// "fast (integer, 10), qty (float, 0.01)": for messages. Left on the stack.
static const char *list_parameters(lua_State *L, int defaults) {
    lua_Integer n = clua_push_keys(L, defaults);
    int keys = lua_gettop(L);
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (lua_Integer i = 1; i <= n; i++) {
        if (i > 1) luaL_addstring(&list, ", ");
        lua_rawgeti(L, keys, i);
        lua_pushvalue(L, -1);
        lua_rawget(L, defaults);
        const char *type = lua_type(L, -1) != LUA_TNUMBER ? luaL_typename(L, -1) : lua_isinteger(L, -1) ? "integer" : "float";
        clua_push_text(L, -1, NULL);
        const char *line = lua_pushfstring(L, "%s (%s, %s)", lua_tostring(L, -3), type, lua_tostring(L, -1));
        lua_insert(L, -4);
        lua_pop(L, 3);
        (void)line;
        luaL_addvalue(&list);
    }
    luaL_pushresult(&list);
    return n > 0 ? lua_tostring(L, -1) : "there are none";
}

/// Puts what `--set key=value` means in place of the default.
static void override(lua_State *L, int defaults, const clua_text *key, const clua_text *value) {
    const char *name = lua_pushlstring(L, key->bytes, key->count);
    const char *text = lua_pushlstring(L, value->bytes, value->count);
    lua_pushvalue(L, -2);
    int type = lua_rawget(L, defaults);
    if (type == LUA_TNIL) luaL_error(L, "--set %s=%s: no parameter '%s'; the parameters are: %s", name, text, name, list_parameters(L, defaults));
    const char *wanted = NULL;
    bool good = strlen(text) == value->count;
    if (type == LUA_TNUMBER) {
        bool whole = lua_isinteger(L, -1);
        wanted = whole ? "an integer" : "a number";
        good = good && is_decimal(text, whole);
        lua_pop(L, 1);
        if (good) good = lua_stringtonumber(L, *text == '+' ? text + 1 : text) != 0 && (!whole || lua_isinteger(L, -1));
        if (good && !whole) {
            lua_pushnumber(L, lua_tonumber(L, -1));
            lua_remove(L, -2);
        }
    } else if (type == LUA_TBOOLEAN) {
        wanted = "true or false";
        bool yes = strcmp(text, "true") == 0;
        good = good && (yes || strcmp(text, "false") == 0);
        lua_pop(L, 1);
        lua_pushboolean(L, yes);
    } else {
        lua_pop(L, 1);
        lua_pushlstring(L, value->bytes, value->count);
        good = true;
    }
    if (!good) {
        luaL_error(L, "--set %s=%s: parameter '%s' takes %s; the parameters are: %s", name, text, name, wanted,
                   list_parameters(L, defaults));
    }
    lua_pushvalue(L, -3);
    lua_insert(L, -2);
    lua_rawset(L, defaults);
    lua_pop(L, 2);
}

static void describe_parameter(lua_State *L, clua_param *out) {
    out->name = copy(lua_tostring(L, -2), strlen(lua_tostring(L, -2)));
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER:
        out->kind = lua_isinteger(L, -1) ? 0 : 1;
        out->integer = lua_tointeger(L, -1);
        out->number = lua_tonumber(L, -1);
        break;
    case LUA_TBOOLEAN:
        out->kind = 2;
        out->integer = lua_toboolean(L, -1);
        break;
    default: {
        size_t count;
        const char *text = lua_tolstring(L, -1, &count);
        out->kind = 3;
        out->text = (clua_text){copy(text, count), count};
    }
    }
    if (!out->name || (out->kind == 3 && !out->text.bytes)) luaL_error(L, "no memory for the parameters");
}

/// A copy of the strategy's table of defaults, its types checked.
static void copy_defaults(lua_State *L, int strategy) {
    int type = lua_getfield(L, strategy, "params");
    if (type != LUA_TNIL && type != LUA_TTABLE) luaL_error(L, "params is a %s; it is a table of defaults", luaL_typename(L, -1));
    lua_newtable(L);
    if (type == LUA_TNIL) return;
    int source = lua_gettop(L) - 1, target = source + 1;
    lua_Integer n = clua_push_keys(L, source);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "params has a %s as a key; a parameter has a name", luaL_typename(L, -1));
        lua_pushvalue(L, -1);
        int kind = lua_rawget(L, source);
        if (kind != LUA_TNUMBER && kind != LUA_TBOOLEAN && kind != LUA_TSTRING) {
            luaL_error(L, "params.%s is a %s; a parameter is a number, a boolean or a text", lua_tostring(L, -2), luaL_typename(L, -1));
        }
        lua_rawset(L, target);
    }
    lua_settop(L, target);
}

static void bind_parameters(lua_State *L, int strategy, const loading *what) {
    clua_state *s = state_of(L);
    copy_defaults(L, strategy);
    int bound = lua_gettop(L);
    for (size_t i = 0; i < what->count; i++) override(L, bound, &what->keys[i], &what->values[i]);
    lua_Integer n = clua_push_keys(L, bound);
    s->params = calloc(n ? (size_t)n : 1, sizeof *s->params);
    if (!s->params) luaL_error(L, "no memory for the parameters");
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        lua_pushvalue(L, -1);
        lua_rawget(L, bound);
        describe_parameter(L, &s->params[s->param_count++]);
        lua_pop(L, 2);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_params_key);
    lua_pushvalue(L, bound);
    lua_setfield(L, -2, "__index");
    lua_settop(L, bound - 2);
}

// MARK: the file

static void read_name(lua_State *L, int strategy) {
    clua_state *s = state_of(L);
    int type = lua_getfield(L, strategy, "name");
    if (type != LUA_TNIL && type != LUA_TSTRING) luaL_error(L, "name is a %s; it is a text", luaL_typename(L, -1));
    if (type == LUA_TSTRING) {
        if (lua_rawlen(L, -1) >= sizeof s->name) luaL_error(L, "name is longer than %d bytes", (int)sizeof s->name - 1);
        snprintf(s->name, sizeof s->name, "%s", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
}

static int load_file(lua_State *L) {
    const loading *what = lua_touserdata(L, 1);
    lua_pushfstring(L, "@%s", what->file);
    if (luaL_loadbufferx(L, what->source.bytes, what->source.count, lua_tostring(L, -1), "t") != LUA_OK) return lua_error(L);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1)) {
        return luaL_error(L, "the file returned %s; a strategy is a file that returns a table: `return S`",
                          lua_isnil(L, -1) ? "nothing" : luaL_typename(L, -1));
    }
    int strategy = lua_gettop(L);
    read_name(L, strategy);
    bind_callbacks(L, strategy);
    bind_parameters(L, strategy, what);
    lua_pushliteral(L, "buy");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &callback_names[0]);
    lua_pushliteral(L, "sell");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &callback_names[1]);
    return 0;
}

/// Puts what every callback needs at its place on the main stack. Nothing here can raise.
static void fix_stack(clua_state *s) {
    lua_State *L = s->L;
    const void *keys[] = {&clua_instruments_key, &clua_bar_key, &clua_timers_key, &clua_known_key,
                          &callback_names[0], &callback_names[1], &clua_keys_key, &clua_bar_fields_key,
                          &clua_bar_metatable_key, &clua_bar_index_key};
    lua_settop(L, AT_HANDLER);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_callbacks_key);
    for (int i = 0; i < CLUA_CALLBACKS; i++) lua_rawgeti(L, AT_HANDLER + 1, i + 1);
    lua_remove(L, AT_HANDLER + 1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) lua_rawgetp(L, LUA_REGISTRYINDEX, keys[i]);
    lua_rawgeti(L, AT_INSTRUMENTS, 1);
    s->bound = true;
}

int clua_load(clua_state *s, clua_text source, const char *file, const clua_text *keys, const clua_text *values, size_t count) {
    if (clua_refused(s)) return CLUA_POISONED;
    loading what = {source, file, keys, values, count};
    snprintf(s->file, sizeof s->file, "%s", file);
    int status = clua_protect(s, load_file, &what);
    if (status == CLUA_OK) fix_stack(s);
    return status;
}

static int run_chunk(lua_State *L) {
    clua_state *s = state_of(L);
    const loading *what = lua_touserdata(L, 1);
    lua_pushfstring(L, "@%s", what->file);
    if (luaL_loadbufferx(L, what->source.bytes, what->source.count, lua_tostring(L, -1), "t") != LUA_OK) return lua_error(L);
    lua_call(L, 0, 1);
    size_t length;
    const char *text = clua_push_text(L, -1, &length);
    if (length >= sizeof s->result) length = sizeof s->result - 1;
    memcpy(s->result, text, length);
    s->result[length] = 0;
    return 0;
}

int clua_run(clua_state *s, clua_text source, const char *name) {
    if (clua_refused(s)) return CLUA_POISONED;
    loading what = {.source = source, .file = name};
    s->result[0] = 0;
    return clua_protect(s, run_chunk, &what);
}
