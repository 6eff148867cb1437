// `ta`: the host's indicators behind userdata that hold a handle.
#include "state.h"

static const char metatable_key;
static const char *const names[] = {
    "sma", "wma", "ema", "highest", "lowest", "stddev", "zscore", "roc", "rsi", "bollinger", "keltner", "macd", "donchian",
    "atr", "adx", "stochastic", "obv", "vwap", "cross",
};

static int push_values(lua_State *L, const double *values, int count) {
    if (count <= 0) {
        lua_pushnil(L);
        return 1;
    }
    for (int i = 0; i < count; i++) lua_pushnumber(L, values[i]);
    return count;
}

static int update(lua_State *L) {
    const object *o = clua_check(L, 1, KIND_INDICATOR);
    clua_state *s = state_of(L);
    double out[CLUA_INDICATOR_WIDTH];
    clua_refusal refusal;
    int count;
    const object *record = lua_touserdata(L, 2);
    if (record && record->kind == KIND_BAR) {
        if (!s->bar->valid) return luaL_error(L, "a bar is used after its on_bar has returned: copy the fields you keep");
        count = s->host.update_indicator_bar(s->host.context, (uint32_t)o->id, &s->bar->now, out, &refusal);
    } else {
        if (lua_type(L, 2) != LUA_TNUMBER) {
            lua_pushfstring(L, "number or bar expected, got %s", clua_kind_name(L, 2));
            return luaL_argerror(L, 2, lua_tostring(L, -1));
        }
        double in[2] = {lua_tonumber(L, 2), 0};
        size_t given = 1;
        int second = lua_type(L, 3);
        if (second > LUA_TNIL) {
            luaL_argexpected(L, second == LUA_TNUMBER, 3, "number");
            in[1] = lua_tonumber(L, 3);
            given = 2;
        }
        count = s->host.update_indicator(s->host.context, (uint32_t)o->id, in, given, out, &refusal);
    }
    if (count < 0) return luaL_error(L, "%s", refusal.message);
    return push_values(L, out, count);
}

static int value(lua_State *L) {
    const object *o = clua_check(L, 1, KIND_INDICATOR);
    clua_state *s = state_of(L);
    double out[CLUA_INDICATOR_WIDTH];
    return push_values(L, out, s->host.indicator_value(s->host.context, (uint32_t)o->id, out));
}

static int reset(lua_State *L) {
    const object *o = clua_check(L, 1, KIND_INDICATOR);
    clua_state *s = state_of(L);
    s->host.reset_indicator(s->host.context, (uint32_t)o->id);
    return 0;
}

static int collect(lua_State *L) {
    object *o = lua_touserdata(L, 1);
    clua_state *s = state_of(L);
    if (o->shape) s->host.drop_indicator(s->host.context, (uint32_t)o->id);
    o->shape = 0;
    return 0;
}

static int make(lua_State *L) {
    clua_state *s = state_of(L);
    const char *name = names[lua_tointeger(L, lua_upvalueindex(1))];
    double arguments[CLUA_INDICATOR_WIDTH];
    int count = lua_gettop(L);
    while (count > 0 && lua_isnil(L, count)) count--;
    if (count > CLUA_INDICATOR_WIDTH) return luaL_error(L, "ta.%s: too many arguments", name);
    for (int i = 0; i < count; i++) {
        luaL_argexpected(L, lua_type(L, i + 1) == LUA_TNUMBER, i + 1, "number");
        arguments[i] = lua_tonumber(L, i + 1);
    }
    object *o = lua_newuserdatauv(L, sizeof *o, 0);
    *o = (object){.kind = KIND_INDICATOR};  // `shape` says whether there is something to drop
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(L, -2);
    clua_refusal refusal = {0};
    int64_t handle = s->host.make_indicator(s->host.context, name, arguments, (size_t)count, &refusal);
    if (handle < 0) return luaL_error(L, "%s", refusal.message);
    o->id = (uint64_t)handle;
    o->shape = 1;
    return 1;
}

const luaL_Reg clua_indicator_methods[] = {{"update", update}, {"value", value}, {"reset", reset}, {NULL, NULL}};

void clua_open_indicators(lua_State *L) {
    clua_new_metatable(L, "indicator");
    luaL_newlib(L, clua_indicator_methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, collect);
    lua_setfield(L, -2, "__gc");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_createtable(L, 0, sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_pushinteger(L, (lua_Integer)i);
        lua_pushcclosure(L, make, 1);
        lua_setfield(L, -2, names[i]);
    }
    lua_setglobal(L, "ta");
}
