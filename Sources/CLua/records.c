// The bar record: one userdata, filled anew for every bar, readable while its `on_bar` runs.
#include "state.h"

static int index_bar(lua_State *L) {
    const bar *b = clua_check(L, 1, KIND_BAR);
    int key = clua_find_key(L, 2, KEY_CLOSE, KEY_INTERVAL);
    if (key < 0) {
        lua_pushnil(L);
        return 1;
    }
    if (!b->valid) {
        return luaL_error(L, "bar.%s is read after its on_bar has returned: copy the fields you keep", lua_tostring(L, 2));
    }
    switch (key) {
    case KEY_CLOSE: lua_pushnumber(L, b->now.close); break;
    case KEY_OPEN: lua_pushnumber(L, b->now.open); break;
    case KEY_HIGH: lua_pushnumber(L, b->now.high); break;
    case KEY_LOW: lua_pushnumber(L, b->now.low); break;
    case KEY_VOLUME: lua_pushnumber(L, b->now.volume); break;
    case KEY_TIME: lua_pushinteger(L, b->now.time); break;
    case KEY_TRADES: lua_pushinteger(L, b->now.trades); break;
    default:
        lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_intervals_key);
        lua_rawgeti(L, -1, (lua_Integer)b->now.interval + 1);
    }
    return 1;
}

const char *const clua_bar_fields[] = {"time", "open", "high", "low", "close", "volume", "trades", "interval", NULL};

static int pairs_of_bar(lua_State *L) {
    clua_check(L, 1, KIND_BAR);
    return clua_pairs_of(L, clua_bar_fields);
}

static void intern_keys(lua_State *L) {
    static const char *const names[KEY_COUNT] = {
        [KEY_CLOSE] = "close", [KEY_TIME] = "time", [KEY_OPEN] = "open", [KEY_HIGH] = "high", [KEY_LOW] = "low",
        [KEY_VOLUME] = "volume", [KEY_TRADES] = "trades", [KEY_INTERVAL] = "interval", [KEY_STATE] = "state", [KEY_ID] = "id",
        [KEY_PRICE] = "price", [KEY_QTY] = "qty", [KEY_FILLED] = "filled", [KEY_REMAINING] = "remaining",
        [KEY_SIDE] = "side", [KEY_INST] = "inst", [KEY_AVG_PRICE] = "avg_price", [KEY_REASON] = "reason", [KEY_TAG] = "tag",
        [KEY_VENUE_ID] = "venue_id", [KEY_TYPE] = "type", [KEY_TIF] = "tif", [KEY_STOP] = "stop", [KEY_UPDATED] = "updated",
    };
    static const char anchor;
    lua_createtable(L, KEY_COUNT, 0);
    for (int i = 0; i < KEY_COUNT; i++) {
        state_of(L)->key[i] = lua_pushstring(L, names[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &anchor);
}

void clua_open_records(lua_State *L) {
    intern_keys(L);
    bar *b = lua_newuserdatauv(L, sizeof *b, 0);
    memset(b, 0, sizeof *b);
    b->head.kind = KIND_BAR;
    state_of(L)->bar = b;
    clua_new_metatable(L, "bar");
    lua_pushcfunction(L, index_bar);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, pairs_of_bar);
    lua_setfield(L, -2, "__pairs");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_bar_key);
}
