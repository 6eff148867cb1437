#pragma once
#include "pattern.h"

typedef struct {
    const char *start;
    ptrdiff_t length;  // or one of the two below
} capture;
enum { CAPTURE_OPEN = -1, CAPTURE_PLACE = -2 };

typedef struct {
    lua_State *L;
    const char *begin, *end;  // of the subject
    const pattern *pattern;
    size_t steps;             // not yet charged
    capture captures[CAPTURES];
} matcher;

/// Steps between two looks at the budget.
enum { STEPS_A_LOOK = 256 };

/// Where a match that begins at `at` ends, or nil where there is none.
const char *clua_match(matcher *m, const char *at);
/// The same for the first match from `*at` on, which it moves to where that begins; only there where `is_anchored`.
const char *clua_search(matcher *m, const char **at, bool is_anchored);
/// Pushes capture `number` (from 0) of the match from `start` to `end`; the whole match for 0 where there are none.
void clua_push_capture(matcher *m, int number, const char *start, const char *end);
/// Pushes all; the whole match where there are none and `start` is given. Answers how many.
int clua_push_captures(matcher *m, const char *start, const char *end);
