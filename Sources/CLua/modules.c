// Timers, `account`, `log`, `plot`, `stop` and `params`.
#include "state.h"
#include <stdio.h>

// MARK: timers

static const char timer_metatable_key;

static int64_t span_at(lua_State *L, int index, bool above_zero) {
    int64_t span = 0;
    bool good = lua_type(L, index) == LUA_TSTRING && clua_read_span(clua_text_at(L, index), &span) && (span > 0 || !above_zero);
    if (!good) {
        clua_push_text(L, index, NULL);
        lua_pushfstring(L, "a length of time%s such as \"250us\", \"100ms\", \"10s\", \"5m\", \"2h\", \"1d\" expected, got %s",
                        above_zero ? " above zero" : "", lua_tostring(L, -1));
        luaL_argerror(L, index, lua_tostring(L, -1));
    }
    return span;
}

static int add_timer(lua_State *L, clua_state *s, int64_t at, int64_t every) {
    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (s->created_timers >= CLUA_TIMERS_PER_CALL) return luaL_error(L, "one callback may set at most %d timers", CLUA_TIMERS_PER_CALL);
    if (s->live_timers >= CLUA_TIMERS) return luaL_error(L, "more than %d timers are set", CLUA_TIMERS);
    uint64_t number = 0;
    clua_refusal refusal = {0};
    if (!s->host.set_timer(s->host.context, at, every, &number, &refusal)) return luaL_error(L, "%s", refusal.message);
    s->created_timers++;
    s->live_timers++;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_timers_key);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, every > 0 ? (lua_Integer)number : -(lua_Integer)number);  // one that fires once stands below zero
    object *timer = lua_newuserdatauv(L, sizeof *timer, 0);
    *timer = (object){.kind = KIND_TIMER, .id = number};
    lua_rawgetp(L, LUA_REGISTRYINDEX, &timer_metatable_key);
    lua_setmetatable(L, -2);
    return 1;
}

static int64_t later(clua_state *s, int64_t span) {
    int64_t at;
    return __builtin_add_overflow(s->now, span, &at) ? INT64_MAX : at;
}

static int clock_every(lua_State *L) {
    clua_state *s = clua_desk(L, "clock.every");
    int64_t span = span_at(L, 1, true);
    return add_timer(L, s, later(s, span), span);
}

static int clock_after(lua_State *L) {
    clua_state *s = clua_desk(L, "clock.after");
    return add_timer(L, s, later(s, span_at(L, 1, false)), 0);
}

static int clock_at(lua_State *L) {
    clua_state *s = clua_desk(L, "clock.at");
    return add_timer(L, s, luaL_checkinteger(L, 1), 0);
}

static int cancel_timer(lua_State *L) {
    const object *timer = clua_check(L, 1, KIND_TIMER);
    clua_state *s = state_of(L);
    lua_settop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_timers_key);
    lua_Integer place = (lua_Integer)timer->id;
    if (lua_rawgeti(L, 2, place) != LUA_TFUNCTION) place = -place;
    bool live = lua_rawgeti(L, 2, place) == LUA_TFUNCTION;
    if (live) {
        lua_pushnil(L);
        lua_rawseti(L, 2, place);
        s->live_timers--;
        s->host.cancel_timer(s->host.context, timer->id);
    }
    lua_pushboolean(L, live);
    return 1;
}

const luaL_Reg clua_timer_methods[] = {{"cancel", cancel_timer}, {NULL, NULL}};

static void open_timers(lua_State *L) {
    static const luaL_Reg functions[] = {{"every", clock_every}, {"after", clock_after}, {"at", clock_at}, {NULL, NULL}};
    lua_getglobal(L, "clock");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    clua_new_metatable(L, "timer");
    luaL_newlib(L, clua_timer_methods);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &timer_metatable_key);
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_timers_key);
}

// MARK: account

static int account_balance(lua_State *L) {
    clua_state *s = clua_desk(L, "account.balance");
    luaL_argexpected(L, lua_type(L, 1) == LUA_TSTRING, 1, "string");
    clua_text venue = {"", 0};
    if (!lua_isnoneornil(L, 2)) {
        luaL_argexpected(L, lua_type(L, 2) == LUA_TSTRING, 2, "string");
        venue = clua_text_at(L, 2);
    }
    luaL_argcheck(L, lua_rawlen(L, 1) <= CLUA_NAME_CAP, 1, "a currency has a shorter name");
    luaL_argcheck(L, venue.count <= CLUA_NAME_CAP, 2, "a venue has a shorter name");
    double total = 0, available = 0;
    s->host.balance(s->host.context, clua_text_at(L, 1), venue, &total, &available);
    lua_pushnumber(L, total);
    lua_pushnumber(L, available);
    return 2;
}

static int account_equity(lua_State *L) {
    clua_state *s = clua_desk(L, "account.equity");
    lua_pushnumber(L, s->host.equity(s->host.context));
    return 1;
}

static int account_drawdown(lua_State *L) {
    clua_state *s = clua_desk(L, "account.drawdown");
    lua_pushnumber(L, s->host.drawdown(s->host.context));
    return 1;
}

// MARK: log, plot, stop

static int write_log(lua_State *L) {
    clua_state *s = state_of(L);
    int severity = (int)lua_tointeger(L, lua_upvalueindex(1));
    luaL_checkany(L, 1);
    if (lua_istable(L, 1) && lua_getglobal(L, "log") == LUA_TTABLE && lua_rawequal(L, 1, -1)) {
        return luaL_error(L, "the functions of log are called with a dot: log.info(...), not log:info(...)");
    }
    if (lua_type(L, 1) == LUA_TSTRING) {
        clua_format(L);
    } else {  // a value by itself: what print would show
        clua_push_text(L, 1, NULL);
    }
    clua_text text = clua_text_at(L, -1);
    if (text.count > CLUA_LOG_CAP) text.count = CLUA_LOG_CAP;
    if (clua_admit_note(s, text.count)) s->host.log(s->host.context, severity, text);
    return 0;
}

static int plot(lua_State *L) {
    clua_state *s = clua_desk(L, "plot");
    luaL_argexpected(L, lua_type(L, 1) == LUA_TSTRING, 1, "string");
    luaL_argexpected(L, lua_type(L, 2) == LUA_TNUMBER, 2, "number");
    clua_text series = clua_text_at(L, 1);
    if (series.count > CLUA_SERIES_CAP) return luaL_argerror(L, 1, "the name of a series has at most 128 bytes");
    if (clua_admit_note(s, series.count)) s->host.plot(s->host.context, series, lua_tonumber(L, 2));
    return 0;
}

static int stop(lua_State *L) {
    clua_state *s = clua_desk(L, "stop");
    if (lua_isnoneornil(L, 1)) {
        s->host.stop(s->host.context, (clua_text){"the strategy asked to stop", 26});
    } else {
        clua_push_text(L, 1, NULL);
        clua_text reason = clua_text_at(L, -1);
        if (reason.count > CLUA_LOG_CAP) reason.count = CLUA_LOG_CAP;
        s->host.stop(s->host.context, reason);
    }
    return 0;
}

// MARK: params

static int params_not_bound(lua_State *L) {
    return luaL_error(L, "params.%s is read before the parameters are bound: they are once the file has returned its table; "
                         "read them in on_start", lua_isstring(L, 2) ? lua_tostring(L, 2) : "?");
}

static int params_pairs(lua_State *L) {
    lua_getmetatable(L, 1);
    if (lua_getfield(L, -1, "__index") != LUA_TTABLE) return params_not_bound(L);
    lua_newtable(L);  // a copy: the parameters themselves are read-only
    lua_pushnil(L);
    while (lua_next(L, -3)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_replace(L, 1);
    lua_settop(L, 1);
    return clua_pairs(L);
}

static void open_params(lua_State *L) {
    object *params = lua_newuserdatauv(L, sizeof *params, 0);
    *params = (object){.kind = KIND_PARAMS};
    clua_new_metatable(L, "params");
    lua_pushcfunction(L, params_not_bound);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, params_pairs);
    lua_setfield(L, -2, "__pairs");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &clua_params_key);
    lua_setmetatable(L, -2);
    lua_setglobal(L, "params");
}

void clua_open_modules(lua_State *L) {
    static const luaL_Reg account[] = {
        {"balance", account_balance}, {"equity", account_equity}, {"drawdown", account_drawdown}, {NULL, NULL},
    };
    static const struct { const char *name; int severity; } levels[] = {
        {"debug", CLUA_DEBUG}, {"info", CLUA_INFO}, {"warn", CLUA_WARN}, {"error", CLUA_ERROR},
    };
    open_timers(L);
    open_params(L);
    luaL_newlib(L, account);
    lua_setglobal(L, "account");
    lua_createtable(L, 0, 4);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        lua_pushinteger(L, levels[i].severity);
        lua_pushcclosure(L, write_log, 1);
        lua_setfield(L, -2, levels[i].name);
    }
    lua_setglobal(L, "log");
    lua_pushcfunction(L, plot);
    lua_setglobal(L, "plot");
    lua_pushcfunction(L, stop);
    lua_setglobal(L, "stop");
}
