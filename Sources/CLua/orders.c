// Orders: a userdata with a copy of what the desk knows. It outlives the desk's own record, so a script may keep it for ever.
#include "state.h"
#include <stdio.h>

static const char methods_key, metatable_key;
static const char *const states[] = {
    "pending_new", "open", "partially_filled", "pending_cancel", "filled", "cancelled", "rejected", "expired", "unknown",
};
static const char *const types[] = {"market", "limit", "stop", "stop_limit"};
static const char *const tifs[] = {"GTC", "IOC", "FOK", "GTD"};

static bool is_final(const clua_order *o) {
    return o->state == CLUA_FILLED || o->state == CLUA_CANCELLED || o->state == CLUA_REJECTED || o->state == CLUA_EXPIRED;
}

/// The order at 1, as of now.
static order *self(lua_State *L) {
    order *o = clua_check(L, 1, KIND_ORDER);
    clua_state *s = state_of(L);
    if (o->epoch != s->epoch) {
        clua_order fresh;
        if (s->host.describe_order(s->host.context, o->now.number, &fresh)) o->now = fresh;
        o->epoch = s->epoch;
    }
    return o;
}

static clua_order_names names_of(lua_State *L, const clua_order *o) {
    clua_state *s = state_of(L);
    clua_order_names names = {.id = "", .venue_id = ""};
    s->host.name_order(s->host.context, o->number, o->is_acknowledged, &names);
    return names;
}

const char *clua_push_order_id(lua_State *L, const clua_order *o) {
    clua_order_names names = names_of(L, o);
    return lua_pushstring(L, names.id);
}

static void push_venue_id(lua_State *L, const clua_order *o) {
    clua_order_names names = names_of(L, o);
    if (names.venue_id[0]) lua_pushstring(L, names.venue_id); else lua_pushnil(L);
}

static void push_or_nil(lua_State *L, const char *text) {
    if (text[0]) lua_pushstring(L, text); else lua_pushnil(L);
}

static void push_number_if(lua_State *L, bool there, double value) {
    if (there) lua_pushnumber(L, value); else lua_pushnil(L);
}

static int index_order(lua_State *L) {
    int key = clua_find_key(L, 2, KEY_TIME, KEY_UPDATED);
    if (key < 0) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &methods_key);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
        return 1;
    }
    const clua_order *o = &self(L)->now;
    switch (key) {
    case KEY_STATE: lua_pushstring(L, states[o->state]); break;
    case KEY_ID: clua_push_order_id(L, o); break;
    case KEY_VENUE_ID: push_venue_id(L, o); break;
    case KEY_SIDE: lua_pushstring(L, o->side ? "sell" : "buy"); break;
    case KEY_PRICE: push_number_if(L, o->has_price, o->price); break;
    case KEY_STOP: push_number_if(L, o->has_stop, o->stop); break;
    case KEY_QTY: lua_pushnumber(L, o->qty); break;
    case KEY_FILLED: lua_pushnumber(L, o->filled); break;
    case KEY_REMAINING: lua_pushnumber(L, o->remaining); break;
    case KEY_AVG_PRICE: push_number_if(L, o->has_average, o->average); break;
    case KEY_REASON: push_or_nil(L, o->reason); break;
    case KEY_TAG: push_or_nil(L, o->tag); break;
    case KEY_TIME: lua_pushinteger(L, o->time); break;
    case KEY_UPDATED: lua_pushinteger(L, o->updated); break;
    case KEY_TYPE: lua_pushstring(L, types[o->type]); break;
    case KEY_TIF: lua_pushstring(L, tifs[o->tif]); break;
    case KEY_INST:
        lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
        lua_rawgeti(L, -1, (lua_Integer)o->instrument + 1);
        break;
    default: lua_pushnil(L);
    }
    return 1;
}

const char *const clua_order_fields[] = {
    "id", "venue_id", "inst", "side", "type", "tif", "price", "stop", "qty", "filled", "remaining", "avg_price", "state",
    "reason", "tag", "time", "updated", NULL,
};

static int pairs_of_order(lua_State *L) {
    clua_check(L, 1, KIND_ORDER);
    return clua_pairs_of(L, clua_order_fields);
}

static int cancel(lua_State *L) {
    order *o = self(L);
    clua_state *s = clua_desk(L, "order:cancel");
    clua_refusal refusal = {0};
    if (!s->host.cancel(s->host.context, o->now.number, &refusal)) return clua_push_refusal(L, &refusal);
    s->epoch++;
    lua_pushboolean(L, 1);
    return 1;
}

/// A number of the table at 2, or absent; false where it is neither.
static bool amended(lua_State *L, const char *name, bool *there, double *value) {
    *there = lua_getfield(L, 2, name) != LUA_TNIL;
    bool good = !*there || clua_plain_number(L, -1, value);
    lua_pop(L, 1);
    return good;
}

static int amend(lua_State *L) {
    order *o = self(L);
    clua_state *s = clua_desk(L, "order:amend");
    luaL_checktype(L, 2, LUA_TTABLE);
    static const char *const names[] = {"price", "qty"};
    const char *unknown = clua_unknown_key(L, 2, names, 2);
    if (unknown) return luaL_error(L, "order:amend takes price and qty; it knows no '%s'", unknown);
    bool has_price, has_qty;
    double price = 0, qty = 0;
    if (!amended(L, "price", &has_price, &price)) return clua_refuse(L, "bad_price", "the price of an amendment is not a number");
    if (!amended(L, "qty", &has_qty, &qty)) return clua_refuse(L, "bad_qty", "the qty of an amendment is not a number");
    if (!has_price && !has_qty) return luaL_error(L, "order:amend needs a price, a qty, or both");
    clua_refusal refusal = {0};
    if (!s->host.amend(s->host.context, o->now.number, has_price, price, has_qty, qty, &refusal)) return clua_push_refusal(L, &refusal);
    s->epoch++;
    lua_pushboolean(L, 1);
    return 1;
}

static int is_open(lua_State *L) {
    lua_pushboolean(L, !is_final(&self(L)->now));
    return 1;
}

order *clua_push_order(lua_State *L, const clua_order *fields) {
    clua_state *s = state_of(L);
    luaL_checkstack(L, 6, NULL);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_known_key);
    if (lua_rawgeti(L, -1, (lua_Integer)fields->number) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        order *made = lua_newuserdatauv(L, sizeof *made, 0);
        made->head = (object){.kind = KIND_ORDER, .id = fields->number};
        lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (lua_Integer)fields->number);
        if (!is_final(fields)) {
            lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_live_key);
            lua_pushvalue(L, -2);
            lua_rawseti(L, -2, (lua_Integer)fields->number);
            lua_pop(L, 1);
        }
    }
    lua_remove(L, -2);
    order *o = lua_touserdata(L, -1);
    o->now = *fields;
    o->epoch = s->epoch;
    return o;
}

void clua_refresh_order(clua_state *s, const clua_order *fields) {
    lua_State *L = s->L;
    if (!s->bound || s->fatal) return;
    if (lua_rawgeti(L, AT_KNOWN, (lua_Integer)fields->number) == LUA_TUSERDATA) {
        order *o = lua_touserdata(L, -1);
        o->now = *fields;
        o->epoch = s->epoch;
    }
    lua_pop(L, 1);
    if (is_final(fields)) {  // from now on it lives as long as the script holds it
        lua_pushnil(L);
        lua_rawseti(L, AT_LIVE, (lua_Integer)fields->number);
    }
}

void clua_forget_created(clua_state *s) {
    lua_State *L = s->L;
    uint32_t count = s->created_orders;
    s->created_orders = 0;
    for (uint32_t i = 0; i < count && s->bound && !s->fatal; i++) {
        if (lua_rawgeti(L, AT_KNOWN, (lua_Integer)s->created_order[i]) == LUA_TUSERDATA) {
            order *o = lua_touserdata(L, -1);
            o->now.state = CLUA_REJECTED;
            snprintf(o->now.reason, sizeof o->now.reason, "callback_failed");
        }
        lua_pop(L, 1);
        lua_pushnil(L);
        lua_rawseti(L, AT_LIVE, (lua_Integer)s->created_order[i]);
    }
}

const luaL_Reg clua_order_methods[] = {{"cancel", cancel}, {"amend", amend}, {"is_open", is_open}, {NULL, NULL}};

void clua_open_orders(lua_State *L) {
    luaL_newlib(L, clua_order_methods);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &methods_key);
    clua_new_metatable(L, "order");
    lua_pushcfunction(L, index_order);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, pairs_of_order);
    lua_setfield(L, -2, "__pairs");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_live_key);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_known_key);
}
