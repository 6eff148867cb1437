// `find`, `match`, `gmatch` and `gsub`.
#include "match.h"
#include "strings.h"

/// Reads the pattern at `text` into the near space, or into memory of Lua's, which it pushes.
static void read_near(lua_State *L, pattern *p, const char *text, size_t length, near_space *near) {
    size_t needed = clua_pattern_space(text, length);
    clua_charge(L, length / 4 + 1);
    void *space = needed ? lua_newuserdatauv(L, needed, 0) : near;
    clua_read_pattern(p, text, length, space, needed == 0);
}

static bool is_plain(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '^': case '$': case '*': case '+': case '?': case '.': case '(': case '[': case '%': case '-': return false;
        default: break;
        }
    }
    return true;
}

/// Where `wanted` (not empty) is first found in [at, end), or nil.
static const char *find_text(lua_State *L, const char *at, const char *end, const char *wanted, size_t length) {
    const char *last = end - length;  // the last place where it may begin
    for (size_t steps = 0; at <= last; at++) {
        const char *start = memchr(at, *wanted, (size_t)(last - at) + 1);
        if (!start) break;
        if (memcmp(start, wanted, length) == 0) return start;
        steps += (size_t)(start - at) / 16 + length / 16 + 1;
        at = start;
        if (steps < STEPS_A_LOOK) continue;
        clua_charge(L, steps);
        steps = 0;
    }
    return NULL;
}

static int find_plainly(lua_State *L, const char *subject, size_t length, size_t from, const char *wanted, size_t wanted_length) {
    clua_charge(L, (length - from) / 16 + 1);
    const char *found = subject + from;
    if (wanted_length > length - from) found = NULL;
    else if (wanted_length > 0) found = find_text(L, found, subject + length, wanted, wanted_length);
    if (!found) {
        luaL_pushfail(L);
        return 1;
    }
    lua_pushinteger(L, found - subject + 1);
    lua_pushinteger(L, found - subject + (lua_Integer)wanted_length);
    return 2;
}

static int find_or_match(lua_State *L, bool is_find) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &pattern_length);
    size_t from = clua_first_place(luaL_optinteger(L, 3, 1), length) - 1;
    if (from > length) {
        luaL_pushfail(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) || is_plain(text, pattern_length))) {
        return find_plainly(L, subject, length, from, text, pattern_length);
    }
    near_space near;
    pattern p;
    bool is_anchored = pattern_length > 0 && *text == '^';
    read_near(L, &p, text + is_anchored, pattern_length - is_anchored, &near);
    matcher m;
    m.L = L, m.begin = subject, m.end = subject + length, m.pattern = &p, m.steps = 0;
    const char *at = subject + from, *end = clua_search(&m, &at, is_anchored);
    clua_charge(L, m.steps);
    if (!end) {
        luaL_pushfail(L);
        return 1;
    }
    if (!is_find) return clua_push_captures(&m, at, end);
    lua_pushinteger(L, at - subject + 1);
    lua_pushinteger(L, end - subject);
    return clua_push_captures(&m, NULL, NULL) + 2;
}

static int find(lua_State *L) { return find_or_match(L, true); }
static int match(lua_State *L) { return find_or_match(L, false); }

// MARK: gmatch

typedef struct {
    pattern pattern;
    const char *begin, *end, *at;
    const char *last;  // where the last match ended: an empty one there would be found for ever
    uint64_t space[];
} walk;

// Upvalues: the subject and the pattern, which keep their texts alive, and the walk.
static int next_match(lua_State *L) {
    walk *w = lua_touserdata(L, lua_upvalueindex(3));
    matcher m;
    m.L = L, m.begin = w->begin, m.end = w->end, m.pattern = &w->pattern, m.steps = 0;
    for (const char *at = w->at; at <= w->end; at++) {
        const char *end = clua_search(&m, &at, false);
        if (!end) break;
        if (end == w->last) continue;
        w->at = w->last = end;
        clua_charge(L, m.steps + 1);
        return clua_push_captures(&m, at, end);
    }
    clua_charge(L, m.steps + 1);
    w->at = w->end + 1;
    return 0;
}

static int gmatch(lua_State *L) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &pattern_length);
    size_t from = clua_first_place(luaL_optinteger(L, 3, 1), length) - 1;
    lua_settop(L, 2);
    size_t needed = clua_pattern_space(text, pattern_length);
    bool is_near = needed == 0;
    clua_charge(L, pattern_length / 4 + 1);
    walk *w = lua_newuserdatauv(L, sizeof *w + (is_near ? sizeof(near_space) : needed), 0);
    clua_read_pattern(&w->pattern, text, pattern_length, w->space, is_near);
    w->begin = subject;
    w->end = subject + length;
    w->at = subject + (from > length ? length + 1 : from);
    w->last = NULL;
    lua_pushcclosure(L, next_match, 3);
    return 1;
}

// MARK: gsub

/// The replacement text at 3, its captures filled in.
static void add_text(matcher *m, luaL_Buffer *out, const char *start, const char *end) {
    lua_State *L = m->L;
    size_t length;
    const char *text = lua_tolstring(L, 3, &length), *stop = text + length;
    step_charge(L, length);
    while (text < stop) {
        const char *percent = memchr(text, '%', (size_t)(stop - text));
        luaL_addlstring(out, text, (size_t)((percent ? percent : stop) - text));
        if (!percent) return;
        char c = percent + 1 < stop ? percent[1] : 0;
        text = percent + 2;
        if (c == '%' && text <= stop) {
            luaL_addchar(out, c);
        } else if (c == '0' || (c == '1' && m->pattern->captures == 0)) {
            luaL_addlstring(out, start, (size_t)(end - start));
        } else if (c >= '1' && c <= '9') {
            if (c - '1' >= m->pattern->captures) luaL_error(L, "invalid capture index %%%d in replacement string", c - '0');
            clua_push_capture(m, c - '1', start, end);
            luaL_addvalue(out);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/// Adds what stands for the match; answers whether that is something else than the match.
static bool add_replacement(matcher *m, luaL_Buffer *out, const char *start, const char *end, int kind) {
    lua_State *L = m->L;
    if (kind == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, clua_push_captures(m, start, end), 1);
    } else if (kind == LUA_TTABLE) {
        clua_push_capture(m, 0, start, end);
        lua_gettable(L, 3);
    } else {
        add_text(m, out, start, end);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, start, (size_t)(end - start));
        return false;
    }
    if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(out);
    return true;
}

static int gsub(lua_State *L) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length), *text = luaL_checklstring(L, 2, &pattern_length);
    int kind = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)length + 1), count = 0;
    luaL_argexpected(L, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
                     "string/function/table");
    near_space near;
    pattern p;
    bool is_anchored = pattern_length > 0 && *text == '^', is_changed = false;
    read_near(L, &p, text + is_anchored, pattern_length - is_anchored, &near);
    matcher m;
    m.L = L, m.begin = subject, m.end = subject + length, m.pattern = &p, m.steps = 0;
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    const char *kept = subject, *at = subject, *last = NULL;  // up to `kept` the subject is in `out`
    while (count < most && at <= m.end) {
        const char *end = clua_search(&m, &at, is_anchored);
        if (!end) break;
        if (end == last) {
            at++;
            if (is_anchored) break;
            continue;
        }
        count++;
        luaL_addlstring(&out, kept, (size_t)(at - kept));
        is_changed |= add_replacement(&m, &out, at, end, kind);
        step_charge(L, (size_t)(end - kept));
        clua_check_length(L, luaL_bufflen(&out) + (size_t)(m.end - end), "string.gsub");
        kept = at = last = end;
        if (is_anchored) break;
    }
    clua_charge(L, m.steps);
    if (is_changed) {
        luaL_addlstring(&out, kept, (size_t)(m.end - kept));
        luaL_pushresult(&out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void clua_open_search(lua_State *L) {
    static const luaL_Reg functions[] = {{"find", find}, {"match", match}, {"gmatch", gmatch}, {"gsub", gsub}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
