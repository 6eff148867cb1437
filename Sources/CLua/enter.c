// Into the script: one function a callback. The plain ones only push what needs no memory, outside any protection; those
// that make a table or a text run inside it.
#include "state.h"

enum { WITH_FUNCTION = 2 };  // where the callback is when a C function enters for it

static bool push_callback(clua_state *s, int callback) {
    if (!s->has[callback] || !s->bound) return false;
    lua_pushvalue(s->L, AT_CALLBACK + callback);
    return true;
}

static inline void push_instrument(lua_State *L, uint32_t instrument) {
    if (instrument == 0) lua_pushvalue(L, AT_FIRST_INSTRUMENT);
    else lua_rawgeti(L, AT_INSTRUMENTS, (lua_Integer)instrument + 1);
}

/// Calls `function(argument, callback)` under protection.
static int enter_with(clua_state *s, int64_t now, int callback, lua_CFunction function, const void *argument) {
    lua_pushcfunction(s->L, function);
    lua_pushlightuserdata(s->L, (void *)argument);
    if (!push_callback(s, callback)) lua_pushnil(s->L);
    return clua_enter(s, now, 2);
}

static inline bool may_enter(clua_state *s, int callback) { return s->has[callback] && s->bound; }

int clua_on_start(clua_state *s, int64_t now) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    s->loading = false;
    s->now = s->started = now;
    return push_callback(s, CLUA_ON_START) ? clua_enter(s, now, 0) : CLUA_OK;
}

int clua_on_quote(clua_state *s, int64_t now, uint32_t instrument) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    if (!push_callback(s, CLUA_ON_QUOTE)) return CLUA_OK;
    push_instrument(s->L, instrument);
    return clua_enter(s, now, 1);
}

int clua_on_book(clua_state *s, int64_t now, uint32_t instrument) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    if (!push_callback(s, CLUA_ON_BOOK)) return CLUA_OK;
    push_instrument(s->L, instrument);
    return clua_enter(s, now, 1);
}

int clua_on_trade(clua_state *s, int64_t now, uint32_t instrument, double price, double qty, int side, int64_t time) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    if (!push_callback(s, CLUA_ON_TRADE)) return CLUA_OK;
    lua_State *L = s->L;
    push_instrument(L, instrument);
    lua_pushnumber(L, price);
    lua_pushnumber(L, qty);
    if (side == 0) lua_pushnil(L); else lua_pushvalue(L, side > 0 ? AT_BUY : AT_SELL);
    lua_pushinteger(L, time);
    return clua_enter(s, now, 5);
}

int clua_on_bar(clua_state *s, int64_t now, uint32_t instrument, const clua_bar *values) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    if (!push_callback(s, CLUA_ON_BAR)) return CLUA_OK;
    push_instrument(s->L, instrument);
    lua_pushvalue(s->L, AT_BAR);
    clua_show_bar(s, values);
    int status = clua_enter_bar(s, now, 2);
    s->bar->valid = false;
    return status;
}

static int run_order(lua_State *L) {
    const clua_order *fields = lua_touserdata(L, 1);
    lua_settop(L, WITH_FUNCTION);
    clua_push_order(L, fields);
    lua_call(L, 1, 0);
    return 0;
}

int clua_on_order(clua_state *s, int64_t now, const clua_order *fields) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    return may_enter(s, CLUA_ON_ORDER) ? enter_with(s, now, CLUA_ON_ORDER, run_order, fields) : CLUA_OK;
}

typedef struct {
    const clua_order *order;
    const clua_fill *fill;
} filled;

static int run_fill(lua_State *L) {
    const filled *what = lua_touserdata(L, 1);
    const clua_fill *f = what->fill;
    lua_settop(L, WITH_FUNCTION);
    clua_push_order(L, what->order);
    lua_createtable(L, 0, 7);
    lua_pushnumber(L, f->price);
    lua_setfield(L, -2, "price");
    lua_pushnumber(L, f->qty);
    lua_setfield(L, -2, "qty");
    lua_pushnumber(L, f->fee);
    lua_setfield(L, -2, "fee");
    lua_pushstring(L, f->fee_currency);
    lua_setfield(L, -2, "fee_currency");
    lua_pushstring(L, f->maker ? "maker" : "taker");
    lua_setfield(L, -2, "liquidity");
    lua_pushinteger(L, f->time);
    lua_setfield(L, -2, "time");
    lua_pushfstring(L, "%I", (LUAI_UACINT)f->id);
    lua_setfield(L, -2, "id");
    lua_call(L, 2, 0);
    return 0;
}

int clua_on_fill(clua_state *s, int64_t now, const clua_order *order, const clua_fill *fill) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    filled what = {order, fill};
    return may_enter(s, CLUA_ON_FILL) ? enter_with(s, now, CLUA_ON_FILL, run_fill, &what) : CLUA_OK;
}

static int run_rfq(lua_State *L) {
    const clua_quote *fields = lua_touserdata(L, 1);
    lua_settop(L, WITH_FUNCTION);
    clua_push_quote(L, fields);
    lua_call(L, 1, 0);
    return 0;
}

int clua_on_rfq(clua_state *s, int64_t now, const clua_quote *fields) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    return may_enter(s, CLUA_ON_RFQ) ? enter_with(s, now, CLUA_ON_RFQ, run_rfq, fields) : CLUA_OK;
}

typedef struct {
    uint32_t request, instrument;
    const char *reason;
} unquoted;

static int run_rfq_refused(lua_State *L) {
    const unquoted *what = lua_touserdata(L, 1);
    lua_settop(L, WITH_FUNCTION);
    lua_pushfstring(L, "%d", (int)what->request);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
    lua_rawgeti(L, -1, (lua_Integer)what->instrument + 1);
    lua_remove(L, -2);
    lua_pushstring(L, what->reason);
    lua_call(L, 3, 0);
    return 0;
}

int clua_on_rfq_refused(clua_state *s, int64_t now, uint32_t request, uint32_t instrument, const char *reason) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    unquoted what = {request, instrument, reason};
    return may_enter(s, CLUA_ON_RFQ_REFUSED) ? enter_with(s, now, CLUA_ON_RFQ_REFUSED, run_rfq_refused, &what) : CLUA_OK;
}

typedef struct {
    int64_t instrument;
    const char *venue, *status;
} changed;

static int run_status(lua_State *L) {
    const changed *what = lua_touserdata(L, 1);
    lua_settop(L, WITH_FUNCTION);
    if (what->instrument < 0) {
        lua_pushstring(L, what->venue);
    } else {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
        lua_rawgeti(L, -1, what->instrument + 1);
        lua_remove(L, -2);
    }
    lua_pushstring(L, what->status);
    lua_call(L, 2, 0);
    return 0;
}

int clua_on_status(clua_state *s, int64_t now, int64_t instrument, const char *venue, const char *status) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    changed what = {instrument, venue, status};
    return may_enter(s, CLUA_ON_STATUS) ? enter_with(s, now, CLUA_ON_STATUS, run_status, &what) : CLUA_OK;
}

static int run_reconcile(lua_State *L) {
    const clua_reconciled *what = lua_touserdata(L, 1);
    lua_settop(L, WITH_FUNCTION);
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, what->adopted);
    lua_setfield(L, -2, "adopted");
    lua_pushinteger(L, what->cancelled);
    lua_setfield(L, -2, "cancelled");
    lua_pushinteger(L, what->fills);
    lua_setfield(L, -2, "fills");
    lua_pushnumber(L, what->position_change);
    lua_setfield(L, -2, "position_change");
    lua_call(L, 1, 0);
    return 0;
}

int clua_on_reconcile(clua_state *s, int64_t now, clua_reconciled what) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    return may_enter(s, CLUA_ON_RECONCILE) ? enter_with(s, now, CLUA_ON_RECONCILE, run_reconcile, &what) : CLUA_OK;
}

static int run_stop(lua_State *L) {
    const clua_text *reason = lua_touserdata(L, 1);
    lua_settop(L, WITH_FUNCTION);
    lua_pushlstring(L, reason->bytes, reason->count);
    lua_call(L, 1, 0);
    return 0;
}

int clua_on_stop(clua_state *s, int64_t now, clua_text reason) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    s->stopping = true;
    return may_enter(s, CLUA_ON_STOP) ? enter_with(s, now, CLUA_ON_STOP, run_stop, &reason) : CLUA_OK;
}

int clua_on_timer(clua_state *s, int64_t now, uint64_t number) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    lua_State *L = s->L;
    if (!s->bound) return CLUA_OK;
    if (lua_rawgeti(L, AT_TIMERS, (lua_Integer)number) == LUA_TFUNCTION) return clua_enter(s, now, 0);
    lua_pop(L, 1);
    if (lua_rawgeti(L, AT_TIMERS, -(lua_Integer)number) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return CLUA_OK;
    }
    lua_pushnil(L);
    lua_rawseti(L, AT_TIMERS, -(lua_Integer)number);
    s->live_timers--;
    return clua_enter(s, now, 0);
}

static int run_save(lua_State *L) {
    lua_call(L, 0, 1);
    lua_replace(L, 1);
    lua_settop(L, 1);
    return clua_encode(L);
}

int clua_on_save(clua_state *s, int64_t now, clua_text *out) {
    *out = (clua_text){"", 0};
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    if (!may_enter(s, CLUA_ON_SAVE)) return CLUA_OK;
    int status = enter_with(s, now, CLUA_ON_SAVE, run_save, NULL);
    if (status == CLUA_OK) *out = (clua_text){s->saved_count ? s->saved : "", s->saved_count};
    return status;
}

static int run_load(lua_State *L) {
    lua_pushcfunction(L, clua_decode);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    lua_call(L, 1, 0);
    return 0;
}

int clua_on_load(clua_state *s, int64_t now, clua_text saved) {
    if (s->fatal) return clua_refused(s), CLUA_POISONED;
    s->loading = false;
    return may_enter(s, CLUA_ON_LOAD) ? enter_with(s, now, CLUA_ON_LOAD, run_load, &saved) : CLUA_OK;
}
