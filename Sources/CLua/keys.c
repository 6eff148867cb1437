// `pairs` and `next` in an order that is the same in every run: integers, floats, strings by bytes, booleans, objects by id.
// Lua's own order hangs on a seed made of addresses and the time of day.
#include "state.h"

enum { RANK_INTEGER, RANK_FLOAT, RANK_STRING, RANK_BOOLEAN, RANK_OBJECT };

typedef struct {
    int rank;
    uint32_t kind;  // of an object
    union {
        lua_Integer integer;
        lua_Number number;
        uint64_t id;
    };
    const char *bytes;  // of a string: the key itself keeps it alive
    size_t length;
    lua_Integer place;
} key;

static void read_key(lua_State *L, int index, key *out) {
    memset(out, 0, sizeof *out);
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            out->rank = RANK_INTEGER;
            out->integer = lua_tointeger(L, index);
        } else {
            out->rank = RANK_FLOAT;
            out->number = lua_tonumber(L, index);
        }
        return;
    case LUA_TSTRING:
        out->rank = RANK_STRING;
        out->bytes = lua_tolstring(L, index, &out->length);
        return;
    case LUA_TBOOLEAN:
        out->rank = RANK_BOOLEAN;
        out->integer = lua_toboolean(L, index);
        return;
    case LUA_TUSERDATA: {
        const object *o = lua_touserdata(L, index);
        out->rank = RANK_OBJECT;
        out->kind = o->kind;
        out->id = o->id;
        return;
    }
    default:
        luaL_error(L, "a %s is a key here, and has no place in an order: keep such a table as a list, or walk it by other keys",
                   luaL_typename(L, index));
    }
}

static int compare(const key *a, const key *b) {
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    switch (a->rank) {
    case RANK_FLOAT:
        return (a->number > b->number) - (a->number < b->number);
    case RANK_STRING: {
        size_t common = a->length < b->length ? a->length : b->length;
        int order = memcmp(a->bytes, b->bytes, common);
        return order ? order : (a->length > b->length) - (a->length < b->length);
    }
    case RANK_OBJECT:
        if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
        return (a->id > b->id) - (a->id < b->id);
    default:
        return (a->integer > b->integer) - (a->integer < b->integer);
    }
}

/// Puts `n` keys in order by merging, `spare` having room for as many. C's own `qsort` could not be left by an error.
static key *sort_keys(lua_State *L, key *keys, key *spare, lua_Integer n, size_t cost) {
    for (lua_Integer width = 1; width < n; width *= 2) {
        for (lua_Integer low = 0; low < n; low += 2 * width) {
            lua_Integer middle = low + width < n ? low + width : n, high = middle + width < n ? middle + width : n;
            lua_Integer left = low, right = middle;
            clua_charge(L, (size_t)(high - low) * cost);
            for (lua_Integer out = low; out < high; out++) {
                bool takes_left = right == high || (left < middle && compare(&keys[left], &keys[right]) <= 0);
                spare[out] = keys[takes_left ? left++ : right++];
            }
        }
        key *swap = keys;
        keys = spare;
        spare = swap;
    }
    return keys;
}

/// How many keys there are, and whether they are 1…n.
static lua_Integer count_keys(lua_State *L, int index, bool *is_array) {
    lua_Integer count = 0;
    lua_Unsigned length = lua_rawlen(L, index);
    *is_array = true;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        clua_charge(L, 1);
        count++;
        if (*is_array && (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 || (lua_Unsigned)lua_tointeger(L, -1) > length)) {
            *is_array = false;
        }
    }
    if ((lua_Unsigned)count != length) *is_array = false;
    return count;
}

lua_Integer clua_push_keys(lua_State *L, int index) {
    index = lua_absindex(L, index);
    bool is_array;
    lua_Integer count = count_keys(L, index, &is_array);
    if (count > INT32_MAX / 2 / (lua_Integer)sizeof(key)) luaL_error(L, "too many keys to put in order");
    key *keys = lua_newuserdatauv(L, (size_t)count * 2 * sizeof(key) + 1, 0);
    size_t bytes = 0;
    lua_createtable(L, (int)count, 0);  // as met
    lua_createtable(L, (int)count, 0);  // in order
    lua_Integer n = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        read_key(L, -1, &keys[n]);
        keys[n].place = n + 1;
        bytes += keys[n].length;
        n++;
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, n);
    }
    if (!is_array && n > 1) keys = sort_keys(L, keys, keys + count, n, 1 + bytes / (size_t)n / 16);
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, -2, is_array ? i + 1 : keys[i].place);
        lua_rawseti(L, -2, i + 1);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
    return n;
}

// Upvalues: the table, its keys, the place of the last key visited.
static int step(lua_State *L) {
    lua_Integer place = lua_tointeger(L, lua_upvalueindex(3));
    for (;;) {
        place++;
        clua_charge(L, 1);
        if (lua_rawgeti(L, lua_upvalueindex(2), place) == LUA_TNIL) break;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {  // one removed on the way is passed over
            lua_pushinteger(L, place);
            lua_replace(L, lua_upvalueindex(3));
            return 2;
        }
        lua_pop(L, 2);
    }
    lua_pushinteger(L, place - 1);
    lua_replace(L, lua_upvalueindex(3));
    lua_pushnil(L);
    return 1;
}

// A plain array needs no list of keys. Upvalues: the table, the place, the length.
static int step_array(lua_State *L) {
    lua_Integer place = lua_tointeger(L, lua_upvalueindex(2));
    lua_Integer length = lua_tointeger(L, lua_upvalueindex(3));
    while (place < length) {
        place++;
        clua_charge(L, 1);
        lua_pushinteger(L, place);
        lua_pushvalue(L, -1);
        lua_replace(L, lua_upvalueindex(2));
        if (lua_rawgeti(L, lua_upvalueindex(1), place) != LUA_TNIL) return 2;
        lua_pop(L, 2);
    }
    lua_pushnil(L);
    return 1;
}

int clua_pairs(lua_State *L) {
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    bool is_array;
    lua_Integer count = count_keys(L, 1, &is_array);
    lua_pushvalue(L, 1);
    if (is_array) {
        lua_pushinteger(L, 0);
        lua_pushinteger(L, count);
        lua_pushcclosure(L, step_array, 3);
    } else {
        clua_push_keys(L, 1);
        lua_pushinteger(L, 0);
        lua_pushcclosure(L, step, 3);
    }
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static const char walk_key;

/// Begins a walk with `next`: the table and its keys are kept until another walk begins.
static int begin_walk(lua_State *L) {
    lua_Integer n = clua_push_keys(L, 1);
    if (n == 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, 1);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, 2);
    lua_pushinteger(L, 1);
    lua_rawseti(L, -2, 3);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &walk_key);
    lua_rawgeti(L, -1, 1);
    lua_pushvalue(L, -1);
    lua_rawget(L, 1);
    return 2;
}

/// The key after the one at index 2 in the walk under way; false where that is another walk.
static bool continue_walk(lua_State *L, int *results) {
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &walk_key) != LUA_TTABLE) return false;
    lua_rawgeti(L, 3, 1);
    lua_rawgeti(L, 3, 2);
    lua_rawgeti(L, 3, 3);
    lua_Integer place = lua_tointeger(L, -1);
    lua_rawgeti(L, 5, place);
    if (!lua_rawequal(L, 4, 1) || !lua_rawequal(L, -1, 2)) return false;
    lua_settop(L, 5);
    while (lua_rawgeti(L, 5, ++place) != LUA_TNIL) {
        clua_charge(L, 1);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) {
            lua_pushinteger(L, place);
            lua_rawseti(L, 3, 3);
            *results = 2;
            return true;
        }
        lua_pop(L, 2);
    }
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &walk_key);
    *results = 1;
    return true;
}

/// The least key above the one at index 2; looks at them all.
static int next_above(lua_State *L) {
    key last, best = {0}, each;
    bool found = false;
    read_key(L, 2, &last);
    lua_settop(L, 2);
    lua_pushnil(L);  // 3: the best so far
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        clua_charge(L, 1);
        read_key(L, -1, &each);
        if (compare(&each, &last) > 0 && (!found || compare(&each, &best) < 0)) {
            found = true;
            best = each;
            lua_pushvalue(L, -1);
            lua_replace(L, 3);
        }
    }
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_settop(L, 3);
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}

int clua_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) return begin_walk(L);
    int results = 0;
    if (continue_walk(L, &results)) return results;
    return next_above(L);
}
