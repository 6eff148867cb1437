// Reads the patterns of chapter 6.4.1 of the Lua manual. What is wrong with one is told when a match comes to it, not before.
#include "pattern.h"

static const uint64_t classes[26][4] = {
    ['a' - 'a'] = {0x0000000000000000, 0x07fffffe07fffffe, 0, 0},
    ['c' - 'a'] = {0x00000000ffffffff, 0x8000000000000000, 0, 0},
    ['d' - 'a'] = {0x03ff000000000000, 0x0000000000000000, 0, 0},
    ['g' - 'a'] = {0xfffffffe00000000, 0x7fffffffffffffff, 0, 0},
    ['l' - 'a'] = {0x0000000000000000, 0x07fffffe00000000, 0, 0},
    ['p' - 'a'] = {0xfc00fffe00000000, 0x78000001f8000001, 0, 0},
    ['s' - 'a'] = {0x0000000100003e00, 0x0000000000000000, 0, 0},
    ['u' - 'a'] = {0x0000000000000000, 0x0000000007fffffe, 0, 0},
    ['w' - 'a'] = {0x03ff000000000000, 0x07fffffe07fffffe, 0, 0},
    ['x' - 'a'] = {0x03ff000000000000, 0x0000007e0000007e, 0, 0},
    ['z' - 'a'] = {0x0000000000000001, 0x0000000000000000, 0, 0},
};

typedef struct {
    pattern *p;
    item *next;
    size_t sets;
    const char *at, *end;
    int open_count;
    uint32_t closed;         // captures, a bit each
    uint8_t open[CAPTURES];  // numbers of those not yet closed
} reading;

size_t clua_pattern_space(const char *text, size_t length) {
    if (length + 1 < NEAR_ITEMS) return 0;  // a set takes three bytes at least, what repeats two
    size_t brackets = 0;
    for (size_t i = 0; i < length; i++) brackets += text[i] == '[';
    return (length + 2) * sizeof(item) + brackets * sizeof(uint64_t[4]) + (length / 2 + 1) * sizeof(choice);
}

static void place(pattern *p, size_t length, void *space, bool is_near) {
    if (is_near) {
        near_space *near = space;
        *p = (pattern){.items = near->items, .sets = near->sets, .choices = near->choices};
        return;
    }
    // Choices first: what needs the strictest alignment.
    choice *choices = space;
    item *items = (item *)(choices + length / 2 + 1);
    *p = (pattern){.items = items, .sets = (uint64_t (*)[4])(items + length + 2), .choices = choices};
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Adds to `out` the bytes of the class `letter`, or just that byte where it names none.
static void add_class(uint64_t *out, char letter) {
    unsigned char c = (unsigned char)letter;
    const uint64_t *bits = is_letter(letter) ? classes[(c | 32) - 'a'] : NULL;
    if (!bits || !(bits[0] | bits[1])) {
        out[c >> 6] |= 1ull << (c & 63);
        return;
    }
    bool is_rest = c < 'a';  // an upper-case letter stands for all others
    for (int i = 0; i < 4; i++) out[i] |= is_rest ? ~bits[i] : bits[i];
}

static void add_range(uint64_t *out, unsigned char low, unsigned char high) {
    for (unsigned c = low; c <= high; c++) out[c >> 6] |= 1ull << (c & 63);
}

/// The set whose `[` is at `from`; answers where it ends, or nil where its `]` is missing.
static const char *read_set(reading *r, const char *from, const uint64_t **out) {
    const char *at = from + 1;
    bool is_rest = at < r->end && *at == '^';
    if (is_rest) at++;
    const char *first = at, *close = at;
    do {  // a `]` at once is a member
        if (close == r->end) return NULL;
        if (*close++ == '%' && close < r->end) close++;
    } while (close == r->end || *close != ']');
    uint64_t *bits = r->p->sets[r->sets++];
    memset(bits, 0, sizeof(uint64_t[4]));
    for (at = first; at < close; at++) {
        if (*at == '%') {
            if (++at < close) add_class(bits, *at);
        } else if (close - at > 2 && at[1] == '-') {
            add_range(bits, (unsigned char)at[0], (unsigned char)at[2]);
            at += 2;
        } else {
            add_range(bits, (unsigned char)*at, (unsigned char)*at);
        }
    }
    for (int i = 0; i < 4 && is_rest; i++) bits[i] = ~bits[i];
    *out = bits;
    return close + 1;
}

static inline item *add(reading *r, uint8_t kind) {
    item *added = r->next++;
    *added = (item){.kind = kind};
    return added;
}

/// What follows is never read: no match comes past this.
static void add_wrong(reading *r, const char *message) {
    add(r, ITEM_WRONG)->message = message;
    r->at = r->end;
}

static inline void read_repeat(reading *r, item *one) {
    if (r->at == r->end) return;
    switch (*r->at) {
    case '*': one->repeat = MANY; break;
    case '+': one->repeat = SOME; break;
    case '-': one->repeat = FEW; break;
    case '?': one->repeat = PERHAPS; break;
    default: return;
    }
    r->at++;
}

static void read_open(reading *r) {
    bool is_place = r->at < r->end && *r->at == ')';
    if (r->p->captures >= CAPTURES) {
        add_wrong(r, "too many captures");
        return;
    }
    uint8_t number = (uint8_t)r->p->captures++;
    add(r, is_place ? ITEM_PLACE : ITEM_OPEN)->a = number;
    if (is_place) {
        r->at++;
        r->closed |= 1u << number;
    } else {
        r->open[r->open_count++] = number;
    }
}

static void read_close(reading *r) {
    if (r->open_count == 0) {
        add_wrong(r, "invalid pattern capture");
        return;
    }
    uint8_t number = r->open[--r->open_count];
    add(r, ITEM_CLOSE)->a = number;
    r->closed |= 1u << number;
}

static void read_bracket(reading *r, uint8_t kind) {
    const uint64_t *bits;
    const char *after = read_set(r, r->at, &bits);
    if (!after) {
        add_wrong(r, "malformed pattern (missing ']')");
        return;
    }
    r->at = after;
    item *one = add(r, kind);
    one->bits = bits;
    if (kind == ITEM_SET) read_repeat(r, one);
}

static void read_same(reading *r, int number) {
    static const char *const messages[] = {
        "invalid capture index %0 in pattern", "invalid capture index %1 in pattern", "invalid capture index %2 in pattern",
        "invalid capture index %3 in pattern", "invalid capture index %4 in pattern", "invalid capture index %5 in pattern",
        "invalid capture index %6 in pattern", "invalid capture index %7 in pattern", "invalid capture index %8 in pattern",
        "invalid capture index %9 in pattern",
    };
    if (number == 0 || !(r->closed >> (number - 1) & 1)) add_wrong(r, messages[number]);
    else add(r, ITEM_SAME)->a = (uint8_t)(number - 1);
}

static void read_escape(reading *r) {
    if (r->at == r->end) {
        add_wrong(r, "malformed pattern (ends with '%')");
        return;
    }
    char c = *r->at++;
    if (c == 'b') {
        if (r->end - r->at < 2) {
            add_wrong(r, "malformed pattern (missing arguments to '%b')");
            return;
        }
        item *balance = add(r, ITEM_BALANCE);
        balance->a = (uint8_t)r->at[0];
        balance->b = (uint8_t)r->at[1];
        r->at += 2;
    } else if (c == 'f') {
        if (r->at == r->end || *r->at != '[') add_wrong(r, "missing '[' after '%f' in pattern");
        else read_bracket(r, ITEM_FRONTIER);
    } else if (c >= '0' && c <= '9') {
        read_same(r, c - '0');
    } else {
        const uint64_t *bits = is_letter(c) ? classes[((unsigned char)c | 32) - 'a'] : NULL;
        item *one = add(r, ITEM_LITERAL);
        one->a = (uint8_t)c;
        if (bits && (bits[0] | bits[1])) {
            one->kind = ITEM_SET;
            one->b = c < 'a';  // the bytes that are not in it
            one->bits = bits;
        }
        read_repeat(r, one);
    }
}

static inline void read_item(reading *r) {
    char c = *r->at;
    if (c == '[') {
        read_bracket(r, ITEM_SET);
        return;
    }
    r->at++;
    switch (c) {
    case '(': read_open(r); return;
    case ')': read_close(r); return;
    case '%': read_escape(r); return;
    case '$':
        if (r->at == r->end) {
            add(r, ITEM_LAST);
            return;
        }
        break;
    default: break;
    }
    item *one = add(r, c == '.' ? ITEM_ANY : ITEM_LITERAL);
    one->a = (uint8_t)c;
    read_repeat(r, one);
}

/// Where nothing but the ends of captures stands between an item and a literal, that literal follows it.
static void note_followers(item *items, item *end) {
    int16_t follows = -1;
    while (end-- > items) {
        end->follows = follows;
        if (end->kind == ITEM_LITERAL && end->repeat == ONCE) follows = end->a;
        else if (end->kind != ITEM_OPEN && end->kind != ITEM_CLOSE && end->kind != ITEM_PLACE) follows = -1;
    }
}

void clua_read_pattern(pattern *p, const char *text, size_t length, void *space, bool is_near) {
    place(p, length, space, is_near);
    reading r;
    r.p = p, r.next = p->items, r.sets = 0, r.at = text, r.end = text + length, r.open_count = 0, r.closed = 0;
    while (r.at < r.end) read_item(&r);
    add(&r, ITEM_END);
    note_followers(p->items, r.next);
    const item *first = p->items;
    while (first->kind == ITEM_OPEN || first->kind == ITEM_PLACE) first++;
    bool is_there = first->repeat == ONCE || first->repeat == SOME;
    p->first = is_there && (first->kind == ITEM_LITERAL || first->kind == ITEM_SET) ? first : NULL;
}
