// Instruments, and `market`. A read takes from a snapshot in the userdata, refreshed by the host at most once a callback.
#include "state.h"
#include <stdio.h>

static instrument *self(lua_State *L) { return clua_check(L, 1, KIND_INSTRUMENT); }

static const clua_top *top_of(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    if (i->top_epoch != s->epoch) {
        s->host.top(s->host.context, (uint32_t)i->head.id, &i->top);
        i->top_epoch = s->epoch;
    }
    return &i->top;
}

static const clua_holding *holding_of(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    if (i->holding_epoch != s->epoch) {
        s->host.holding(s->host.context, (uint32_t)i->head.id, &i->holding);
        i->holding_epoch = s->epoch;
    }
    return &i->holding;
}

static int push_level(lua_State *L, bool exists, double price, double qty) {
    if (!exists) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushnumber(L, price);
    lua_pushnumber(L, qty);
    return 2;
}

static int bid(lua_State *L) {
    const clua_top *top = top_of(L);
    return push_level(L, top->has_bid, top->bid, top->bid_qty);
}

static int ask(lua_State *L) {
    const clua_top *top = top_of(L);
    return push_level(L, top->has_ask, top->ask, top->ask_qty);
}

static int push_where(lua_State *L, bool there, double value) {
    if (there) lua_pushnumber(L, value); else lua_pushnil(L);
    return 1;
}

static int mid(lua_State *L) {
    const clua_top *top = top_of(L);
    return push_where(L, top->has_bid && top->has_ask, top->mid);
}

static int spread(lua_State *L) {
    const clua_top *top = top_of(L);
    return push_where(L, top->has_bid && top->has_ask, top->spread);
}

static int microprice(lua_State *L) {
    const clua_top *top = top_of(L);
    double sum = top->bid_qty + top->ask_qty;
    bool there = top->has_bid && top->has_ask && sum > 0;
    return push_where(L, there, there ? (top->bid * top->ask_qty + top->ask * top->bid_qty) / sum : 0);
}

static int book_side(lua_State *L, int index) {
    static const char *const names[] = {"buy", "sell", "bid", "ask", NULL};
    return luaL_checkoption(L, index, NULL, names) & 1;
}

static int level(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    int side = book_side(L, 2);
    lua_Integer n = luaL_checkinteger(L, 3);
    clua_level one;
    bool there = n >= 1 && n <= CLUA_DEPTH_CAP
        && s->host.levels(s->host.context, (uint32_t)i->head.id, side, (size_t)n - 1, 1, &one) == 1;
    return push_level(L, there, there ? one.price : 0, there ? one.qty : 0);
}

static int depth(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    int side = book_side(L, 2);
    lua_Integer n = luaL_checkinteger(L, 3);
    luaL_argcheck(L, n >= 0 && n <= CLUA_DEPTH_CAP, 3, "0 to 10000 levels");
    clua_level some[64];
    lua_createtable(L, (int)n, 0);
    for (size_t from = 0; from < (size_t)n;) {
        size_t wanted = (size_t)n - from < 64 ? (size_t)n - from : 64;
        size_t got = s->host.levels(s->host.context, (uint32_t)i->head.id, side, from, wanted, some);
        for (size_t k = 0; k < got; k++) {
            lua_createtable(L, 2, 2);
            lua_pushnumber(L, some[k].price);
            lua_pushvalue(L, -1);
            lua_rawseti(L, -3, 1);
            lua_setfield(L, -2, "price");
            lua_pushnumber(L, some[k].qty);
            lua_pushvalue(L, -1);
            lua_rawseti(L, -3, 2);
            lua_setfield(L, -2, "qty");
            lua_rawseti(L, -2, (lua_Integer)(from + k) + 1);
        }
        clua_charge(L, got * 8);
        from += got;
        if (got < wanted) break;
    }
    return 1;
}

static int imbalance(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    lua_Integer n = luaL_optinteger(L, 2, 1);
    luaL_argcheck(L, n >= 1 && n <= CLUA_DEPTH_CAP, 2, "1 to 10000 levels");
    double value = 0;
    bool there = s->host.imbalance(s->host.context, (uint32_t)i->head.id, (size_t)n, &value);
    return push_where(L, there, value);
}

static int last(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    if (i->last_epoch != s->epoch) {
        s->host.last(s->host.context, (uint32_t)i->head.id, &i->last);
        i->last_epoch = s->epoch;
    }
    if (!i->last.exists) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushnumber(L, i->last.price);
    lua_pushnumber(L, i->last.qty);
    if (i->last.side == 0) lua_pushnil(L); else lua_pushstring(L, i->last.side > 0 ? "buy" : "sell");
    lua_pushinteger(L, i->last.time);
    return 4;
}

static int event_time(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    lua_pushinteger(L, s->host.event_time(s->host.context, (uint32_t)i->head.id));
    return 1;
}

static int position(lua_State *L) {
    lua_pushnumber(L, holding_of(L)->position);
    return 1;
}

static const clua_holding *profit_of(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = state_of(L);
    holding_of(L);
    if (i->profit_epoch != s->epoch) {
        s->host.profit(s->host.context, (uint32_t)i->head.id, &i->holding);
        i->profit_epoch = s->epoch;
    }
    return &i->holding;
}

static int average_price(lua_State *L) {
    const clua_holding *holding = profit_of(L);
    return push_where(L, holding->has_average, holding->average);
}

static int profit(lua_State *L) {
    const clua_holding *holding = profit_of(L);
    lua_pushnumber(L, holding->realised);
    lua_pushnumber(L, holding->unrealised);
    return 2;
}

static int round_to_grid(lua_State *L, bool quantity) {
    static const char *const modes[] = {"down", "up", "nearest", NULL};
    instrument *i = self(L);
    clua_state *s = state_of(L);
    double value, out;
    int named = lua_type(L, 3) == LUA_TSTRING ? clua_find_key(L, 3, KEY_DOWN, KEY_NEAREST) : -1;
    int mode = named >= 0 ? named - KEY_DOWN : luaL_checkoption(L, 3, quantity ? "down" : "nearest", modes);
    if (!clua_plain_number(L, 2, &value) || !s->host.round(s->host.context, (uint32_t)i->head.id, quantity, value, mode, &out)) {
        clua_push_text(L, 2, NULL);
        return clua_refuse(L, quantity ? "bad_qty" : "bad_price", "%s cannot be rounded to a %s of %s", lua_tostring(L, -1),
                           quantity ? "lot" : "tick", i->facts.symbol);
    }
    lua_pushnumber(L, out);
    return 1;
}

static int round_price(lua_State *L) { return round_to_grid(L, false); }
static int round_quantity(lua_State *L) { return round_to_grid(L, true); }

/// The text's place in the list of intervals, so that `bar.interval` is the text subscribed to.
static uint32_t interval_place(lua_State *L, int index) {
    clua_state *s = state_of(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_intervals_key);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    lua_Integer place = lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (place == 0) {
        if (s->interval_count >= 1000) luaL_error(L, "more than 1000 different intervals of bars");
        place = ++s->interval_count;
        lua_pushvalue(L, index);
        lua_rawseti(L, -2, place);
        lua_pushvalue(L, index);
        lua_pushinteger(L, place);
        lua_rawset(L, -3);
    }
    lua_pop(L, 1);
    return (uint32_t)place - 1;
}

static int set_subscription(lua_State *L, bool on) {
    static const char *const feeds[] = {"quotes", "book", "trades", "bars", NULL};
    instrument *i = self(L);
    clua_state *s = clua_desk(L, on ? "inst:subscribe" : "inst:unsubscribe");
    int feed = luaL_checkoption(L, 2, NULL, feeds);
    int64_t interval = 0;
    uint32_t place = 0;
    clua_text text = {"", 0};
    if (feed == CLUA_BARS) {
        if (lua_type(L, 3) != LUA_TSTRING) {
            return luaL_argerror(L, 3, "bars need an interval above zero, such as \"15s\", \"1m\", \"4h\" or \"1d\"");
        }
        text = clua_text_at(L, 3);
        if (!clua_read_span(text, &interval) || interval <= 0) {
            lua_pushfstring(L, "bars need an interval above zero, such as \"15s\", \"1m\", \"4h\" or \"1d\", not \"%s\"", text.bytes);
            return luaL_argerror(L, 3, lua_tostring(L, -1));
        }
        place = interval_place(L, 3);
    }
    clua_refusal refusal = {0};
    if (!s->host.subscribe(s->host.context, (uint32_t)i->head.id, feed, interval, text, place, on, &refusal)) {
        return luaL_error(L, "%s", refusal.message);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int subscribe(lua_State *L) { return set_subscription(L, true); }
static int unsubscribe(lua_State *L) { return set_subscription(L, false); }
static int buy(lua_State *L) { return clua_place(L, 0); }
static int sell(lua_State *L) { return clua_place(L, 1); }

static int open_orders(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = clua_desk(L, "inst:open_orders");
    uint64_t numbers[64];
    size_t got = s->host.open_orders(s->host.context, (uint32_t)i->head.id, 0, 64, numbers);
    lua_createtable(L, (int)got, 0);
    lua_Integer count = 0;
    for (size_t from = 0;;) {
        for (size_t k = 0; k < got; k++) {
            clua_push_order_number(L, numbers[k]);
            lua_rawseti(L, -2, ++count);
        }
        clua_charge(L, got * 8);
        from += got;
        if (got < 64) return 1;
        got = s->host.open_orders(s->host.context, (uint32_t)i->head.id, from, 64, numbers);
    }
}

static int cancel_all(lua_State *L) {
    instrument *i = self(L);
    clua_state *s = clua_desk(L, "inst:cancel_all");
    lua_pushinteger(L, s->host.cancel_all(s->host.context, (uint32_t)i->head.id));
    s->epoch++;
    return 1;
}

const char *const clua_instrument_fields[] = {
    "symbol", "venue", "base", "quote", "tick", "lot", "min_qty", "min_notional", "maker_fee", "taker_fee", NULL,
};

const luaL_Reg clua_instrument_methods[] = {
    {"bid", bid}, {"ask", ask}, {"mid", mid}, {"spread", spread}, {"microprice", microprice}, {"level", level},
    {"depth", depth}, {"imbalance", imbalance}, {"last", last}, {"time", event_time}, {"round", round_price},
    {"round_qty", round_quantity}, {"subscribe", subscribe}, {"unsubscribe", unsubscribe}, {"position", position},
    {"avg_price", average_price}, {"pnl", profit}, {"buy", buy}, {"sell", sell}, {"open_orders", open_orders},
    {"cancel_all", cancel_all}, {"request_quote", clua_request_quote}, {NULL, NULL},
};

static const char *push_constant(lua_State *L, const char *name, const char *value) {
    const char *kept = lua_pushstring(L, value);  // the table keeps it alive, so its address is good
    lua_setfield(L, -2, name);
    return kept;
}

static void push_number(lua_State *L, const char *name, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

static int add_instrument(lua_State *L) {
    clua_state *s = state_of(L);
    const clua_instrument *facts = lua_touserdata(L, 1);
    instrument *i = lua_newuserdatauv(L, sizeof *i, 0);
    memset(i, 0, sizeof *i);
    i->head = (object){.kind = KIND_INSTRUMENT, .id = s->instrument_count};
    clua_new_metatable(L, "instrument");
    lua_createtable(L, 0, 34);  // methods and constants together: a constant is a look-up, not a call
    luaL_setfuncs(L, clua_instrument_methods, 0);
    i->facts = *facts;
    i->facts.symbol = push_constant(L, "symbol", facts->symbol);
    i->facts.venue = push_constant(L, "venue", facts->venue);
    i->facts.base = push_constant(L, "base", facts->base);
    i->facts.quote = push_constant(L, "quote", facts->quote);
    push_number(L, "tick", facts->tick);
    push_number(L, "lot", facts->lot);
    push_number(L, "min_qty", facts->min_qty);
    push_number(L, "min_notional", facts->min_notional);
    push_number(L, "maker_fee", facts->maker_fee);
    push_number(L, "taker_fee", facts->taker_fee);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
    lua_insert(L, -2);
    lua_rawseti(L, -2, (lua_Integer)s->instrument_count + 1);
    s->instrument_count++;
    return 0;
}

int clua_add_instrument(clua_state *s, const clua_instrument *facts) {
    return clua_refused(s) ? CLUA_POISONED : clua_protect(s, add_instrument, (void *)facts);
}

static int market_instrument(lua_State *L) {
    clua_state *s = state_of(L);
    bool named = !lua_isnoneornil(L, 1);
    clua_text symbol = {"", 0};
    if (named) {
        luaL_argexpected(L, lua_type(L, 1) == LUA_TSTRING, 1, "string");
        symbol = clua_text_at(L, 1);
    }
    if (symbol.count > CLUA_NAME_CAP) {
        lua_pushnil(L);
        lua_pushfstring(L, "no instrument has a name of %I bytes", (LUAI_UACINT)symbol.count);
        return 2;
    }
    clua_refusal refusal = {0};
    int64_t index = s->host.find_instrument(s->host.context, named, symbol, &refusal);
    if (index < 0) {
        lua_pushnil(L);
        lua_pushstring(L, refusal.message);
        return 2;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
    lua_rawgeti(L, -1, index + 1);
    return 1;
}

static int market_instruments(lua_State *L) {
    clua_state *s = state_of(L);
    lua_createtable(L, (int)s->instrument_count, 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
    for (lua_Integer i = 1; i <= (lua_Integer)s->instrument_count; i++) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -3, i);
    }
    lua_pop(L, 1);
    return 1;
}

void clua_open_instruments(lua_State *L) {
    static const luaL_Reg market[] = {{"instrument", market_instrument}, {"instruments", market_instruments}, {NULL, NULL}};
    luaL_newlib(L, market);
    lua_setglobal(L, "market");
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_intervals_key);
}
