#pragma once
#include "state.h"

/// Charges bulk work on bytes, sixteen of them a unit.
static inline void step_charge(lua_State *L, size_t bytes) { clua_charge(L, bytes / 16 + 1); }
/// The place from 1 that `place` means in a text of `length` bytes, from its end where it is below 0; at least 1.
static inline size_t clua_first_place(lua_Integer place, size_t length) {
    if (place > 0) return (size_t)place;
    if (place == 0 || place < -(lua_Integer)length) return 1;
    return length + (size_t)place + 1;
}
/// The same for the last byte of a piece: at most `length`, 0 where nothing is left.
static inline size_t clua_last_place(lua_Integer place, size_t length) {
    if (place > (lua_Integer)length) return length;
    if (place >= 0) return (size_t)place;
    return place < -(lua_Integer)length ? 0 : length + (size_t)place + 1;
}
/// Raises where a text would be longer than the cap.
static inline void clua_check_length(lua_State *L, size_t length, const char *function) {
    if (__builtin_expect(length > CLUA_STRING_CAP, 0)) luaL_error(L, "%s would make more than %d bytes", function, CLUA_STRING_CAP);
}

// search.c, formats.c, packing.c. Each adds its functions to the table on top of the stack.
void clua_open_search(lua_State *L);
void clua_open_formats(lua_State *L);
void clua_open_packing(lua_State *L);
