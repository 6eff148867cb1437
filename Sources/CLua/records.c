// The bar record: one userdata, filled anew for every bar, readable while its `on_bar` runs. Fields that a script has read once are
// answered by a table while the callback runs, which costs no call; a function answers for the others, and refuses afterwards.
#include "state.h"

static void push_field(lua_State *L, const clua_bar *now, int key) {
    switch (key) {
    case KEY_CLOSE: lua_pushnumber(L, now->close); break;
    case KEY_OPEN: lua_pushnumber(L, now->open); break;
    case KEY_HIGH: lua_pushnumber(L, now->high); break;
    case KEY_LOW: lua_pushnumber(L, now->low); break;
    case KEY_VOLUME: lua_pushnumber(L, now->volume); break;
    case KEY_TIME: lua_pushinteger(L, now->time); break;
    default: lua_pushinteger(L, now->trades);
    }
}

/// Leaves the field's value in the table that answers for the record while a callback has it: the next bar puts it there at once.
static int remember(lua_State *L, clua_state *s, int key) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_bar_fields_key);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    s->bar_reads |= 1u << key;
    return 1;
}

/// Called for a field that the table of those read before has not, with the table at 1, and after the callback for every field.
static int index_bar(lua_State *L) {
    clua_state *s = state_of(L);
    const bar *b = s->bar;
    int key = clua_find_key(L, 2, KEY_CLOSE, KEY_INTERVAL);
    if (key < 0) {
        lua_pushnil(L);
        return 1;
    }
    if (!b->valid) {
        return luaL_error(L, "bar.%s is read after its on_bar has returned: copy the fields you keep", lua_tostring(L, 2));
    }
    if (key == KEY_INTERVAL) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_intervals_key);
        lua_rawgeti(L, -1, (lua_Integer)b->now.interval + 1);
        return 1;
    }
    push_field(L, &b->now, key);
    return remember(L, s, key);
}

static void answer_with(lua_State *L, int place) {
    lua_rawgeti(L, AT_KEYS, KEY_METHODS + 1);
    lua_pushvalue(L, place);
    lua_rawset(L, AT_BAR_METATABLE);
}

void clua_show_bar(clua_state *s, const clua_bar *values) {
    lua_State *L = s->L;
    s->bar->now = *values;
    s->bar->valid = true;
    if (s->bar_reads == 0) return;
    for (int key = 0; s->bar_reads >> key; key++) {
        if (!(s->bar_reads >> key & 1)) continue;
        lua_rawgeti(L, AT_KEYS, key + 1);
        push_field(L, values, key);
        lua_rawset(L, AT_BAR_FIELDS);
    }
    if (!s->bar_shown) answer_with(L, AT_BAR_FIELDS);
    s->bar_shown = true;
}

void clua_hide_bar(clua_state *s) {
    answer_with(s->L, AT_BAR_INDEX);
    s->bar_shown = false;
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
        [KEY_POST_ONLY] = "post_only", [KEY_REDUCE_ONLY] = "reduce_only", [KEY_ALLOW_DUPLICATE] = "allow_duplicate",
        [KEY_DOWN] = "down", [KEY_UP] = "up", [KEY_NEAREST] = "nearest", [KEY_METHODS] = "__index",
    };
    lua_createtable(L, KEY_COUNT, 0);
    for (int i = 0; i < KEY_COUNT; i++) {
        lua_pushstring(L, names[i]);
        const void *name = lua_topointer(L, -1);  // short strings are interned: one address a text
        clua_state *s = state_of(L);
        s->key[i] = name;
        size_t place = (uintptr_t)name >> 4 & (KEY_PLACES - 1);
        while (s->key_places[place]) place = (place + 1) & (KEY_PLACES - 1);
        s->key_places[place] = (uint8_t)(i + 1);
        lua_rawseti(L, -2, i + 1);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_keys_key);
}

/// The table of the fields that have been read; what it has not it asks `index_bar` for.
static void open_fields(lua_State *L) {
    lua_createtable(L, 0, 8);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, index_bar);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_bar_fields_key);
}

void clua_open_records(lua_State *L) {
    intern_keys(L);
    bar *b = lua_newuserdatauv(L, sizeof *b, 0);
    memset(b, 0, sizeof *b);
    b->head.kind = KIND_BAR;
    state_of(L)->bar = b;
    clua_new_metatable(L, "bar");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_bar_metatable_key);
    lua_pushcfunction(L, index_bar);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_bar_index_key);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, pairs_of_bar);
    lua_setfield(L, -2, "__pairs");
    open_fields(L);
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_bar_key);
}
