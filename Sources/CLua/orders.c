// Orders: a userdata with a copy of what the desk knows. It outlives the desk's own record, so a script may keep it for ever.
#include "state.h"
#include <stdio.h>
#include <stdlib.h>

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
        s->host.describe_order(s->host.context, o->head.id, &o->now);  // which leaves it alone where the order is gone
        o->epoch = s->epoch;
    }
    return o;
}

// MARK: which are live

static inline size_t home_of(const live_orders *live, uint64_t number) {
    return (size_t)(number * 0x9E3779B97F4A7C15u >> 32) & live->mask;
}

static live_order *find_live(clua_state *s, uint64_t number) {
    live_orders *live = &s->live;
    if (!live->entries) return NULL;
    for (size_t i = home_of(live, number); live->entries[i].number; i = (i + 1) & live->mask) {
        if (live->entries[i].number == number) return &live->entries[i];
    }
    return NULL;
}

static void put_live(live_orders *live, live_order one) {
    size_t i = home_of(live, one.number);
    while (live->entries[i].number) i = (i + 1) & live->mask;
    live->entries[i] = one;
}

/// Room for one more; false where there is no memory.
static bool grow_live(live_orders *live) {
    uint32_t capacity = live->entries ? live->mask + 1 : 0;
    if ((live->count + 1) * 2 <= capacity) return true;
    live_orders larger = *live;
    larger.mask = capacity ? capacity * 2 - 1 : 63;
    larger.entries = calloc((size_t)larger.mask + 1, sizeof *larger.entries);
    larger.free_places = realloc(live->free_places, ((size_t)larger.mask + 1) * sizeof *larger.free_places);
    if (larger.free_places) live->free_places = larger.free_places;
    if (!larger.entries || !larger.free_places) {
        free(larger.entries);
        return false;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        if (live->entries[i].number) put_live(&larger, live->entries[i]);
    }
    free(live->entries);
    *live = larger;
    return true;
}

/// The userdata on top of the stack is a live order's from now on.
static void enlist(lua_State *L, uint64_t number) {
    live_orders *live = &state_of(L)->live;
    if (!grow_live(live)) luaL_error(L, "not enough memory");
    uint32_t place = live->free_count ? live->free_places[live->free_count - 1] : REGISTRY_ORDERS + live->next_place;
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, place);
    if (live->free_count) live->free_count--; else live->next_place++;
    live->count++;
    put_live(live, (live_order){number, place});
}

/// Takes an order off the live ones: from now on it lives as long as the script holds it. Allocates nothing.
static void delist(clua_state *s, live_order *found) {
    live_orders *live = &s->live;
    lua_pushnil(s->L);
    lua_rawseti(s->L, LUA_REGISTRYINDEX, found->place);
    live->free_places[live->free_count++] = found->place;
    live->count--;
    size_t hole = (size_t)(found - live->entries);
    for (size_t i = (hole + 1) & live->mask; live->entries[i].number; i = (i + 1) & live->mask) {
        size_t home = home_of(live, live->entries[i].number);
        if (((i - home) & live->mask) < ((i - hole) & live->mask)) continue;
        live->entries[hole] = live->entries[i];
        hole = i;
    }
    live->entries[hole].number = 0;
}

void clua_close_orders(clua_state *s) {
    free(s->live.entries);
    free(s->live.free_places);
}

// MARK: fields

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
        lua_rawgeti(L, LUA_REGISTRYINDEX, REGISTRY_ORDER_METHODS);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
        return 1;
    }
    const clua_order *o = &self(L)->now;
    switch (key) {
    case KEY_STATE: lua_rawgeti(L, LUA_REGISTRYINDEX, REGISTRY_STATES + o->state); break;
    case KEY_ID: clua_push_order_id(L, o); break;
    case KEY_VENUE_ID: push_venue_id(L, o); break;
    case KEY_SIDE: lua_rawgeti(L, LUA_REGISTRYINDEX, o->side ? REGISTRY_SELL : REGISTRY_BUY); break;
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
    order *o = clua_check(L, 1, KIND_ORDER);
    clua_state *s = clua_desk(L, "order:cancel");
    clua_refusal refusal;
    if (!s->host.cancel(s->host.context, o->head.id, &refusal)) return clua_push_refusal(L, &refusal);
    o->epoch = 0;
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
    order *o = clua_check(L, 1, KIND_ORDER);
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
    clua_refusal refusal;
    if (!s->host.amend(s->host.context, o->head.id, has_price, price, has_qty, qty, &refusal)) return clua_push_refusal(L, &refusal);
    o->epoch = 0;
    lua_pushboolean(L, 1);
    return 1;
}

static int is_open(lua_State *L) {
    lua_pushboolean(L, !is_final(&self(L)->now));
    return 1;
}

/// Pushes the userdata that stands for the number, where there is one; else nothing.
static order *push_known(lua_State *L, uint64_t number) {
    const live_order *live = find_live(state_of(L), number);
    if (live) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, live->place);
        return lua_touserdata(L, -1);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_known_key);
    bool held = lua_rawgeti(L, -1, (lua_Integer)number) == LUA_TUSERDATA;
    lua_remove(L, -2);
    if (!held) lua_pop(L, 1);
    return held ? lua_touserdata(L, -1) : NULL;
}

static order *push_new(lua_State *L, uint64_t number, bool is_live) {
    order *made = lua_newuserdatauv(L, sizeof *made, 0);
    *made = (order){.head = {.kind = KIND_ORDER, .id = number}, .now.number = number};
    lua_rawgeti(L, LUA_REGISTRYINDEX, REGISTRY_ORDER_METATABLE);
    lua_setmetatable(L, -2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_known_key);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, (lua_Integer)number);
    lua_pop(L, 1);
    if (is_live) enlist(L, number);
    return made;
}

order *clua_push_order(lua_State *L, const clua_order *fields) {
    luaL_checkstack(L, 6, NULL);
    order *o = push_known(L, fields->number);
    if (!o) o = push_new(L, fields->number, !is_final(fields));
    o->now = *fields;
    o->epoch = state_of(L)->epoch;
    return o;
}

void clua_push_order_number(lua_State *L, uint64_t number) {
    luaL_checkstack(L, 6, NULL);
    if (!push_known(L, number)) push_new(L, number, true);
}

void clua_refresh_order(clua_state *s, const clua_order *fields) {
    lua_State *L = s->L;
    if (!s->bound || s->fatal) return;
    live_order *live = find_live(s, fields->number);
    int type = live ? lua_rawgeti(L, LUA_REGISTRYINDEX, live->place) : lua_rawgeti(L, AT_KNOWN, (lua_Integer)fields->number);
    if (type == LUA_TUSERDATA) {
        order *o = lua_touserdata(L, -1);
        o->now = *fields;
        o->epoch = s->epoch;
    }
    lua_pop(L, 1);
    if (live && is_final(fields)) delist(s, live);
}

void clua_forget_created(clua_state *s) {
    lua_State *L = s->L;
    uint32_t count = s->created_orders;
    s->created_orders = 0;
    for (uint32_t i = 0; i < count && s->bound && !s->fatal; i++) {
        live_order *live = find_live(s, s->created_order[i]);
        if (!live) continue;
        if (lua_rawgeti(L, LUA_REGISTRYINDEX, live->place) == LUA_TUSERDATA) {
            order *o = lua_touserdata(L, -1);
            // The desk still knows what was asked; it drops it next.
            s->host.describe_order(s->host.context, o->head.id, &o->now);
            o->now.state = CLUA_REJECTED;
            snprintf(o->now.reason, sizeof o->now.reason, "callback_failed");
            o->epoch = s->epoch;
        }
        lua_pop(L, 1);
        delist(s, live);
    }
}

const luaL_Reg clua_order_methods[] = {{"cancel", cancel}, {"amend", amend}, {"is_open", is_open}, {NULL, NULL}};

static void keep_text(lua_State *L, const char *text, lua_Integer place) {
    lua_pushstring(L, text);
    lua_rawseti(L, LUA_REGISTRYINDEX, place);
}

void clua_open_orders(lua_State *L) {
    clua_new_metatable(L, "order");
    lua_pushcfunction(L, index_order);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, pairs_of_order);
    lua_setfield(L, -2, "__pairs");
    lua_rawseti(L, LUA_REGISTRYINDEX, REGISTRY_ORDER_METATABLE);
    luaL_newlib(L, clua_order_methods);
    lua_rawseti(L, LUA_REGISTRYINDEX, REGISTRY_ORDER_METHODS);
    keep_text(L, "buy", REGISTRY_BUY);
    keep_text(L, "sell", REGISTRY_SELL);
    for (int state = 0; state <= CLUA_UNKNOWN; state++) keep_text(L, states[state], REGISTRY_STATES + state);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_known_key);
}
