// Names that people mistype.
#include "state.h"

enum { LONGEST = 48 };

/// Edits (insert, delete, change, swap of neighbours) from one name to another; large where one is very long.
static size_t distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST) return 1000;
    size_t row[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++) row[1][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *before = row[(i - 1) % 3], *last = row[i % 3], *now = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best) best = last[j] + 1;
            if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[(n + 1) % 3][m];
}

const char *clua_nearest(const char *name, const char *const *known, size_t count) {
    const char *best = count ? known[0] : "";
    size_t least = 1001;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(name, known[i]);
        if (d < least) {
            least = d;
            best = known[i];
        }
    }
    return best;
}

const char *clua_kind_name(lua_State *L, int index) {
    static const struct { uint32_t kind; const char *name; } names[] = {
        {KIND_INSTRUMENT, "instrument"}, {KIND_ORDER, "order"}, {KIND_TIMER, "timer"},
        {KIND_INDICATOR, "indicator"}, {KIND_BAR, "bar"}, {KIND_PARAMS, "params"}, {KIND_QUOTE, "quote"},
    };
    if (lua_type(L, index) == LUA_TUSERDATA) {
        const object *o = lua_touserdata(L, index);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            if (names[i].kind == o->kind) return names[i].name;
        }
    }
    return luaL_typename(L, index);
}
