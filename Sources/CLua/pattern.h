#pragma once
// A pattern of the string library, read once into a list of items. Items follow each other: there is no alternative and no
// nesting, so how often an item repeats is the only choice there is, and a match needs at most one choice an item in store.
#include "state.h"

enum { CAPTURES = 32, NEAR_ITEMS = 32, NEAR_SETS = NEAR_ITEMS / 3, NEAR_CHOICES = NEAR_ITEMS / 2 };

/// What an item is.
enum {
    ITEM_END, ITEM_LITERAL, ITEM_ANY, ITEM_SET,                       // one byte, where it is not the end
    ITEM_OPEN, ITEM_CLOSE, ITEM_PLACE, ITEM_SAME, ITEM_BALANCE, ITEM_FRONTIER, ITEM_LAST, ITEM_WRONG
};

/// How often one of one byte is there: `*`, `+` and `?` take what they can, `-` what it must.
enum { ONCE, MANY, SOME, FEW, PERHAPS };

typedef struct {
    uint8_t kind, repeat;
    uint8_t a, b;     // the literal, the number of the capture, or the two of a `%b`
    int16_t follows;  // the byte that must follow what is repeated here; below 0 where there are several
    union {
        const uint64_t *bits;  // a set: a bit for each byte
        const char *message;   // what is wrong with the pattern from here on
    };
} item;

/// A place to come back to: `item` had gone to `at`, and may not go back before `low`.
typedef struct {
    const item *item;
    const char *at, *low;
} choice;

typedef struct {
    item *items;
    uint64_t (*sets)[4];
    choice *choices;
    const item *first;  // the item that the match's first byte must pass; nil where it may be anything
    int captures;
} pattern;

/// Room for the patterns that people write; longer ones get theirs from Lua.
typedef struct {
    item items[NEAR_ITEMS];
    uint64_t sets[NEAR_SETS][4];
    choice choices[NEAR_CHOICES];
} near_space;

/// Bytes that a pattern of this text needs, where they do not fit into `near_space`; else 0.
size_t clua_pattern_space(const char *text, size_t length);
/// Reads a pattern into `space`: a `near_space`, or as many bytes as it needs (pushed by the caller as userdata).
void clua_read_pattern(pattern *p, const char *text, size_t length, void *space, bool is_near);

static inline bool set_has(const uint64_t *bits, unsigned char c) { return bits[c >> 6] >> (c & 63) & 1; }
