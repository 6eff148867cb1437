// `table.sort`: the standard one draws a pivot from the clock for some large arrays, so that equal elements may come out
// otherwise in the next run. This one merges: stable, and at most n·log2(n) comparisons whatever the comparison says. Lists of
// numbers and lists of texts without a comparison of their own are sorted beside Lua, where nothing can change them meanwhile.
#include "tables.h"

/// Below this many a run is sorted by insertion: it saves two levels of merging.
enum { RUN = 4 };
/// Numbers that are sorted on C's stack.
enum { NEAR = 16 };

/// The most elements that are sorted beside Lua, which takes more memory.
enum { FEW_ENOUGH = 1 << 16 };

typedef struct {
    union {
        lua_Integer integer;
        lua_Number number;
        const char *text;
    };
    uint32_t length;  // of a text
    uint32_t place;   // where it stood
} element;

static bool by_integer(const element *a, const element *b) { return a->integer < b->integer; }
static bool by_number(const element *a, const element *b) { return a->number < b->number; }
/// The order of the C locale, that of bytes.
static bool by_text(const element *a, const element *b) {
    uint32_t common = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->text, b->text, common);
    return order ? order < 0 : a->length < b->length;
}

typedef bool (*comparison)(const element *, const element *);

static void merge_beside(const element *from, element *to, lua_Integer low, lua_Integer middle, lua_Integer high, comparison less) {
    lua_Integer left = low, right = middle;
    for (lua_Integer out = low; out < high; out++) {
        bool takes_left = right == high || (left < middle && !less(&from[right], &from[left]));
        to[out] = from[takes_left ? left++ : right++];
    }
}

/// Sorts `n` elements; `spare` has room for as many. Answers where they are in order.
static element *sort_beside(lua_State *L, element *list, element *spare, lua_Integer n, comparison less, size_t cost) {
    for (lua_Integer width = 1; width < n; width *= 2) {
        for (lua_Integer low = 0; low < n; low += 2 * width) {
            lua_Integer middle = low + width < n ? low + width : n, high = middle + width < n ? middle + width : n;
            clua_charge(L, (size_t)(high - low) * cost);
            merge_beside(list, spare, low, middle, high, less);
        }
        element *swap = list;
        list = spare;
        spare = swap;
    }
    return list;
}

/// Reads the element on top of the stack; answers its type, or -1 where it is nothing to be sorted beside Lua.
static int read_element(lua_State *L, element *out) {
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1)) {
            out->integer = lua_tointeger(L, -1);
            return LUA_TNUMBER;
        }
        out->number = lua_tonumber(L, -1);
        return LUA_TNUMBER + 0x100;
    case LUA_TSTRING:
        out->text = lua_tolstring(L, -1, NULL);
        out->length = (uint32_t)lua_rawlen(L, -1);
        return LUA_TSTRING;
    default:
        return -1;
    }
}

/// The list at 1 in order, where it has no metatable and is all whole numbers or all others; false where it is not so.
static bool sort_numbers(lua_State *L, lua_Integer n) {
    element near[NEAR * 2], *list = near;
    if (n > FEW_ENOUGH || lua_getmetatable(L, 1)) return false;
    if (n > NEAR) list = lua_newuserdatauv(L, (size_t)n * 2 * sizeof(element), 0);
    int kind = 0;
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, 1, i + 1);
        int found = lua_type(L, -1) == LUA_TNUMBER ? read_element(L, &list[i]) : -1;
        lua_pop(L, 1);
        if (found < 0 || (kind && found != kind)) return false;
        kind = found;
    }
    const element *sorted = sort_beside(L, list, list + n, n, kind == LUA_TNUMBER ? by_integer : by_number, 1);
    for (lua_Integer i = 0; i < n; i++) {
        if (kind == LUA_TNUMBER) lua_pushinteger(L, sorted[i].integer); else lua_pushnumber(L, sorted[i].number);
        lua_rawseti(L, 1, i + 1);
    }
    return true;
}

/// The same for texts. The list at 3 keeps them alive.
static bool sort_texts(lua_State *L, lua_Integer n) {
    if (n > FEW_ENOUGH) return false;
    element *list = lua_newuserdatauv(L, (size_t)n * 2 * sizeof(element), 0);
    size_t bytes = 0;
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, 3, i + 1);
        int found = read_element(L, &list[i]);
        lua_pop(L, 1);
        if (found != LUA_TSTRING) return false;
        bytes += list[i].length;
        list[i].place = (uint32_t)i + 1;
    }
    const element *sorted = sort_beside(L, list, list + n, n, by_text, 1 + bytes / (size_t)n / 16);
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, 3, sorted[i].place);
        lua_seti(L, 1, i + 1);
    }
    return true;
}

/// Whether the element at place `a` of the list at 3 comes before that at `b`, as the function at 2 or `<` has it.
static inline bool is_less(lua_State *L, bool has_function, uint32_t a, uint32_t b) {
    clua_charge(L, 2);
    if (has_function) lua_pushvalue(L, 2);
    lua_rawgeti(L, 3, a);
    lua_rawgeti(L, 3, b);
    if (has_function) lua_call(L, 2, 1);
    bool answer = has_function ? lua_toboolean(L, -1) : lua_compare(L, -2, -1, LUA_OPLT);
    lua_pop(L, has_function ? 1 : 2);
    return answer;
}

static void insert_run(lua_State *L, bool has_function, uint32_t *places, lua_Integer count) {
    for (lua_Integer i = 1; i < count; i++) {
        uint32_t moved = places[i];
        lua_Integer at = i;
        for (; at > 0 && is_less(L, has_function, moved, places[at - 1]); at--) places[at] = places[at - 1];
        places[at] = moved;
    }
}

/// Merges [0, middle) and [middle, count) of `from` into `to`.
static void merge(lua_State *L, bool has_function, const uint32_t *from, uint32_t *to, lua_Integer middle, lua_Integer count) {
    lua_Integer left = 0, right = middle, out = 0;
    while (left < middle && right < count) {
        bool takes_right = is_less(L, has_function, from[right], from[left]);
        to[out++] = from[takes_right ? right++ : left++];
    }
    while (left < middle) to[out++] = from[left++];
    while (right < count) to[out++] = from[right++];
}

/// Puts the places of the list at 3 in order; the elements themselves stay where they are.
static const uint32_t *sort_places(lua_State *L, lua_Integer n) {
    bool has_function = !lua_isnil(L, 2);
    uint32_t *from = lua_newuserdatauv(L, (size_t)n * 2 * sizeof *from, 0), *to = from + n;
    for (lua_Integer i = 0; i < n; i++) from[i] = (uint32_t)i + 1;
    for (lua_Integer low = 0; low < n; low += RUN) insert_run(L, has_function, from + low, low + RUN < n ? RUN : n - low);
    for (lua_Integer width = RUN; width < n; width *= 2) {
        for (lua_Integer low = 0; low < n; low += 2 * width) {
            lua_Integer count = low + 2 * width < n ? 2 * width : n - low;
            merge(L, has_function, from + low, to + low, width < count ? width : count, count);
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

static int sort(lua_State *L) {
    lua_Integer n = clua_check_list(L, 1, true, true);
    if (n > 1) luaL_argcheck(L, n < INT32_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (n < 2) return 0;
    clua_charge(L, (size_t)n);
    if (lua_isnil(L, 2) && sort_numbers(L, n)) return 0;
    lua_settop(L, 2);
    lua_createtable(L, (int)n, 0);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(L, 1, i);
        lua_rawseti(L, 3, i);
    }
    if (lua_isnil(L, 2) && sort_texts(L, n)) return 0;
    lua_settop(L, 3);
    const uint32_t *places = sort_places(L, n);
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, 3, places[i]);
        lua_seti(L, 1, i + 1);
    }
    return 0;
}

void clua_open_sort(lua_State *L) {
    lua_pushcfunction(L, sort);
    lua_setfield(L, -2, "sort");
}
