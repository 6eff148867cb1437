#pragma once
#include "state.h"

/// The list at `index` is a table, or behaves as one where it is read and written; answers its length.
lua_Integer clua_check_list(lua_State *L, int index, bool reads, bool writes);
/// Adds `sort` to the table on top of the stack.
void clua_open_sort(lua_State *L);
