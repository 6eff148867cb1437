// Matches: forward over the items, and back to the last choice where an item does not pass. No call nests another, whatever
// the pattern, and every step is charged.
#include "match.h"

static inline bool passes(const item *one, unsigned char c) {
    switch (one->kind) {
    case ITEM_LITERAL: return c == one->a;
    case ITEM_SET: return set_has(one->bits, c) != one->b;
    default: return true;
    }
}

/// The end of the longest run of bytes from `at` that the item lets pass.
static const char *run_end(const item *one, const char *at, const char *end) {
    switch (one->kind) {
    case ITEM_LITERAL:
        while (at < end && (unsigned char)*at == one->a) at++;
        return at;
    case ITEM_SET:
        while (at < end && set_has(one->bits, (unsigned char)*at) != one->b) at++;
        return at;
    default:
        return end;
    }
}

static inline void step(matcher *m, size_t count) {
    if (__builtin_expect((m->steps += count) < STEPS_A_LOOK, 1)) return;
    clua_charge(m->L, m->steps);
    m->steps = 0;
}

/// Past the text from `at` in which the two bytes balance, or nil.
static const char *balance(matcher *m, const item *one, const char *at) {
    if (at == m->end || (unsigned char)*at != one->a) return NULL;
    size_t depth = 1;
    for (const char *next = at + 1; next < m->end; next++) {
        unsigned char c = (unsigned char)*next;
        if (c == one->b) {
            if (--depth == 0) {
                step(m, (size_t)(next - at) / 4);
                return next + 1;
            }
        } else if (c == one->a) {
            depth++;
        }
    }
    step(m, (size_t)(m->end - at) / 4);
    return NULL;
}

static const char *repeat_capture(matcher *m, int number, const char *at) {
    size_t length = m->captures[number].length >= 0 ? (size_t)m->captures[number].length : SIZE_MAX;
    if ((size_t)(m->end - at) < length) return NULL;
    step(m, length / 16);
    return memcmp(m->captures[number].start, at, length) == 0 ? at + length : NULL;
}

static bool is_frontier(const matcher *m, const item *one, const char *at) {
    unsigned char before = at == m->begin ? 0 : (unsigned char)at[-1], here = at == m->end ? 0 : (unsigned char)*at;
    return !set_has(one->bits, before) && set_has(one->bits, here);
}

/// The nearest place from `at` on where what must follow the item stands, with only what the item passes before it; or nil.
static const char *nearest(matcher *m, const item *one, const char *at) {
    if (one->follows < 0) return at;
    const char *start = at;
    while (at < m->end && (unsigned char)*at != one->follows) {
        if (!passes(one, (unsigned char)*at)) {
            at = m->end;
            break;
        }
        at++;
    }
    step(m, (size_t)(at - start) / 4);
    return at == m->end ? NULL : at;
}

/// Passes an item that is there more or less often, leaving a choice behind it; nil where it does not pass at all.
static const char *pass_repeated(matcher *m, const item *one, const char *at, choice **top) {
    const char *low = at, *most;
    switch (one->repeat) {
    case FEW:
        at = nearest(m, one, at);
        if (at) *(*top)++ = (choice){one, at, at};
        return at;
    case PERHAPS:
        most = at < m->end && passes(one, (unsigned char)*at) ? at + 1 : at;
        break;
    default:
        most = run_end(one, at, m->end);
        step(m, (size_t)(most - at) / 8);
        if (one->repeat == SOME && low++ == most) return NULL;
    }
    if (most > low) *(*top)++ = (choice){one, most, low};
    return most;
}

/// Takes another way at the last choice; nil where there is none left. `*next` is the item to go on with.
static const char *turn_back(matcher *m, choice **top, const item **next) {
    for (choice *last; *top > m->pattern->choices; --*top) {
        last = *top - 1;
        const item *one = last->item;
        const char *at = last->at;
        *next = one + 1;
        if (one->repeat == FEW) {
            if (at == m->end || !passes(one, (unsigned char)*at) || !(at = nearest(m, one, at + 1))) continue;
            return last->at = at;
        }
        at--;
        if (one->follows >= 0) {
            while (at >= last->low && (at == m->end || (unsigned char)*at != one->follows)) at--;
            step(m, (size_t)(last->at - at) / 4);
            if (at < last->low) continue;
        }
        last->at = at;
        if (at == last->low) --*top;
        return at;
    }
    return NULL;
}

/// Passes an item that is no byte of the subject; nil where it does not pass.
static const char *pass_special(matcher *m, const item *one, const char *at) {
    capture *of = &m->captures[one->a];
    switch (one->kind) {
    case ITEM_PLACE: *of = (capture){at, CAPTURE_PLACE}; return at;
    case ITEM_SAME: return repeat_capture(m, one->a, at);
    case ITEM_BALANCE: return balance(m, one, at);
    case ITEM_FRONTIER: return is_frontier(m, one, at) ? at : NULL;
    case ITEM_LAST: return at == m->end ? at : NULL;
    default: luaL_error(m->L, "%s", one->message); return NULL;
    }
}

const char *clua_match(matcher *m, const char *at) {
    const item *one = m->pattern->items;
    choice *top = m->pattern->choices;
    for (;; step(m, 1)) {
        if (one->kind == ITEM_END) return at;
        if (one->kind == ITEM_OPEN) m->captures[one++->a] = (capture){at, CAPTURE_OPEN};
        else if (one->kind == ITEM_CLOSE) m->captures[one->a].length = at - m->captures[one->a].start, one++;
        else if (one->kind > ITEM_SET) at = pass_special(m, one++, at);
        else if (one->repeat != ONCE) at = pass_repeated(m, one++, at, &top);
        else if (at < m->end && passes(one++, (unsigned char)*at)) at++;
        else at = NULL;
        if (!at && !(at = turn_back(m, &top, &one))) return NULL;
    }
}

const char *clua_search(matcher *m, const char **at, bool is_anchored) {
    const item *first = m->pattern->first;
    for (const char *from = *at;; from++) {
        if (first && !is_anchored && (from == m->end || !passes(first, (unsigned char)*from))) {
            const char *start = from;
            if (first->kind == ITEM_LITERAL) {
                if (from < m->end) from = memchr(from, first->a, (size_t)(m->end - from));
                if (!from) from = m->end;
            } else {
                while (from < m->end && !passes(first, (unsigned char)*from)) from++;
            }
            step(m, (size_t)(from - start) / 16);
            if (from == m->end) return NULL;
        }
        const char *end = clua_match(m, from);
        if (end) {
            *at = from;
            return end;
        }
        if (is_anchored || from == m->end) return NULL;
    }
}

void clua_push_capture(matcher *m, int number, const char *start, const char *end) {
    if (number >= m->pattern->captures) {
        if (number > 0) luaL_error(m->L, "invalid capture index %%%d", number + 1);
        lua_pushlstring(m->L, start, (size_t)(end - start));
        return;
    }
    const capture *c = &m->captures[number];
    if (c->length == CAPTURE_OPEN) luaL_error(m->L, "unfinished capture");
    if (c->length == CAPTURE_PLACE) lua_pushinteger(m->L, c->start - m->begin + 1);
    else lua_pushlstring(m->L, c->start, (size_t)c->length);
}

int clua_push_captures(matcher *m, const char *start, const char *end) {
    int count = m->pattern->captures == 0 && start ? 1 : m->pattern->captures;
    if (count > 4) luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++) clua_push_capture(m, i, start, end);
    return count;
}
