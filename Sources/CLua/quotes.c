// Quotes on request: `inst:request_quote`, the quote that `on_rfq` gets, and `quote:accept`.
#include "state.h"

static const char methods_key, metatable_key;

typedef struct {
    object head;
    clua_quote now;
} quote;

static const char *read_side(lua_State *L, int *out) {
    int type = lua_getfield(L, 2, "side");
    const char *text = type == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool buys = strcmp(text, "buy") == 0, sells = strcmp(text, "sell") == 0;
    *out = sells;
    lua_pop(L, 1);
    return buys || sells ? NULL : type == LUA_TNIL ? "is missing; it is \"buy\" or \"sell\"" : "is neither \"buy\" nor \"sell\"";
}

int clua_request_quote(lua_State *L) {
    static const char *const names[] = {"side", "qty"};
    const object *i = clua_check(L, 1, KIND_INSTRUMENT);
    clua_state *s = clua_desk(L, "inst:request_quote");
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *unknown = clua_unknown_key(L, 2, names, 2);
    if (unknown) return luaL_error(L, "inst:request_quote takes side and qty; it knows no '%s'", unknown);
    int side = 0;
    const char *wrong = read_side(L, &side);
    if (wrong) return clua_refuse(L, "bad_options", "the side of a request %s", wrong);
    double qty = 0;
    int type = lua_getfield(L, 2, "qty");
    bool good = clua_plain_number(L, -1, &qty);
    lua_pop(L, 1);
    if (!good) return clua_refuse(L, "bad_qty", "the quantity of a request %s", type == LUA_TNIL ? "is missing; it is a number" : "is not a number");
    uint32_t number = 0;
    clua_refusal refusal = {0};
    if (!s->host.request_quote(s->host.context, (uint32_t)i->id, side, qty, &number, &refusal)) return clua_push_refusal(L, &refusal);
    lua_pushfstring(L, "%d", (int)number);
    return 1;
}

static quote *self(lua_State *L) { return clua_check(L, 1, KIND_QUOTE); }

static int index_quote(lua_State *L) {
    const clua_quote *q = &self(L)->now;
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    if (strcmp(name, "price") == 0) lua_pushnumber(L, q->price);
    else if (strcmp(name, "qty") == 0) lua_pushnumber(L, q->qty);
    else if (strcmp(name, "side") == 0) lua_pushstring(L, q->side ? "sell" : "buy");
    else if (strcmp(name, "expires") == 0) lua_pushinteger(L, q->expires);
    else if (strcmp(name, "request") == 0) lua_pushfstring(L, "%d", (int)q->request);
    else if (strcmp(name, "id") == 0) lua_pushfstring(L, "%d-%d", (int)q->request, (int)q->answer);
    else if (strcmp(name, "inst") == 0) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &clua_instruments_key);
        lua_rawgeti(L, -1, (lua_Integer)q->instrument + 1);
    } else {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &methods_key);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
    }
    return 1;
}

const char *const clua_quote_fields[] = {"id", "request", "inst", "side", "price", "qty", "expires", NULL};

static int pairs_of_quote(lua_State *L) {
    clua_check(L, 1, KIND_QUOTE);
    return clua_pairs_of(L, clua_quote_fields);
}

static int accept_quote(lua_State *L) {
    static const char *const names[] = {"tag"};
    quote *q = self(L);
    clua_state *s = clua_desk(L, "quote:accept");
    char tag[CLUA_TAG_CAP + 1] = "";
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        const char *unknown = clua_unknown_key(L, 2, names, 1);
        if (unknown) return luaL_error(L, "quote:accept takes tag; it knows no '%s'", unknown);
        const char *wrong = clua_read_tag(L, 2, tag);
        if (wrong) return clua_refuse(L, "bad_options", "option tag %s", wrong);
    }
    if (s->created_orders >= CLUA_ORDERS_PER_CALL) {
        return clua_refuse(L, "too_many", "one callback may place at most %d orders", CLUA_ORDERS_PER_CALL);
    }
    clua_order made = {0};
    clua_refusal refusal = {0};
    if (!s->host.accept_quote(s->host.context, &q->now, tag, &made, &refusal)) return clua_push_refusal(L, &refusal);
    s->created_order[s->created_orders++] = made.number;
    clua_push_order(L, &made);
    return 1;
}

void clua_push_quote(lua_State *L, const clua_quote *fields) {
    quote *made = lua_newuserdatauv(L, sizeof *made, 0);
    made->head = (object){.kind = KIND_QUOTE, .id = (uint64_t)fields->request << 4 | fields->answer};
    made->now = *fields;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
    lua_setmetatable(L, -2);
}

const luaL_Reg clua_quote_methods[] = {{"accept", accept_quote}, {NULL, NULL}};

void clua_open_quotes(lua_State *L) {
    luaL_newlib(L, clua_quote_methods);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &methods_key);
    clua_new_metatable(L, "quote");
    lua_pushcfunction(L, index_quote);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, pairs_of_quote);
    lua_setfield(L, -2, "__pairs");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}
