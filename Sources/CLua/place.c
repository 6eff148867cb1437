// `inst:buy` and `inst:sell`: what a script may write, made into a request. Only its form is judged here.
#include "state.h"
#include <stdio.h>

static const char *const option_names[] = {"tif", "expire", "post_only", "reduce_only", "stop", "tag", "allow_duplicate"};
enum { OPTIONS = sizeof option_names / sizeof *option_names };
enum { TIF_GTC, TIF_IOC, TIF_FOK, TIF_GTD };

static void check_names(lua_State *L, int index) {
    const char *name = clua_unknown_key(L, index, option_names, OPTIONS);
    if (!name) return;
    luaL_error(L, "unknown option '%s' of an order (nearest: '%s'); there are tif, expire, post_only, reduce_only, stop, tag, allow_duplicate",
               name, clua_nearest(name, option_names, OPTIONS));
}

/// Nil, or what is wrong with it.
static const char *read_flag(lua_State *L, int index, const char *name, bool *out) {
    int type = lua_getfield(L, index, name);
    *out = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return type == LUA_TNIL || type == LUA_TBOOLEAN ? NULL : "is neither true nor false";
}

static const char *read_tif(lua_State *L, int index, uint8_t *out) {
    static const char *const names[] = {"GTC", "IOC", "FOK", "GTD"};
    int type = lua_getfield(L, index, "tif");
    const char *text = type == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool known = type == LUA_TNIL;
    *out = TIF_GTC;
    for (uint8_t i = 0; i < 4 && !known; i++) {
        known = strcmp(text, names[i]) == 0;
        if (known) *out = i;
    }
    lua_pop(L, 1);
    return known ? NULL : "is none of GTC, IOC, FOK, GTD";
}

static const char *read_expire(lua_State *L, int index, bool *there, int64_t *out) {
    int whole = 1, type = lua_getfield(L, index, "expire");
    *there = type != LUA_TNIL;
    if (*there) *out = type == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : 0;
    lua_pop(L, 1);
    return !*there || (whole && *out > 0) ? NULL : "is no time in ns";
}

static const char *read_stop(lua_State *L, int index, bool *there, double *out) {
    *there = lua_getfield(L, index, "stop") != LUA_TNIL;
    bool good = !*there || clua_plain_number(L, -1, out);
    lua_pop(L, 1);
    return good ? NULL : "is not a number";
}

/// The value on top of the stack, which it takes off.
static const char *take_tag(lua_State *L, int type, char *out) {
    const char *wrong = type == LUA_TNIL || type == LUA_TSTRING ? NULL : "is not a text";
    if (type == LUA_TSTRING) {
        clua_text text = clua_text_at(L, -1);
        if (text.count > CLUA_TAG_CAP) wrong = "is longer than 32 bytes";
        for (size_t i = 0; i < text.count && !wrong; i++) {
            if ((unsigned char)text.bytes[i] < 0x20 || text.bytes[i] == 0x7F) wrong = "holds a control character";
        }
        if (!wrong) memcpy(out, text.bytes, text.count + 1);
    }
    lua_pop(L, 1);
    return wrong;
}

const char *clua_read_tag(lua_State *L, int index, char *out) { return take_tag(L, lua_getfield(L, index, "tag"), out); }

/// The options of nearly every order, flags and a tag, in one walk over their table; false where there is anything else, a
/// metatable or a mistake: then nothing is settled yet.
static bool read_plainly(lua_State *L, int index, clua_request *r) {
    if (lua_getmetatable(L, index)) {
        lua_pop(L, 1);
        return false;
    }
    const void *const *keys = state_of(L)->key;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const void *key = lua_topointer(L, -2);
        int type = lua_type(L, -1);
        bool *flag = key == keys[KEY_POST_ONLY] ? &r->post_only : key == keys[KEY_REDUCE_ONLY] ? &r->reduce_only
            : key == keys[KEY_ALLOW_DUPLICATE] ? &r->allow_duplicate : NULL;
        if (flag && type == LUA_TBOOLEAN) {
            *flag = lua_toboolean(L, -1);
            lua_pop(L, 1);
        } else if (key != keys[KEY_TAG] || type != LUA_TSTRING || take_tag(L, type, r->tag)) {
            lua_settop(L, index);
            return false;
        }
    }
    return true;
}

static const char *check_together(const clua_request *r) {
    if (r->tif == TIF_GTD && !r->has_expire) return "GTD needs expire";
    if (r->tif != TIF_GTD && r->has_expire) return "expire needs tif = \"GTD\"";
    if (r->post_only && (!r->has_price || r->has_stop)) return "post_only needs a limit price and no stop";
    if (r->post_only && (r->tif == TIF_IOC || r->tif == TIF_FOK)) return "post_only contradicts IOC and FOK";
    return NULL;
}

/// Answers 0, or how many results were pushed because the options are bad.
static int read_options(lua_State *L, int index, clua_request *r) {
    if (lua_isnoneornil(L, index)) return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    const char *wrong, *name = NULL;
    if (read_plainly(L, index, r)) {
        wrong = check_together(r);
        return wrong ? clua_refuse(L, "bad_options", "%s", wrong) : 0;
    }
    check_names(L, index);
    if ((wrong = read_tif(L, index, &r->tif))) name = "tif";
    else if ((wrong = read_expire(L, index, &r->has_expire, &r->expire))) name = "expire";
    else if ((wrong = read_flag(L, index, "post_only", &r->post_only))) name = "post_only";
    else if ((wrong = read_flag(L, index, "reduce_only", &r->reduce_only))) name = "reduce_only";
    else if ((wrong = read_flag(L, index, "allow_duplicate", &r->allow_duplicate))) name = "allow_duplicate";
    else if ((wrong = read_stop(L, index, &r->has_stop, &r->stop))) return clua_refuse(L, "bad_price", "the stop price %s", wrong);
    else if ((wrong = clua_read_tag(L, index, r->tag))) name = "tag";
    else if (!(wrong = check_together(r))) return 0;
    return name ? clua_refuse(L, "bad_options", "option %s %s", name, wrong) : clua_refuse(L, "bad_options", "%s", wrong);
}

static int not_a_number(lua_State *L, int index, const char *code, const char *what) {
    if (lua_isnoneornil(L, index)) return clua_refuse(L, code, "the %s is missing; it is a number", what);
    if (lua_type(L, index) == LUA_TNUMBER) return clua_refuse(L, code, "the %s is too large to be accounted for", what);
    if (index == 3 && lua_istable(L, index)) {
        return clua_refuse(L, code, "the price is a table; options come after the price: inst:buy(qty, nil, { ... }) for a market order");
    }
    return clua_refuse(L, code, "the %s is a %s; it is a number", what, luaL_typename(L, index));
}

int clua_place(lua_State *L, int side) {
    const object *i = clua_check(L, 1, KIND_INSTRUMENT);
    clua_state *s = clua_desk(L, side ? "inst:sell" : "inst:buy");
    clua_request request = {.instrument = (uint32_t)i->id, .side = (uint8_t)side};
    if (!clua_plain_number(L, 2, &request.qty)) {
        return not_a_number(L, 2, "bad_qty", "quantity");
    }
    request.has_price = !lua_isnoneornil(L, 3);
    if (request.has_price && !clua_plain_number(L, 3, &request.price)) {
        return not_a_number(L, 3, "bad_price", "price");
    }
    int refused = read_options(L, 4, &request);
    if (refused) return refused;
    if (s->created_orders >= CLUA_ORDERS_PER_CALL) {
        return clua_refuse(L, "too_many", "one callback may place at most %d orders", CLUA_ORDERS_PER_CALL);
    }
    uint64_t number = 0;
    clua_refusal refusal;
    if (!s->host.submit(s->host.context, &request, &number, &refusal)) return clua_push_refusal(L, &refusal);
    s->created_order[s->created_orders++] = number;
    clua_push_order_number(L, number);
    return 1;
}
